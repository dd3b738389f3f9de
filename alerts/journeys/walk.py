"""The walk: one course, one input, and the course afterwards with what is to be said. Pure.

    started(journey, happening)  ─┐
    happened(course, happening)  ─┼──> (course, steps whose messages are to be said, in order)
    due(course)                  ─┤
    answered(course, word)       ─┘

A step that is reached waits, is left out because its moment has passed, or is taken; taking it says its message, when
its conditions hold, and leads on at once. Invariants: what comes of an input depends on the course, the input, the time
and the customer's facts alone; an event that is older than the newest one known, or the same, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from forewarn.alerts.journeys.conditions import Lookup, holds
from forewarn.alerts.journeys.course import Course
from forewarn.alerts.journeys.events import EVENTS, Happening
from forewarn.alerts.journeys.journey import END, RESUME, Journey, Step
from forewarn.alerts.journeys.moments import DAY_MS, LONGEST_MS, moment, span

#: How long beyond its end a course that may begin anew is remembered: what its subject is told then is told anew.
REMEMBERED_MS = 30 * DAY_MS
#: Steps taken at one instant at most. No journey that was checked comes near; one that was not cannot hang a partition.
HOPS = 200

Walked = tuple[Course, tuple[Step, ...]]


class World(Struct, frozen=True):
    """What a walk looks at besides the course: the time (epoch ms), the customer's zone, and their facts by name.

    `settled`: whether a step's message of this course was told, or time has overtaken it.
    """

    now: int
    zone: ZoneInfo
    fact: Lookup
    settled: Callable[[Course, Step], bool] = lambda course, step: False

    def value_of(self, course: Course) -> Lookup:
        """Fields of the course's event, then facts."""
        return lambda name: value if (value := course.value(name)) is not None else self.fact(name)


def started(name: str, journey: Journey, happening: Happening, world: World) -> Walked | None:
    """The course that an event starts; None when it starts none, or its journey would be over already."""
    course = Course(name, happening.subject, happening.incident, happening.time, happening.fields, 0)
    course = _ending(journey, course, world)
    if course.ends <= world.now or not holds(journey.trigger.when, world.value_of(course)):
        return None
    return _entered(journey, course, world)


def happened(journey: Journey, course: Course, happening: Happening, world: World) -> Walked:
    """The course after another event of its subject."""
    if not _newer(happening, course):
        return course, ()
    changed = [name for name in journey.anew if happening.fields.get(name) != course.fields.get(name)]
    after = replace(course, time=happening.time, fields=happening.fields)
    if changed:
        after = replace(after, before=course.fields, numbers=_renumbered(journey, course, world))
    after = _ending(journey, after, world)
    value_of = world.value_of(after)
    if any(holds(when, value_of) for when in journey.exit):
        return replace(after, step="", due=0, open=(), question="", over=True), ()
    turning = any(holds(step.on, value_of) for step in journey.steps if step.on)
    if after.over and not (turning or changed):
        return after, ()
    if turning or after.over:
        return _entered(journey, replace(after, over=False), world)
    return _resumed(journey, after, world)


def due(journey: Journey, course: Course, world: World) -> Walked:
    """The course after the wait for its step is over."""
    if not 0 < course.due <= world.now:
        return course, ()
    return _walk(journey, replace(course, step="", due=0), course.step, world, waited=True)


def answered(journey: Journey, course: Course, word: str, world: World) -> Walked:
    """The course after its question was answered; what was not yet said of it is pointless now."""
    asked = journey.step(course.question)
    course = replace(course, question="", asked=0)
    target = asked.replies.get(word, END) if asked is not None else END
    if course.over:
        return course, ()
    return _walk(journey, replace(course, open=()), target, world)


def say_again(journey: Journey, course: Course, step: Step, world: World) -> bool:
    """Whether a message that waited, or failed on its channel, is still to be said."""
    return step.name in course.open and holds(step.when, world.value_of(course)) and not world.settled(course, step)


def valid_until(journey: Journey, course: Course, step: Step, zone: ZoneInfo) -> int:
    """Until when (epoch ms) a step's message is worth saying."""
    until = moment(step.until).instant(course.instants, zone) if step.until else None
    return course.ends if until is None else min(until, course.ends)


