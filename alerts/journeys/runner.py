"""The runner: has the courses of one partition's customers walked, and what they say judged by the pipeline.

    Listening: events ──> happened ─┐
    Answering: replies ─> answered ─┼──> walk ──> course stored, its timer set
    timer `journey.due` ──> fire ───┘      └────> Messages ──> Pipeline ──> notifications, decisions
    deferrals, failures ──> visit: what is still worth saying is proposed again

Everything that a course says passes every stage, as all messages do. Invariant: a restart at any point goes on from the
rows alone; whoever has no course costs one look-up an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from forewarn.alerts.customers import Customer, Customers
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.incidents import Incidents
from forewarn.alerts.journeys import course as courses
from forewarn.alerts.journeys import walk
from forewarn.alerts.journeys.builtin import of_customers
from forewarn.alerts.journeys.course import Course, Row
from forewarn.alerts.journeys.events import Happening
from forewarn.alerts.journeys.journey import Journey, Step
from forewarn.alerts.journeys.messages import Messages, theirs
from forewarn.alerts.journeys.walk import World
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.notices import LATER, Notices
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import CHANNELS
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Entry, Message
from forewarn.stream.engine.unit import Timer, Unit

#: The walk over customers whose messages wait for sending to resume, and its one subject.
RELEASE, ALL = "journeys", "deferred"
#: The message that is the outage's own, whoever has it said.
CONFIRMED = "outage/confirmed"


class Journeys:
    """The journeys of one partition's customers."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        customers: Customers,
        incidents: Incidents,
        messages: Messages,
        notices: Notices,
        standings: Standings,
        fan_out: FanOut,
    ) -> None:
        self.pipeline = pipeline
        self.policy = pipeline.rules.policy
        self.customers = customers
        self.incidents = incidents
        self.messages = messages
        self.notices = notices
        self.standings = standings
        self.fan_out = fan_out
        self.journeys = of_customers(self.policy.journeys)
        self.by_event: dict[str, list[str]] = {}
        for name in sorted(self.journeys):
            self.by_event.setdefault(self.journeys[name].trigger.event, []).append(name)
        #: Kinds of messages that some journey says.
        self.kinds = sorted({step.kind for journey in self.journeys.values() for step in journey.steps if step.say})
        for kind in self.kinds:
            pipeline.deferrals.add(kind, self.visit)
        self._waiting: set[str] = set()
        fan_out.add(RELEASE, Purpose(lambda _: set(self._waiting), self._release))

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the customers with a message that waits for sending to resume."""
        prefix = courses.PREFIX
        rows = ((key, value) for key, value in table.items() if key.startswith(prefix))
        self._waiting = {k[len(prefix) :].decode() for k, v in rows if courses.DECODE(memoryview(v)[1:]).waits}

    def wanted(self, event: str) -> bool:
        """Whether any journey is about such events."""
        return event in self.by_event

    def happened(self, unit: Unit, customer: str, happening: Happening, only: str | None = None) -> None:
        """Takes an event: it starts journeys, or moves those that are about the same; of one name, or of all."""
        row, said = courses.load(unit, customer), len(unit.outputs)
        before, world = row, self._world(unit, customer)
        for name in (only,) if only is not None else self.by_event.get(happening.event, ()):
            journey, known = self.journeys[name], row.find(name, happening.subject)
            if known is None:
                walked = walk.started(name, journey, happening, world)
            else:
                walked = walk.happened(journey, known, happening, world)
                self.messages.keep(unit, customer, journey, walked[0])
                self._overtake(unit, customer, journey, known, walked[0])
            if walked is not None:
                row = self._said(unit, customer, journey, row, walked)
        self._store(unit, customer, before, row, said)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Takes what is due of a customer's courses, and forgets what is over."""
        customer = timer.subject
        row = before = msgspec.structs.replace(courses.load(unit, customer), armed=0)
        world = self._world(unit, customer)
        for course in sorted(row.courses, key=lambda one: (one.due, one.journey, one.subject)):
            journey = self.journeys.get(course.journey)
            if journey is not None and course.ends > unit.now:
                row = self._said(unit, customer, journey, row, walk.due(journey, course, world))
            elif journey is None:
                row = row.put(msgspec.structs.replace(course, step="", due=0))
        if any(course.ends <= unit.now for course in row.courses):
            self.messages.told.expire(unit, customer)
        self._store(unit, customer, before, row, said=-1, force=True)

    def changed(self, unit: Unit, customer: str) -> None:
        """The customer's profile or choices changed: what could not be said may be possible now."""
        row, said = courses.load(unit, customer), len(unit.outputs)
        if row.courses:
            self._store(unit, customer, row, self._all_again(unit, customer, row), said)

    def answer(self, unit: Unit, customer: str, row: Row, course: Course, word: str) -> None:
        """Goes on with a course whose question was answered; `row` is the customer's."""
        journey = self.journeys[course.journey]
        walked, said = walk.answered(journey, course, word, self._world(unit, customer)), len(unit.outputs)
        self._overtake(unit, customer, journey, course, walked[0])
        after = self._said(unit, customer, journey, row.put(walked[0]), walked)
        self._store(unit, customer, row, after, said, force=True)

    def visit(self, unit: Unit, customer: str, entry: Entry) -> None:
        """The wait of an entry's messages is over, or one failed: what is still worth saying is proposed again."""
        row, said = courses.load(unit, customer), len(unit.outputs)
        before, world = row, self._world(unit, customer) if row.courses else None
        for course in row.courses:
            journey = self.journeys.get(course.journey)
            if world is not None and journey is not None and self._concerns(course, entry):
                row = self._again(unit, customer, journey, row, course, world, entry.kind)
        self._store(unit, customer, before, row, said)

    def resumed(self, unit: Unit) -> None:
        """Sending was resumed."""
        if self._waiting:
            self.fan_out.start(unit, RELEASE, ALL)

    def asked(self, unit: Unit, customer: str, course: Course) -> tuple[Step, Message | None] | None:
        """The step whose question is open, with its message as far as it is known."""
        journey = self.journeys.get(course.journey)
        step = journey.step(course.question) if journey is not None and course.question else None
        if step is None:
            return None
        entry = self.messages.entry(self.messages.told.entries(unit, customer), course, step, None)
        return step, entry.message(step.stage, course.class_of(step))

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer's courses."""
        self._waiting.discard(customer)
        courses.erase(unit, customer)

    def _release(self, unit: Unit, _: str, customer: str) -> None:
        row, said = courses.load(unit, customer), len(unit.outputs)
        after = self._all_again(unit, customer, msgspec.structs.replace(row, waits=False))
        self._store(unit, customer, row, after, said)

    def _all_again(self, unit: Unit, customer: str, row: Row) -> Row:
        """Proposes again what is open of all courses."""
        world = self._world(unit, customer)
        for course in row.courses:
            if (journey := self.journeys.get(course.journey)) is not None:
                row = self._again(unit, customer, journey, row, course, world)
        return row

    def _again(
        self,
        unit: Unit,
        customer: str,
        journey: Journey,
        row: Row,
        course: Course,
        world: World,
        kind: str | None = None,
    ) -> Row:
        """Proposes again what is open of a course, of one kind or of all."""
        steps = (journey.step(name) for name in course.open)
        said = tuple(
            step
            for step in steps
            if step is not None
            and step.say != CONFIRMED  # whose deferrals and failures are the outage's own
            and kind in (None, step.kind)
            and walk.say_again(journey, course, step, world)
        )
        return self._said(unit, customer, journey, row, (course, said)) if said else row

    def _concerns(self, course: Course, entry: Entry) -> bool:
        """Whether an entry is, or may be, of a course; an outage that a course speaks of need not be its incident."""
        return entry.incident == course.incident or (entry.kind == "outage" and bool(course.open))

    def _said(self, unit: Unit, customer: str, journey: Journey, row: Row, walked: walk.Walked) -> Row:
        """Has a walk's messages judged; returns the row with its course."""
        course, steps = walked
        for step in steps:
            proposal = self.messages.proposal(unit, customer, journey, course, step)
            if proposal is None:
                continue
            if step.say == CONFIRMED:  # the outage's own first message, when it is due; never a second one
                self.notices.visit(unit, proposal.incident, customer)
                proposal = self.messages.proposal(unit, customer, journey, course, step)
                if proposal is None or not proposal.entry.owed(proposal.stage, proposal.class_):
                    continue
            outcome = self.pipeline.consider(unit, proposal)
            if outcome == "sent" and step.replies:
                course = msgspec.structs.replace(course, question=step.name, asked=unit.now)
            elif outcome == "deferred":
                row = msgspec.structs.replace(row, waits=row.waits or proposal.paused)
        return row.put(course)

    def _overtake(self, unit: Unit, customer: str, journey: Journey, before: Course, after: Course) -> None:
        """Ends the waiting messages of steps that are not open any more."""
        steps = (journey.step(name) for name in before.open if name not in after.open)
        for kind in sorted({step.kind for step in steps if step is not None} - {"outage"}):
            self.pipeline.deferrals.lapse(unit, customer, kind, before.incident, LATER)

    def _store(self, unit: Unit, customer: str, before: Row, row: Row, said: int, *, force: bool = False) -> None:
        """Stores a row that changed; `said`: how much the unit put out before anything was said."""
        row = row.tidied(unit.now)
        if row == before and not force:
            return
        courses.save(unit, customer, row)
        if row.waits:
            self._waiting.add(customer)
        else:
            self._waiting.discard(customer)
        if len(unit.outputs) > said:
            self.standings.publish(unit, customer)

    def _world(self, unit: Unit, customer: str) -> World:
        person = self.customers.get(unit, customer)
        zone = zone_of(person.time_zone if person is not None else None, self.policy.default_time_zone)
        return World(
            unit.now,
            zone,
            partial(_fact, self.incidents, person),
            lambda course, step: self.messages.settled(unit, customer, course, step),
        )


def _fact(incidents: Incidents, person: Customer | None, name: str) -> object:
    """A fact of `events.FACTS`."""
    if name == "outage":
        if theirs(incidents, person, "confirmed") is not None:
            return "confirmed"
        return "suspected" if theirs(incidents, person, "suspected") is not None else "none"
    if person is None:
        return None
    if name == "segment":
        return person.profile.segment
    asked = any(person.consented(("survey", "marketing"), channel) is True for channel in CHANNELS)
    return asked if name == "consent" else None
