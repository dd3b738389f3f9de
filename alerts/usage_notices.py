"""Near-allowance notices: a threshold, a forecast or a spend limit becomes a message, at once or when sending resumes.

    Meters ──> notify(customer, crossing) ──> Proposal(usage, stage = its kind, class = percent) ──> pipeline
                      │                             ├─ paused: kept in `w/<customer>` until sending resumes
                      └── failed on its channel <───┴─ sent: kept in `x/<customer>` while it is worth sending

Invariant: a crossing that was deferred is proposed again exactly once after the resume, and judged anew; one that could
not be delivered is proposed again, for the next channel, until it is delivered, stale, or out of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from forewarn.alerts import lines
from forewarn.alerts.circumstances import Circumstances
from forewarn.alerts.contexts import Suggestion, UsageContext
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.proposing import Known, Proposing
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Entry
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.usage.alert import Crossing
from forewarn.topics.instants import to_rfc3339

PREFIX, SENT = b"w/", b"x/"
SCHEMA = b"\x01"
#: Name of the timer after which a customer's sent crossings are too old to be sent again; its subject is the customer.
SETTLED = "usage.settled"

#: The walk over customers with deferred crossings, and its one subject.
RELEASE, ALL = "usage", "deferred"

#: From this share on an allowance is used up.
WHOLE_PERCENT = 100

ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(tuple[Crossing, ...]).decode


class UsageNotices(Proposing):
    """Usage notices of one partition."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        known: Known,
        circumstances: Circumstances,
        standings: Standings,
        fan_out: FanOut,
    ) -> None:
        super().__init__(known)
        self.pipeline = pipeline
        self.circumstances = circumstances
        self.standings = standings
        self.fan_out = fan_out
        #: Told of everything that a meter finds.
        self.crossed: Callable[[Unit, str, Crossing], None] = lambda unit, customer, crossing: None
        self._waiting: set[str] = set()
        pipeline.deferrals.add("usage", self._due)
        fan_out.add(RELEASE, Purpose(lambda _: set(self._waiting), self._release))

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the customers with deferred crossings."""
        self._waiting = {key[len(PREFIX) :].decode() for key in table if key.startswith(PREFIX)}

    def notify(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        """Takes what a meter found: a threshold or limit that was crossed, or a forecast."""
        if crossing.kind == "spend" or (crossing.kind == "threshold" and crossing.percent >= WHOLE_PERCENT):
            self.circumstances.overage(unit, customer)
        self._propose(unit, customer, crossing)
        self.crossed(unit, customer, crossing)
        self.standings.publish(unit, customer)

    def upsell(self, unit: Unit, customer: str) -> bool:
        """Whether the customer may be offered anything now: never in an outage of theirs."""
        return not self.standings.facts(unit, customer, self.customers.get(unit, customer)).outages

    def resumed(self, unit: Unit) -> None:
        """Sending of usage notices was resumed."""
        if self._waiting:
            self.fan_out.start(unit, RELEASE, ALL)

    def visit(self, unit: Unit, customer: str, entry: Entry) -> None:
        """What became of the customer's messages has changed: what is owed to nobody's knowledge is proposed again."""
        for crossing in self._kept(unit, SENT, customer):
            if crossing.incident == entry.incident and not entry.settled(crossing.kind, crossing.class_):
                self._propose(unit, customer, crossing)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Forgets the sent crossings that are too old to be sent again."""
        kept = self._kept(unit, SENT, timer.subject)
        self._keep(unit, SENT, timer.subject, tuple(c for c in kept if self._valid_until(c) > unit.now))

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets what was deferred or sent for the customer."""
        self._undefer(unit, customer)
        for crossing in self._kept(unit, SENT, customer):
            unit.disarm(self._valid_until(crossing), customer, SETTLED)
        self._keep(unit, SENT, customer, ())

    def _undefer(self, unit: Unit, customer: str) -> None:
        if customer in self._waiting:
            self._waiting.discard(customer)
            unit.delete(PREFIX + customer.encode())

    def _release(self, unit: Unit, _: str, customer: str) -> None:
        deferred = self._kept(unit, PREFIX, customer)
        self._undefer(unit, customer)
        for crossing in sorted(deferred, key=_highest_first):
            self._propose(unit, customer, msgspec.structs.replace(crossing, time=unit.now))
        self.standings.publish(unit, customer)

    def _due(self, unit: Unit, customer: str, entry: Entry) -> None:
        """The wait of an entry's crossings is over: those that are still worth telling are judged again."""
        kept = self._kept(unit, PREFIX, customer)
        waiting = tuple(c for c in kept if c.incident != entry.incident)
        self._keep(unit, PREFIX, customer, waiting)
        if not waiting:
            self._waiting.discard(customer)
        for crossing in sorted(kept, key=_highest_first):
            if crossing.incident == entry.incident:
                self._propose(unit, customer, crossing)

    def _propose(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        if crossing.offer is not None and not self.upsell(unit, customer):
            crossing = msgspec.structs.replace(crossing, offer=None)
        entries = self.told.entries(unit, customer)
        fresh = Entry("usage", crossing.incident, expires=crossing.cycle_end)
        person = self.customers.get(unit, customer)
        proposal = Proposal(
            kind="usage",
            stage=crossing.kind,
            class_=crossing.class_,
            incident=crossing.incident,
            customer=customer,
            now=unit.now,
            context=usage_context(crossing),
            valid_until=self._valid_until(crossing),
            evidence=usage_evidence(crossing),
            entry=next((e for e in entries if e.incident == crossing.incident), fresh),
            person=person,
            entries=entries,
            out=lines.out(self.incidents, person),
            bad_contacts=self.contacts.bad(unit, person),
            paused=self.controls.paused("usage"),
        )
        outcome = self.pipeline.consider(unit, proposal)
        if outcome == "deferred":
            self._waiting.add(customer)
            self._add(unit, PREFIX, customer, crossing)
        elif outcome == "sent":
            self._add(unit, SENT, customer, crossing)
            unit.arm(self._valid_until(crossing), customer, SETTLED)

    def _valid_until(self, crossing: Crossing) -> int:
        """Until when (epoch ms) the crossing is worth telling."""
        return min(crossing.cycle_end, crossing.time + ms(self.pipeline.rules.policy.usage_valid_s))

    def _kept(self, unit: Unit, prefix: bytes, customer: str) -> tuple[Crossing, ...]:
        value = unit.get(prefix + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else ()

    def _add(self, unit: Unit, prefix: bytes, customer: str, crossing: Crossing) -> None:
        others = (c for c in self._kept(unit, prefix, customer) if c.alert_id != crossing.alert_id)
        self._keep(unit, prefix, customer, (*others, crossing))

    def _keep(self, unit: Unit, prefix: bytes, customer: str, crossings: tuple[Crossing, ...]) -> None:
        key = prefix + customer.encode()
        if crossings:
            unit.put(key, SCHEMA + ENCODE(crossings))
        elif unit.get(key) is not None:
            unit.delete(key)


def _highest_first(crossing: Crossing) -> float:
    """Orders crossings so that the one that says most is judged before those that it makes needless."""
    return -float(crossing.percent)


def usage_context(crossing: Crossing) -> UsageContext:
    """What the templates may say."""
    offer = crossing.offer
    return UsageContext(
        bucket=crossing.bucket,
        percent=crossing.percent,
        used=crossing.used,
        allowance=crossing.allowance,
        unit=crossing.unit,
        cycle_end=crossing.cycle_end,
        runs_out=crossing.runs_out,
        offer=Suggestion(kind=offer.kind, name=offer.name, price=offer.price, currency=offer.currency)
        if offer is not None
        else None,
    )


def usage_evidence(crossing: Crossing) -> dict[str, object]:
    """The meter's state that decided."""
    evidence: dict[str, object] = {
        "alert_id": crossing.alert_id,
        "percent": crossing.percent,
        "used": crossing.used,
        "allowance": crossing.allowance,
        "unit": crossing.unit,
    }
    if crossing.probability is not None:
        evidence["probability"] = crossing.probability
    if crossing.runs_out is not None:
        evidence["runs_out"] = to_rfc3339(crossing.runs_out)
    if crossing.offer is not None:
        evidence["offer"] = crossing.offer.id
    return evidence