def _entered(journey: Journey, course: Course, world: World) -> Walked:
    """Enters the step that the event asks for, else the main line."""
    value_of = world.value_of(course)
    for step in journey.steps:
        if step.on and holds(step.on, value_of):
            return _walk(journey, replace(course, open=(), question=""), step.name, world)
    first = journey.main[0].name if journey.main else ""
    return _walk(journey, course, first, world)


def _resumed(journey: Journey, course: Course, world: World) -> Walked:
    """Goes on where the course waits; the moment that it waits for may have moved."""
    waiting = journey.step(course.step) if course.step else None
    if waiting is None or not waiting.at:
        return course, ()
    return _walk(journey, course, course.step, world)


def _walk(journey: Journey, course: Course, target: str, world: World, *, waited: bool = False) -> Walked:
    said: list[Step] = []
    for _ in range(HOPS):
        if target == RESUME:
            course, more = _resumed(journey, course, world)
            return course, (*said, *more)
        step = journey.step(target)
        if step is None:  # the end, rest, or a step that the policy has no more
            return replace(course, step="", due=0, over=course.over or target == END), tuple(said)
        if not waited:
            if step.at_most is not None and course.entered.get(step.name, 0) >= step.at_most:
                target = ""
                continue
            at = _moment(step, course, world)
            if at is not None and at > world.now:
                return replace(course, step=step.name, due=at), tuple(said)
            if step.at and _missed(journey, step, course, world, at):
                target = step.then or journey.after(step.name)
                continue
        course, target, waited = *_taken(journey, step, course, world, said), False
    return replace(course, step="", due=0), tuple(said)


def _taken(journey: Journey, step: Step, course: Course, world: World, said: list[Step]) -> tuple[Course, str]:
    """Takes a step: what it says goes to `said`. Returns the course and where it leads."""
    if step.at_most is not None:
        course = replace(course, entered={**course.entered, step.name: course.entered.get(step.name, 0) + 1})
    if not holds(step.when, world.value_of(course)):
        return course, step.otherwise or journey.after(step.name)
    if step.say:
        said.append(step)
        course = replace(course, open=(*(name for name in course.open if name != step.name), step.name))
    return course, step.then or journey.after(step.name)


def _moment(step: Step, course: Course, world: World) -> int | None:
    """The instant (epoch ms) that a step waits for; None: it waits for none, or its event names none."""
    if step.at:
        return moment(step.at).instant(course.instants, world.zone)
    if step.wait:
        return world.now + span(step.wait).about_ms
    return None


def _missed(journey: Journey, step: Step, course: Course, world: World, at: int | None) -> bool:
    """Whether the step's moment has passed, or there is none; one that is `late` may be taken while it is worth it."""
    if at is None:
        return True
    return at < world.now and not (step.late and world.now < valid_until(journey, course, step, world.zone))


def _renumbered(journey: Journey, course: Course, world: World) -> dict[str, int]:
    """The numbers with one more for each message that was told: it is to be told anew."""
    told = (step for step in journey.steps if step.say and world.settled(course, step))
    return course.numbers | {step.name: course.numbers.get(step.name, 1) + 1 for step in told}


def _ending(journey: Journey, course: Course, world: World) -> Course:
    """The course with the instants at which it ends and is forgotten."""
    named = moment(journey.ends).instant(course.instants, world.zone)
    ends = min(course.time + LONGEST_MS if named is None else named, world.now + LONGEST_MS)
    return replace(course, ends=ends, remembered=ends + REMEMBERED_MS if journey.anew else 0)


def _newer(happening: Happening, course: Course) -> bool:
    """Whether an event says more than the newest one known; at one time the later word of the vocabulary wins."""
    words = EVENTS[happening.event].fields
    ours = [(words[name].words.index(str(v)), name) for name, v in happening.fields.items() if v in words[name].words]
    known = [(words[name].words.index(str(v)), name) for name, v in course.fields.items() if v in words[name].words]
    return (happening.time, sorted(ours)) > (course.time, sorted(known))
