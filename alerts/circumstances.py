"""What goes on between a customer and the operator, as far as marketing should keep quiet for it.

    customers.interactions ──> open cases, complaints ─┐
    customers.appointments ──> technicians to come ────┼──> until when marketing is held, by reason
    bills ───────────────────> bill shock ─────────────┤
    usage ───────────────────> overage ────────────────┘

One table key a customer, `g/<customer>`. Invariant: events of one case or appointment end in the same state in whatever
order they arrive; the newest `time` wins.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import Appointment, Interaction
from forewarn.topics.instants import to_ms

PREFIX = b"g/"
SCHEMA = b"\x01"

#: Appointment statuses after which nobody is to come any more.
SETTLED = frozenset({"completed", "cancelled", "missed"})
#: Appointments that hold marketing.
VISITS = frozenset({"technician", "install"})


class Matter(Struct, frozen=True, array_like=True):
    """A case or an appointment: its last word's time, whether it is pending, and until when that counts (epoch ms)."""

    time: int
    pending: bool
    until: int


class Situation(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One customer's matters. Instants are epoch ms; 0 = never."""

    cases: dict[str, Matter] = {}
    appointments: dict[str, Matter] = {}
    complaint: int = 0
    bill_shock: int = 0
    overage: int = 0


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Situation).decode
NONE = Situation()


class Circumstances:
    """The situations of one partition's customers."""

    def __init__(self, policy: AlertPolicy) -> None:
        self.policy = policy

    def get(self, unit: Unit, customer: str) -> Situation:
        """The customer's situation; the empty one when nothing is known."""
        value = unit.get(PREFIX + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else NONE

    def interaction(self, unit: Unit, customer: str, event: Interaction) -> bool:
        """Folds a contact; True when it can change what the gate says."""
        time, known = to_ms(event.time), self.get(unit, customer)
        case = event.case_id or event.id
        if event.kind == "complaint":
            until = max(known.complaint, time + ms(self.policy.complaint_s))
            return self._store(unit, customer, known, msgspec.structs.replace(known, complaint=until))
        if event.kind not in ("case_opened", "case_closed"):
            return False
        matter = Matter(time, event.kind == "case_opened", time + ms(self.policy.case_s))
        cases = _newer(known.cases, case, matter, unit.now)
        return self._store(unit, customer, known, msgspec.structs.replace(known, cases=cases))

    def appointment(self, unit: Unit, customer: str, event: Appointment) -> bool:
        """Folds an appointment; True when it can change what the gate says."""
        if event.kind not in VISITS:
            return False
        known = self.get(unit, customer)
        matter = Matter(to_ms(event.time), event.status not in SETTLED, to_ms(event.end))
        appointments = _newer(known.appointments, event.appointment_id, matter, unit.now)
        return self._store(unit, customer, known, msgspec.structs.replace(known, appointments=appointments))

    def bill_shock(self, unit: Unit, customer: str, time: int) -> bool:
        """A bill of that time (epoch ms) is a shock; True when it can change what the gate says."""
        known = self.get(unit, customer)
        until = max(known.bill_shock, time + ms(self.policy.bill_shock_s))
        return self._store(unit, customer, known, msgspec.structs.replace(known, bill_shock=until))

    def overage(self, unit: Unit, customer: str) -> bool:
        """An allowance is used up."""
        known = self.get(unit, customer)
        until = max(known.overage, unit.now + ms(self.policy.overage_s))
        return self._store(unit, customer, known, msgspec.structs.replace(known, overage=until))

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer's situation."""
        unit.delete(PREFIX + customer.encode())

    def _store(self, unit: Unit, customer: str, before: Situation, after: Situation) -> bool:
        if after == before:
            return False
        unit.put(PREFIX + customer.encode(), SCHEMA + ENCODE(after))
        return True


def held_until(matters: dict[str, Matter]) -> int:
    """Until when (epoch ms) the pending ones of these matters count; 0 when none is pending."""
    return max((matter.until for matter in matters.values() if matter.pending), default=0) if matters else 0


def _newer(matters: dict[str, Matter], name: str, matter: Matter, now: int) -> dict[str, Matter]:
    """The matters with one more word, if it is newer (at a tie: settled wins), without those that no longer count."""
    known = matters.get(name)
    if known is not None and (known.time, not known.pending) >= (matter.time, not matter.pending):
        return matters
    kept = {other: m for other, m in matters.items() if m.until > now}
    return kept | {name: matter}
