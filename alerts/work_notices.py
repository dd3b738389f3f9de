"""Notices of planned work: when a work is to be told of, to whom, and what each of them is to be told.

    outages.impact ──> Works ──┬─ window, status, set changed ──> group wait ─┐
                               ├─ an announcement is due ────────────────────┼─> walk ──> visit ──> pipeline
                               └─ over ──> kept for a while ──> forgotten     │
    profile, choices, outcome of a message ───────────────────────────────────┘ (one customer)

`visit` compares what is with what was told (`work_stages.py`) and proposes what is missing; visiting again changes
nothing. Whoever was told and is concerned no more, be it that they moved or that their element is left out, is told the
end of the story after the hysteresis.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forewarn.alerts import lines, work_stages
from forewarn.alerts.customers import Customer
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.proposing import Known, Proposing
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Entry
from forewarn.alerts.work_context import work_context, work_evidence
from forewarn.alerts.work_schedule import schedule
from forewarn.alerts.work_stages import Owed
from forewarn.alerts.works import Change, Work, Works
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.topics.events.works import WorkChunk

#: Timers of a work; the subject is its id.
WAIT, DUE, FORGET = "work.wait", "work.due", "work.forget"
#: Timer of a told customer whom the work concerns no more; its subject is `<length of the id>/<id>/<customer>`.
AWAY = "work.away"
#: Before a work that could not be forgotten is looked at again, and before one that began and that nobody said is done
#: is given up (ms).
RETRY_MS, GIVEN_UP_MS = 60_000, 7 * 86_400_000
#: After every instant (epoch ms).
LATER = 1 << 62


class WorkNotices(Proposing):
    """Notices of planned work of one partition."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        known: Known,
        standings: Standings,
        fan_out: FanOut,
    ) -> None:
        super().__init__(known)
        self.pipeline = pipeline
        self.policy = pipeline.rules.policy
        self.standings = standings
        self.fan_out = fan_out
        self.works = Works()
        self.schedule = schedule(self.policy)
        pipeline.deferrals.add("maintenance", self.again)
        fan_out.add("works", Purpose(self.members, self._walked, rank=self.customers.rank))
        fan_out.add("works.forget", Purpose(self.members, self._forget, self._forgotten))

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index."""
        self.works.restore(table)

    def take(self, unit: Unit, chunk: WorkChunk) -> None:
        """Folds one chunk of one revision: what changed is told after the group wait."""
        change = self.works.take(unit, chunk)
        if change is None:
            return
        self._scheduled(unit, change)
        if change.resized or change.before is None or _told_of(change.before) != _told_of(change.after):
            due = unit.now + ms(self.policy.group_wait_s)
            unit.arm(due, chunk.maintenance_id, WAIT)
            self.works.save(unit, msgspec.structs.replace(change.after, notify_after=due))

    def fire(self, unit: Unit, timer: Timer) -> None:
        """A wait of a work is over, or an announcement is due."""
        work = self.works.by_id.get(timer.subject)
        if work is None:
            return
        if timer.name != FORGET:
            self.fan_out.start(unit, "works", timer.subject)
        elif unit.now >= self._kept_until(work):
            if work.status == "started" and unit.now < self._kept_until(work) + GIVEN_UP_MS:
                unit.arm(unit.now + max(self._kept, RETRY_MS), timer.subject, FORGET)
            else:
                self.fan_out.stop(unit, timer.subject)
                self.fan_out.start(unit, "works.forget", timer.subject)

    def away(self, unit: Unit, timer: Timer) -> None:
        """The hysteresis of a customer whom a work concerns no more is over."""
        length, _, rest = timer.subject.partition("/")
        self.visit(unit, rest[: int(length)], rest[int(length) + 1 :])

    def resumed(self, unit: Unit) -> None:
        """Sending of maintenance notices was resumed: everybody is judged again."""
        for name in sorted(self.works.by_id):
            self.fan_out.start(unit, "works", name)

    def changed(self, unit: Unit, customer: str) -> None:
        """Judges a customer again whose profile or choices changed, against every work that concerns them."""
        if not self.works.by_id:
            return
        person = self.customers.get(unit, customer)
        names = self.works.concerning(s.element for s in person.services) if person is not None else set()
        names |= {entry.incident for entry in self.told.entries(unit, customer) if entry.kind == "maintenance"}
        for name in sorted(names):
            self.visit(unit, name, customer)

    def again(self, unit: Unit, customer: str, entry: Entry) -> None:
        """What became of a message changed, or its wait is over."""
        self.visit(unit, entry.incident, customer)

    def erase(self, unit: Unit, customer: str) -> None:
        """Removes the timers of what the customer was told; the entries go with all others."""
        for entry in self.told.entries(unit, customer):
            if entry.kind == "maintenance" and entry.left:
                unit.disarm(entry.left + self._hysteresis, _subject(entry.incident, customer), AWAY)

    def members(self, name: str) -> set[str]:
        """Whom a work concerns: the customers of its elements, and who has heard of it."""
        return self.customers.of(self.works.elements(name)) | self.told.by_incident.get(name, set())

    def visit(self, unit: Unit, name: str, customer: str) -> None:
        """Proposes to a customer what the work asks for."""
        work = self.works.by_id.get(name)
        if work is None or work.whole < 0 or unit.now < work.notify_after:
            return
        person = self.customers.get(unit, customer)
        entry = self._entry(unit, customer, name)
        here = person is not None and any(self.works.covers(name, service.element) for service in person.services)
        if work.over or here:
            if entry.left:
                entry = self._follow(unit, customer, entry, away=False)
            found = work_stages.owed(work, entry, self.schedule, unit.now)
        else:
            found = self._gone(unit, work, customer, entry)
        if found is not None:
            self._propose(unit, work, customer, person, entry, found)

    def _entry(self, unit: Unit, customer: str, name: str) -> Entry:
        entries = self.told.entries(unit, customer)
        known = (e for e in entries if (e.kind, e.incident) == ("maintenance", name))
        return next(known, Entry("maintenance", name))

    @property
    def _hysteresis(self) -> int:
        return ms(self.policy.left_hysteresis_s)

    @property
    def _kept(self) -> int:
        return ms(self.policy.told_kept_s)

    def _kept_until(self, work: Work) -> int:
        return work.last + self._kept

    def _scheduled(self, unit: Unit, change: Change) -> None:
        """Sets the timers of what is still ahead of a window, in the place of those of the window before."""
        before, after = change.before, change.after
        if before is not None and (before.start, before.last) == (after.start, after.last):
            return
        name = after.maintenance_id
        if before is not None:
            unit.disarm(self._kept_until(before), name, FORGET)
            for due, _ in self.schedule.due(before):
                unit.disarm(due, name, DUE)
        unit.arm(max(self._kept_until(after), unit.now + RETRY_MS), name, FORGET)
        for due, _ in self.schedule.due(after):
            if due > unit.now:
                unit.arm(due, name, DUE)

    def _gone(self, unit: Unit, work: Work, customer: str, entry: Entry) -> Owed | None:
        """What ends the story of a customer whom the work concerns no more, once that has been so for long enough."""
        if not work_stages.concerned(entry):
            return None
        if not entry.left:
            self._follow(unit, customer, entry, away=True)
            return None
        return work_stages.gone(work, entry) if unit.now - entry.left >= self._hysteresis else None

    def _follow(self, unit: Unit, customer: str, entry: Entry, *, away: bool) -> Entry:
        """Notes since when a told customer is away from the work, and sets the timer that ends the wait."""
        subject = _subject(entry.incident, customer)
        if entry.left:
            unit.disarm(entry.left + self._hysteresis, subject, AWAY)
        entry = msgspec.structs.replace(entry, left=unit.now if away else 0)
        self.told.put(unit, customer, entry)
        if away:
            unit.arm(unit.now + self._hysteresis, subject, AWAY)
        return entry

    def _walked(self, unit: Unit, name: str, customer: str) -> None:
        self.visit(unit, name, customer)
        self.standings.publish(unit, customer)

    def _forget(self, unit: Unit, name: str, customer: str) -> None:
        """Forgets the work for one customer, unless they are still to be told of its end."""
        entry = self._entry(unit, customer, name)
        if not entry.messages or any(m.stage in work_stages.CLOSING and m.deferred for m in entry.messages):
            return
        self.pipeline.deferrals.lapse(unit, customer, "maintenance", name, LATER)
        if entry.left:
            unit.disarm(entry.left + self._hysteresis, _subject(name, customer), AWAY)
        self.told.remove(unit, customer, name, "maintenance")
        self.standings.publish(unit, customer)

    def _forgotten(self, unit: Unit, name: str) -> None:
        """Forgets the work itself, or tries again later, when someone's night is not over yet."""
        if self.told.by_incident.get(name):
            unit.arm(unit.now + max(self._kept, RETRY_MS), name, FORGET)
        else:
            self.works.forget(unit, name)

    def _propose(
        self, unit: Unit, work: Work, customer: str, person: Customer | None, entry: Entry, found: Owed
    ) -> None:
        services = person.services if person is not None else ()
        broken = tuple(s for s in services if self.works.covers(work.maintenance_id, s.element))
        working = tuple(s for s in services if s not in broken and not self.incidents.broken(s.element))
        under_way = found.stage in work_stages.UNDER_WAY
        self.pipeline.consider(
            unit,
            Proposal(
                kind="maintenance",
                stage=found.stage,
                class_=found.class_,
                incident=work.maintenance_id,
                customer=customer,
                now=unit.now,
                context=work_context(work, found.stage, unit.now),
                valid_until=self._valid_until(unit, work, found),
                evidence=work_evidence(work),
                entry=entry,
                person=person,
                entries=self.told.entries(unit, customer),
                broken=broken,
                working=working,
                out=lines.out_of(services, working) if under_way else lines.out(self.incidents, person),
                bad_contacts=self.contacts.bad(unit, person),
                paused=self.controls.paused("maintenance"),
            ),
        )

    def _valid_until(self, unit: Unit, work: Work, found: Owed) -> int:
        """Until when (epoch ms) the message is worth sending: an announcement until the work starts, its end always."""
        stage = found.stage
        if stage in ("announced", "moved"):
            return self.schedule.worth(work, found.class_) if stage == "announced" else work.start
        if stage == "started" and unit.now < work.end:
            return work.end
        return unit.now + ms(
            self.policy.restored_valid_s if stage in work_stages.CLOSING else self.policy.outage_valid_s
        )


def _told_of(work: Work) -> tuple[object, ...]:
    """What of a work is told: a change of it is news."""
    return work.status, work.start, work.end, work.turn, work.late


def _subject(name: str, customer: str) -> str:
    return f"{len(name)}/{name}/{customer}"
