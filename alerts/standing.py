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

import msgspec

from forewarn.alerts.circumstances import Circumstances, held_until
from forewarn.alerts.control import Controls
from forewarn.alerts.customers import Customer, Customers
from forewarn.alerts.gate import Facts, holds
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.policy import CHANNELS, AlertPolicy, ms
from forewarn.alerts.progress import Marks
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import Entry, Told
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import Standing
from forewarn.topics.instants import to_rfc3339

PREFIX = b"s/"
SCHEMA = b"\x01"

#: Bytes of a row's fingerprint; the instant of the timer follows it in the table.
PRINT = 8

#: Timer at which a customer's row changes by itself; its subject is the customer.
REFRESH = "standing.refresh"


class Standings:
    """Facts and rows of one partition's customers."""

    def __init__(
        self,
        policy: AlertPolicy,
        *,
        customers: Customers,
        incidents: Incidents,
        told: Told,
        circumstances: Circumstances,
        controls: Controls,
        marks: Marks,
        ledger: Ledger,
    ) -> None:
        self.policy = policy
        self.customers = customers
        self.incidents = incidents
        self.told = told
        self.circumstances = circumstances
        self.controls = controls
        self.marks = marks
        self.ledger = ledger
        #: Called when a row changed: what marketing asks may have another answer now.
        self.changed: Callable[[Unit, str], None] = lambda unit, customer: None

    def facts(self, unit: Unit, customer: str, person: Customer | None, *, fresh: bool = True) -> Facts:
        """What the gate judges by; `fresh`: nothing that was written before is unread."""
        situation = self.circumstances.get(unit, customer)
        entries = self.told.entries(unit, customer)
        outages, lease = self._outages(unit, person, entries)
        return Facts(
            known=person is not None,
            fresh=fresh and self.marks.fresh(unit.now),
            outages=outages,
            lease=lease,
            case=held_until(situation.cases),
            complaint=situation.complaint,
            appointment=held_until(situation.appointments),
            bill_shock=situation.bill_shock,
            overage=situation.overage,
            critical_told=self._critical(person, entries),
            paused=self.controls.paused("marketing"),
        )

    def publish(self, unit: Unit, customer: str) -> None:
        """Writes the customer's row if it says something new, and has held requests looked at again.

        Nothing for a customer without a profile.
        """
        person = self.customers.get(unit, customer)
        if person is None:
            return
        facts = self.facts(unit, customer, person)
        row = self._row(unit, customer, person, facts)
        print_ = blake2b(msgspec.msgpack.encode(row), digest_size=PRINT).digest()
        key = PREFIX + customer.encode()
        known = unit.get(key)
        if known is not None and known[1 : 1 + PRINT] == print_:
            return
        self._disarm(unit, customer)
        refresh = min((hold.until for hold in holds(facts, unit.now) if hold.until is not None), default=0)
        unit.put(key, SCHEMA + print_ + b"%d" % refresh)
        if refresh:
            unit.arm(refresh, customer, REFRESH)
        self.ledger.standing(unit, customer, msgspec.structs.replace(row, as_of=to_rfc3339(unit.now)))
        self.changed(unit, customer)

    def erase(self, unit: Unit, customer: str) -> None:
        """Deletes the customer's row."""
        self._disarm(unit, customer)
        unit.delete(PREFIX + customer.encode())
        self.ledger.standing(unit, customer, None)

    def _disarm(self, unit: Unit, customer: str) -> None:
        known = unit.get(PREFIX + customer.encode())
        if known is not None and (refresh := int(known[1 + PRINT :])):
            unit.disarm(refresh, customer, REFRESH)

    def _row(self, unit: Unit, customer: str, person: Customer, facts: Facts) -> Standing:
        standing = list(holds(facts, unit.now))
        reasons = [hold.reason.value for hold in standing]
        channels = self.policy.channels or CHANNELS
        if not (person.has_consents and any(person.consented(("marketing",), channel) for channel in channels)):
            reasons.append(Reason.NO_CONSENT.value)
        ends = [hold.until for hold in standing if hold.until is not None]
        entries = self.told.entries(unit, customer)
        latest = max((m for entry in entries for m in entry.messages), key=lambda m: (m.time, m.id), default=None)
        return Standing(
            customer=customer,
            as_of="",
            outages=facts.outages,
            reasons=tuple(reasons),
            pending=tuple(m.id for entry in entries for m in entry.messages if m.deferred),
            told=tuple(entry.incident for entry in entries if any(m.owed for m in entry.messages)),
            held_until=to_rfc3339(max(ends)) if ends else None,
            last_decision=latest.id if latest is not None else None,
        )

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


def end_of_day(now: int, time_zone: str | None, default: str) -> int:
    """Epoch ms of the next local midnight."""
    try:
        zone = ZoneInfo(time_zone or default)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(default)
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return int(midnight.timestamp() * 1000)
