"""Paths: where the steps of a journey lead, which of them nothing leads to, and which lead in circles. Pure.

    edges       then, otherwise, replies, and past a moment that is over
    endless     a circle of `then` and `otherwise` in which no step has both a `wait` and an `at_most`

A circle that a customer's replies or events close is theirs to end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forewarn.alerts.journeys.conditions import passes
from forewarn.alerts.journeys.journey import Bound, Journey, Step, When
from forewarn.alerts.journeys.moments import Moment, moment

Edges = Mapping[str, tuple[str, ...]]


def follows(journey: Journey, step: Step) -> tuple[str, ...]:
    """Where a step leads by itself: after it is taken, or when its conditions do not hold."""
    after = journey.after(step.name)
    ways = [step.then or after]
    if step.when:
        ways.append(step.otherwise or after)
    return tuple(dict.fromkeys(ways))


def unreachable(journey: Journey) -> list[tuple[Step, str]]:
    """Steps that are never taken, each with why, in their order."""
    reached = _reached(journey)
    found: list[tuple[Step, str]] = []
    for step in journey.steps:
        shadow = _shadow(journey, step)
        if shadow is not None:
            found.append((step, f"every event that it is for enters {shadow.name} before it"))
        elif step.name not in reached:
            found.append((step, "no step, reply or event leads to it"))
        elif (passed := _passed(journey, step)) is not None:
            found.append((step, f"its moment has always passed when it is reached, after {passed.name}"))
    return found


def circles(journey: Journey) -> list[tuple[str, ...]]:
    """The circles that do not end by themselves, each as its steps in order, from the first that the journey names."""
    names = {step.name for step in journey.steps}
    free = {
        step.name: tuple(to for to in follows(journey, step) if to in names)
        for step in journey.steps
        if not (step.wait and step.at_most is not None)
    }
    found: list[tuple[str, ...]] = []
    for start in free:
        circle = _circle(free, start)
        if circle is not None and not any(set(circle) & set(known) for known in found):
            found.append(circle)
    return found


def _reached(journey: Journey) -> set[str]:
    by_name = {step.name: step for step in journey.steps}
    waiting = [step.name for step in journey.steps if step.on]
    waiting += [step.name for step in journey.main[:1]]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in reached:
            reached.add(name)
            waiting += [*follows(journey, by_name[name]), *by_name[name].replies.values()]
    return reached


def _shadow(journey: Journey, step: Step) -> Step | None:
    """An earlier step that every event takes which this one is for."""
    if not step.on:
        return None
    earlier = journey.steps[: journey.steps.index(step)]
    return next((one for one in earlier if one.on and _implies(step.on, one.on)), None)


def _implies(narrow: When, wide: When) -> bool:
    """Whether whatever is as `narrow` asks is as `wide` asks, as far as that can be said."""
    for name, test in wide.items():
        given = narrow.get(name)
        if given is None or (isinstance(given, Bound) and given != test):
            return False
        values = given if isinstance(given, tuple) else (given,)
        if given != test and not all(passes(test, value) for value in values):
            return False
    return True


def _passed(journey: Journey, step: Step) -> Step | None:
    """The step before, if it waits for a later moment of the same field, and nothing else leads here."""
    own = _at(step)
    if own is None or step.late or step.on:
        return None
    before = list(_before(journey, step))
    moments = [(one, _at(one)) for one in before]
    later = [
        one
        for one, at in moments
        if at is not None and at.field == own.field and not (at.clock or own.clock) and at.offset_ms >= own.offset_ms
    ]
    first = journey.main[:1] == (step,)
    return later[0] if later and len(later) == len(before) and not first else None


def _before(journey: Journey, step: Step) -> Iterator[Step]:
    for one in journey.steps:
        if one is not step and step.name in (*follows(journey, one), *one.replies.values()):
            yield one


def _at(step: Step) -> Moment | None:
    try:
        return moment(step.at) if step.at else None
    except ValueError:
        return None


def _circle(edges: Edges, start: str) -> tuple[str, ...] | None:
    """A shortest way from a step back to itself; None when there is none."""
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    waiting = [start]
    while waiting:
        name = waiting.pop(0)
        for to in edges.get(name, ()):
            if to == start:
                return ways[name]
            if to in edges and to not in ways:
                ways[to] = (*ways[name], to)
                waiting.append(to)
    return None
