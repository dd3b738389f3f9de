"""What an outage's revision sets in motion in a customer partition.

    outages.impact ──> Incidents ──┬─ set changed ──> outages.affected at once, standing of its customers
                                   ├─ confirmed ────> group wait ──> notices
                                   ├─ other time of restoration that matters, or a promise passed ──> notices
                                   ├─ elements left ─> hysteresis ──> notices
                                   └─ over ─────────> notices at once ──> forgotten after the lease

An outage of more customers than the partition's share of the storm limit is held here until a revision says otherwise.
Invariant: an outage whose restoration arrives within the group wait is told to nobody.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from forewarn.alerts.alike import Alike
from forewarn.alerts.customers import Customers, another_access
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.incidents import Change, Incident, Incidents
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.notices import PROMISED, Notices
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.alerts.promises import news
from forewarn.alerts.standing import Standings
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.topics.events.outages import Affected, ImpactChunk

#: Timers; the subject is the outage.
WAIT, LEFT, FORGET = "outage.wait", "outage.left", "outage.forget"

#: Before an outage that could not be forgotten is looked at again (ms).
RETRY_MS = 60_000


class Impact:
    """Folds `outages.impact` and its timers for one partition."""

    def __init__(
        self,
        policy: AlertPolicy,
        *,
        incidents: Incidents,
        customers: Customers,
        notices: Notices,
        standings: Standings,
        ledger: Ledger,
        fan_out: FanOut,
        share: float,
        partitions: int,
    ) -> None:
        self.policy = policy
        #: Customers of one outage that this partition tells without waiting for the sum over all.
        self.share = share
        #: From how many on only large moves of the time of restoration are told.
        self.many = policy.storm_customers / partitions
        self.incidents = incidents
        self.customers = customers
        self.notices = notices
        self.standings = standings
        self.ledger = ledger
        self.fan_out = fan_out
        #: Told of every revision that says something new.
        self.seen: Callable[[Unit, Incident], None] = lambda unit, incident: None
        self.alike = Alike(notices, standings, self._visit)
        fan_out.add("urgent", Purpose(self._urgent, self.alike.visit, rank=customers.rank))
        fan_out.add("notices", Purpose(notices.members, self.alike.visit, rank=customers.rank))
        fan_out.add("standing", Purpose(notices.members, self._publish))
        fan_out.add("forget", Purpose(notices.members, self._forget, self._forgotten))

    @property
    def _kept(self) -> int:
        """How long (ms) an outage is kept after its end."""
        return ms(max(self.policy.lease_s, self.policy.told_kept_s))

    def take(self, unit: Unit, chunk: ImpactChunk) -> None:
        """Folds one chunk of one revision."""
        change = self.incidents.take(unit, chunk)
        if change is None:
            return
        after = self._timed(unit, change)
        if change.resized and not after.over:
            customers = self._count(unit, after)
            crowded = after.crowded or (customers > self.share and after.hold is None)
            after = msgspec.structs.replace(after, storm=customers > self.many, crowded=crowded)
        if change.resized or _turned(change):
            self.fan_out.start(unit, "standing", after.outage_id)
        if after != change.after:
            self.incidents.save(unit, after)
        self.seen(unit, after)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """A wait of an outage is over."""
        incident = self.incidents.by_id.get(timer.subject)
        if incident is None:
            return
        if timer.name in (WAIT, PROMISED):
            if incident.telling:
                self.fan_out.start(unit, "notices", timer.subject)
        elif timer.name == LEFT:
            self._left(unit, incident)
        elif incident.over and incident.ended is not None and unit.now >= incident.ended + self._kept:
            self.fan_out.stop(unit, timer.subject)
            self.fan_out.start(unit, "forget", timer.subject)

    def resumed(self, unit: Unit) -> None:
        """Sending of outage notices was resumed: everybody is judged again."""
        for outage in sorted(self.incidents.by_id):
            self.fan_out.start(unit, "notices", outage)

    def _timed(self, unit: Unit, change: Change) -> Incident:
        """Starts walks and sets timers as the change asks for; returns the header with the times noted."""
        before, after = change.before, change.after
        if after.over:
            return self._over(unit, change)
        if before is not None and before.over:  # a relapse
            self.fan_out.stop(unit, after.outage_id)
            after = msgspec.structs.replace(after, ended=None)
        if after.telling:
            after = self._telling(unit, change, after)
        if change.resized and after.left_due is None and self.incidents.left(after.outage_id):
            after = self._await_left(unit, after, unit.now)
        return after

    def _over(self, unit: Unit, change: Change) -> Incident:
        after = change.after
        if not _turned(change):
            return after
        ended = after.ended if after.ended is not None else (after.restored or after.time)
        self.fan_out.start(unit, "notices", self._heir(after))
        unit.arm(ended + self._kept, after.outage_id, FORGET)
        return msgspec.structs.replace(after, ended=ended)

    def _heir(self, incident: Incident) -> str:
        """The outage whose walk finds this one's customers; one that is not known here yet will find them itself."""
        heir = self.incidents.heir(incident)
        return heir.merged_into if heir.state == "merged" and heir.merged_into else heir.outage_id

    def _telling(self, unit: Unit, change: Change, after: Incident) -> Incident:
        """The first confirmation and every growth wait; what held the telling back is released at once."""
        due = unit.now + ms(self.policy.group_wait_s)
        if after.notify_after is None:
            unit.arm(due, after.outage_id, WAIT)
            self._hurry(unit, after.outage_id)
            return msgspec.structs.replace(after, notify_after=due)
        if unit.now < after.notify_after:
            if change.before is None or not change.before.telling:
                self._hurry(unit, after.outage_id)
            return after
        if change.resized:
            unit.arm(due, after.outage_id, WAIT)
            self._hurry(unit, after.outage_id)
        elif change.before is None or not change.before.telling or _unsilenced(change.before, after):
            self.fan_out.start(unit, "notices", after.outage_id)
        elif changed := tuple(p for p in after.promises if news(self.policy, after, p, unit.now)):
            self.fan_out.start(unit, "notices", after.outage_id)
            after = msgspec.structs.replace(after, promises=tuple(p for p in after.promises if p not in changed))
        return after

    def _await_left(self, unit: Unit, incident: Incident, since: int) -> Incident:
        due = since + ms(self.policy.left_hysteresis_s)
        unit.arm(due, incident.outage_id, LEFT)
        return msgspec.structs.replace(incident, left_due=due)

    def _left(self, unit: Unit, incident: Incident) -> None:
        """Elements have been out of the set for the hysteresis; waits again for those that have not."""
        self.fan_out.start(unit, "notices", incident.outage_id)
        self.fan_out.start(unit, "standing", incident.outage_id)
        hysteresis = ms(self.policy.left_hysteresis_s)
        waiting = [t for t in self.incidents.left(incident.outage_id).values() if unit.now - t < hysteresis]
        after = msgspec.structs.replace(incident, left_due=None)
        if waiting and not incident.over:
            after = self._await_left(unit, after, min(waiting))
        self.incidents.save(unit, after)

    def _count(self, unit: Unit, incident: Incident) -> int:
        """Tells correlate how many customers of this partition the outage has, and returns it."""
        served = self.customers.of(self.incidents.elements(incident.outage_id))
        spared = {customer for customer in served & self.customers.several if self._spared(unit, incident, customer)}
        affected = served - spared
        self.ledger.affected(
            unit,
            Affected(
                outage_id=incident.outage_id,
                revision=incident.revision,
                partition=self.ledger.partition,
                time=unit.now,
                customers=len(affected),
                vulnerable=len(affected & self.customers.vulnerable),
            ),
        )
        return len(affected)

    def _spared(self, unit: Unit, incident: Incident, customer: str) -> bool:
        """Whether everything the outage broke for the customer is carried by another working access."""
        person = self.customers.get(unit, customer)
        services = person.services if person is not None else ()
        down = [s for s in services if self.incidents.down(incident.outage_id, s.element)]
        working = [s for s in services if s not in down and not self.incidents.broken(s.element)]
        return all(any(another_access(broken, other) for other in working) for broken in down)

    def _hurry(self, unit: Unit, outage: str) -> None:
        if self._urgent(outage):
            self.fan_out.start(unit, "urgent", outage)

    def _urgent(self, outage: str) -> set[str]:
        """The customers for whom an outage is critical: they are told without the group wait."""
        if "outage" in self.policy.critical_kinds:
            return self.notices.members(outage)
        if "outage" in self.policy.critical_for_vulnerable:
            return self.notices.members(outage) & self.customers.vulnerable
        return set()

    def _visit(self, unit: Unit, outage: str, customer: str) -> None:
        self.notices.visit(unit, outage, customer)
        self.standings.publish(unit, customer)

    def _publish(self, unit: Unit, outage: str, customer: str) -> None:
        self.standings.publish(unit, customer)

    def _forget(self, unit: Unit, outage: str, customer: str) -> None:
        """Forgets the outage for one customer."""
        self.notices.forget(unit, outage, customer)
        self.standings.publish(unit, customer)

    def _forgotten(self, unit: Unit, outage: str) -> None:
        """Forgets the outage itself, or tries again later, when someone's night is not over yet."""
        if self.notices.awaited(outage):
            unit.arm(unit.now + max(self._kept, RETRY_MS), outage, FORGET)
        else:
            self.incidents.forget(unit, outage)


def _turned(change: Change) -> bool:
    """Whether the state changed in a way that matters to customers; closing what is over does not."""
    before, after = change.before, change.after
    if before is None:
        return True
    return before.state != after.state and not (before.over and after.state == "closed")


def _unsilenced(before: Incident, after: Incident) -> bool:
    """Whether something that kept customers in silence changed."""
    return (before.muted, before.parent, before.maintenance_id) != (after.muted, after.parent, after.maintenance_id)
