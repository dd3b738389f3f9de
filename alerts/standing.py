"""What may be said to a customer now: the gate's facts, and their compacted copy in `customers.standing`.

    Incidents, Told, Circumstances, progress mark ──> Facts ──> gate
                                                        └─────> row, when it changed (fingerprint in `s/<customer>`)

A row exists from the first profile on; the synchronous question "contactable?" is answered from it. Invariant: the
facts come from the index of open outages, never from how far a fan-out has come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forewarn.alerts.caps import Caps
from forewarn.alerts.circumstances import Circumstances, held_until
from forewarn.alerts.control import Controls
from forewarn.alerts.customers import Customer, Customers
from forewarn.alerts.gate import Facts, Hold, holds
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.ledger import ENCODE, Ledger
from forewarn.alerts.policy import CHANNELS, ms
from forewarn.alerts.progress import Marks
from forewarn.alerts.proposal import Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.rollout import withheld
from forewarn.alerts.told import Entry, Told
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import Standing
from forewarn.topics.instants import to_rfc3339

PREFIX = b"s/"
SCHEMA = b"\x01"

#: Bytes of a row's fingerprint; the instant of the timer follows it in the table.
PRINT = 8

#: The purpose of consent that a row is about.
MARKETING = ("marketing",)

#: Timer at which a customer's row changes by itself; its subject is the customer.
REFRESH = "standing.refresh"


class Standings:
    """Facts and rows of one partition's customers."""

    def __init__(
        self,
        rules: Rules,
        *,
        customers: Customers,
        incidents: Incidents,
        told: Told,
        circumstances: Circumstances,
        controls: Controls,
        marks: Marks,
        ledger: Ledger,
    ) -> None:
        self.rules = rules
        self.policy = rules.policy
        self.channels = rules.policy.channels or CHANNELS
        self.customers = customers
        self.incidents = incidents
        self.told = told
        self.circumstances = circumstances
        self.controls = controls
        self.marks = marks
        self.ledger = ledger
        self.caps = Caps(rules.policy.caps)
        #: Called when a row changed: what marketing asks may have another answer now.
        self.changed: Callable[[Unit, str], None] = lambda unit, customer: None

    def facts(self, unit: Unit, customer: str, person: Customer | None, *, fresh: bool = True) -> Facts:
        """What the gate judges by; `fresh`: nothing that was written before is unread."""
        fresh = fresh and self.marks.fresh(unit.now)
        return self._facts(unit, customer, person, self.told.entries(unit, customer), fresh=fresh)

    def publish(self, unit: Unit, customer: str) -> None:
        """Writes the customer's row if it says something new, and has held requests looked at again.

        Nothing for a customer without a profile.
        """
        person = self.customers.get(unit, customer)
        if person is None:
            return
        entries = self.told.entries(unit, customer)
        facts = self._facts(unit, customer, person, entries, fresh=False)
        standing = (*holds(facts, unit.now), *self._refused(unit, person))
        refresh = min((hold.until for hold in standing if hold.until is not None), default=0)
        self.write(unit, customer, ENCODE(_row(customer, facts, standing, entries)), refresh)

    def write(self, unit: Unit, customer: str, words: bytes, refresh: int = 0) -> None:
        """Writes a row, as encoded without its time, if it says something new. `refresh`: when it changes by itself."""
        key, print_ = PREFIX + customer.encode(), blake2b(words, digest_size=PRINT).digest()
        kept, known = SCHEMA + print_ + b"%d" % refresh, unit.get(key)
        if known == kept:
            return
        if known is not None:
            self._disarm(unit, customer, known)
        unit.put(key, kept)
        if refresh:
            unit.arm(refresh, customer, REFRESH)
        if known is None or known[1 : 1 + PRINT] != print_:
            self.ledger.standing(unit, customer, words)
            self.changed(unit, customer)

    def erase(self, unit: Unit, customer: str) -> None:
        """Deletes the customer's row."""
        key = PREFIX + customer.encode()
        if (known := unit.get(key)) is not None:
            self._disarm(unit, customer, known)
        unit.delete(key)
        self.ledger.standing(unit, customer, None)

    def _disarm(self, unit: Unit, customer: str, known: bytes) -> None:
        if refresh := int(known[1 + PRINT :]):
            unit.disarm(refresh, customer, REFRESH)

    def _facts(
        self, unit: Unit, customer: str, person: Customer | None, entries: tuple[Entry, ...], *, fresh: bool
    ) -> Facts:
        situation = self.circumstances.get(unit, customer)
        outages, lease = self._outages(unit, person, entries)
        return Facts(
            known=person is not None,
            fresh=fresh,
            outages=outages,
            lease=lease,
            case=held_until(situation.cases),
            complaint=situation.complaint,
            appointment=held_until(situation.appointments),
            bill_shock=situation.bill_shock,
            overage=situation.overage,
            critical_told=self._critical(person, entries) if entries else 0,
            paused=self.controls.paused("marketing"),
            withheld=withheld(self.rules.mode, self.policy, customer),
        )

    def _refused(self, unit: Unit, person: Customer) -> tuple[Hold, ...]:
        """What stands against marketing on every channel: no consent, or no room in the caps for now."""
        agreed = person.agreed(MARKETING, self.channels)
        if not agreed:
            return (Hold(Reason.NO_CONSENT, None),)
        if self.caps.roomy(unit, person.id, "marketing"):
            return ()
        full = [self.caps.full(unit, person.id, "marketing", channel) for channel in agreed]
        ends = [found.until for found in full if found is not None]
        return (Hold(Reason.FREQUENCY_CAP, min(ends)),) if len(ends) == len(agreed) else ()

    def _outages(self, unit: Unit, person: Customer | None, entries: tuple[Entry, ...]) -> tuple[tuple[str, ...], int]:
        """Ids of the outages the customer is in, parts as their whole, and the end of the lease after what is over."""
        elements = [service.element for service in person.services] if person is not None else []
        found: list[str] = []
        lease = 0
        for incident in self.incidents.concerning(elements):
            leases = [self._lease(unit, incident, element) for element in elements]
            if None in leases:
                found.append(self.incidents.heir(incident).outage_id)
            lease = max(lease, *(end or 0 for end in leases))
        for entry in entries:
            away = self.incidents.by_id.get(entry.incident) if entry.kind == "outage" else None
            if away is None or away.outage_id in found:
                continue
            ends = [message.time for message in entry.messages if message.stage == "restored" and message.owed]
            if entry.awaits_end and not away.over:
                found.append(away.outage_id)
            elif ends and away.state != "dismissed":
                lease = max(lease, max(ends) + ms(self.policy.lease_s))
        return tuple(sorted(set(found))), lease

    def _critical(self, person: Customer | None, entries: tuple[Entry, ...]) -> int:
        """The end of the local day on which the customer was last told something critical; 0 for never."""
        told = max((m.time for entry in entries for m in entry.messages if m.critical and m.owed), default=0)
        zone = person.time_zone if person is not None else None
        return end_of_day(told, zone, self.policy.default_time_zone) if told else 0

    def _lease(self, unit: Unit, incident: Incident, element: str) -> int | None:
        """Until when (epoch ms) the outage holds marketing for an element; None: it is in it, 0: it never was."""
        down = self.incidents.down(incident.outage_id, element)
        since = self.incidents.left(incident.outage_id).get(element)
        if not down and since is None:
            return 0
        heir = self.incidents.heir(incident)
        if heir.state == "merged":
            return None
        if heir.state == "dismissed":
            return 0
        if not heir.over:
            waiting = since is not None and unit.now - since < ms(self.policy.left_hysteresis_s)
            return None if down or waiting else (since or 0) + ms(self.policy.lease_s)
        ended = since if since is not None and not down else heir.ended
        return (ended or heir.time) + ms(self.policy.lease_s)


def _row(customer: str, facts: Facts, standing: tuple[Hold, ...], entries: tuple[Entry, ...]) -> Standing:
    """The row, but for its time."""
    ends = [hold.until for hold in standing if hold.until is not None]
    messages = [message for entry in entries for message in entry.messages]
    return Standing(
        customer=customer,
        as_of="",
        outages=facts.outages,
        reasons=tuple([hold.reason.value for hold in standing]),
        pending=tuple([message.id for message in messages if message.deferred]) if messages else (),
        told=tuple([e.incident for e in entries if any(m.owed for m in e.messages)]) if messages else (),
        held_until=to_rfc3339(max(ends)) if ends else None,
        last_decision=max(messages, key=lambda m: (m.time, m.id)).id if messages else None,
    )


def end_of_day(now: int, time_zone: str | None, default: str) -> int:
    """Epoch ms of the next local midnight."""
    try:
        zone = ZoneInfo(time_zone or default)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(default)
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return int(midnight.timestamp() * 1000)
