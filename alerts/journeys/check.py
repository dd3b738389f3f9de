"""The check of journeys: everything that is wrong with one, all at once, each with its place and a remedy. Pure.

    alerts.journeys.visit.steps.remind.at: there is no field begin; an appointment has start, end, time

What the Structs cannot say is said here: names that mean nothing, moments that are none, steps that nothing leads to,
circles, messages that the event knows nothing of. Whether own messages have words is `words.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import get_args

from forewarn.alerts.contexts import CONTEXTS
from forewarn.alerts.journeys.answers import WORDS
from forewarn.alerts.journeys.events import EVENTS, FACTS, Field, fields_of
from forewarn.alerts.journeys.journey import RESERVED, RESUME, Bound, Journey, Step, Test, When
from forewarn.alerts.journeys.messages import composable
from forewarn.alerts.journeys.moments import moment, span
from forewarn.alerts.journeys.paths import circles, unreachable
from forewarn.topics.events.customers import AlertKind

KINDS: tuple[str, ...] = get_args(AlertKind)
#: Kinds whose messages are decided with what they are about, not by journeys; `maintenance` by the works' own.
NOT_OWN = frozenset({"outage", "maintenance"})


def problems(journeys: Mapping[str, Journey], at: str = "alerts.journeys") -> list[str]:
    """All problems of these journeys, one line each: place, what is wrong, and what to do."""
    return [
        f"{at}.{name}{place}: {what}"
        for name, journey in journeys.items()
        if journey.enabled
        for place, what in _journey(journey)
    ]


Problem = tuple[str, str]


def _journey(journey: Journey) -> Iterator[Problem]:
    event = journey.trigger.event
    if event not in EVENTS:
        yield ".trigger.event", f"there is no event {event}; {_choose(event, EVENTS)}"
        return
    known = fields_of(event)
    facts = {} if EVENTS[event].shared else FACTS
    yield from _when(".trigger.when", journey.trigger.when, event, {**known, **facts})
    yield from _span(".trigger.within", journey.trigger.within)
    yield from _moment(".ends", journey.ends, event)
    for number, when in enumerate(journey.exit):
        yield from _when(f".exit.{number}", when, event, {**known, **facts})
        if not when:
            yield f".exit.{number}", "it always holds, so the journey never goes on; say what ends it, or leave it out"
    for name in journey.anew:
        if name not in known:
            yield ".anew", f"there is no field {name}; {_choose(name, known)}"
    if not journey.steps:
        yield ".steps", "there is no step; add one that says something, or take the journey out"
    for step in journey.steps:
        yield from ((f".steps.{step.name}{place}", what) for place, what in _step(journey, step))
    yield from _names(journey)
    yield from _paths(journey)


def _names(journey: Journey) -> Iterator[Problem]:
    names = [step.name for step in journey.steps]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f".steps.{name}", "there is more than one step of this name; give each a name of its own"
    for name in sorted(set(names) & RESERVED):
        yield f".steps.{name}", f"{name} is where steps may lead, and cannot be the name of one; choose another"


def _paths(journey: Journey) -> Iterator[Problem]:
    for step, why in unreachable(journey):
        yield f".steps.{step.name}", f"it is never taken: {why}; lead a step to it, or take it out"
    for circle in circles(journey):
        way = " -> ".join((*circle, circle[0]))
        yield (
            f".steps.{circle[0]}",
            f"{way} never ends; give one of these steps both a `wait` and an `at_most`, or lead it elsewhere",
        )


def _step(journey: Journey, step: Step) -> Iterator[Problem]:
    event = journey.trigger.event
    fields = {**fields_of(event), **({} if EVENTS[event].shared else FACTS)}
    yield from _when(".on", step.on, event, fields)
    yield from _when(".when", step.when, event, fields)
    yield from _times(step, event)
    yield from _targets(journey, step)
    if step.say:
        yield from _message(step, event)
    if step.replies and not step.say:
        yield ".replies", "nothing is asked that could be answered; add a `say`, or take the replies out"
    if step.replies and EVENTS[event].shared:
        yield ".replies", f"of {event} there is one journey for all its customers, which no reply moves; take them out"
    if step.class_ and not step.class_.replace("-", "").replace("_", "").isalnum():
        yield ".class", f"{step.class_!r} has more than letters, digits, - and _; write something like 24h"


def _times(step: Step, event: str) -> Iterator[Problem]:
    if step.at and step.wait:
        yield ".wait", "a step waits either for a moment or for a while; take `at` or `wait` out"
    if step.late and not step.at:
        yield ".late", "only a step with `at` can be late; take it out"
    yield from _moment(".at", step.at, event)
    yield from _moment(".until", step.until, event)
    yield from _span(".wait", step.wait)
    try:
        at, until = (moment(text) if text else None for text in (step.at, step.until))
    except ValueError:  # said above
        return
    if at is None or until is None or at.field != until.field or at.clock or until.clock:
        return
    if until.offset_ms <= at.offset_ms:
        yield ".until", f"{step.until} is not after {step.at}, so nothing could be said; choose a later moment"


def _targets(journey: Journey, step: Step) -> Iterator[Problem]:
    names = [one.name for one in journey.steps]
    led = [(".then", step.then), (".otherwise", step.otherwise)]
    led += [(f".replies.{word}", to) for word, to in step.replies.items()]
    for place, to in led:
        if to and to not in names and to not in RESERVED:
            yield place, f"there is no step {to}; {_choose(to, (*names, *sorted(RESERVED)))}"
        elif to == RESUME and not step.on:
            yield place, "only a step with `on` can resume what it interrupted; name a step, rest or end"
    for word in step.replies:
        if word not in WORDS:
            yield f".replies.{word}", f"no such answer is understood; {_choose(word, WORDS)}"
    if step.otherwise and not step.when:
        yield ".otherwise", "it is never gone to, because the step has no conditions; add a `when`, or take it out"
    if step.on and (step.wait or step.at) and RESUME in (step.then or RESUME, step.otherwise or step.then or RESUME):
        yield ".then", "a step that waits takes the place of what it interrupts; name where it leads, or rest or end"


def _message(step: Step, event: str) -> Iterator[Problem]:
    kind, slash, stage = step.say.partition("/")
    known = [f"{of}/{what}" for of, what in CONTEXTS if composable(event, f"{of}/{what}")]
    shared = EVENTS[event].shared
    if not (slash and stage.isidentifier() and stage == stage.lower()):
        yield ".say", f"{step.say!r} is no message; write kind/stage, as appointment/remind"
    elif kind not in KINDS:
        yield ".say", f"there is no kind {kind}; {_choose(kind, KINDS)}"
    elif shared and (kind != event or (kind, stage) not in CONTEXTS):
        stages = [what for of, what in CONTEXTS if of == event]
        yield ".say", f"of {event} only its own messages are said to all; {_choose(stage, stages)}"
    elif not shared and (kind in NOT_OWN or (kind, stage) in CONTEXTS) and step.say not in known:
        ways = [*known, f"a stage of your own, as {kind if kind not in NOT_OWN else 'appointment'}/my_words"]
        yield ".say", f"{event} tells nothing that {step.say} speaks of; say {' or '.join(ways)}"


def _when(place: str, when: When, event: str, known: Mapping[str, Field]) -> Iterator[Problem]:
    for name, test in when.items():
        if name not in known:
            yield f"{place}.{name}", f"{event} has no such field; {_choose(name, known)}"
        else:
            yield from ((f"{place}.{name}", what) for what in _test(test, known[name]))


def _test(test: Test, field: Field) -> Iterator[str]:
    if isinstance(test, Bound):
        values = test.none_of
        if (test.least is not None or test.most is not None) and field.type not in ("number", "instant"):
            yield "it is no number; name the values that it may have"
        if test.least is not None and test.most is not None and test.least > test.most:
            yield f"nothing is at least {test.least:g} and at most {test.most:g}; swap them"
        if test == Bound():
            yield "it asks nothing; say least, most or none_of, or take it out"
    else:
        values = test if isinstance(test, tuple) else (test,)
        if not values:
            yield "nothing is one of no values; name some, or take it out"
    for value in values:
        yield from _value(value, field)


def _value(value: object, field: Field) -> Iterator[str]:
    flag, number = isinstance(value, bool), isinstance(value, int | float) and not isinstance(value, bool)
    fits = {"flag": flag, "number": number, "instant": number, "text": isinstance(value, str)}[field.type]
    if not fits:
        yield f"{value!r} is no {field.type}; write {_LIKE[field.type]}"
    elif field.words and value not in field.words:
        yield f"it is never {value!r}; {_choose(str(value), field.words)}"


_LIKE = {"flag": "true or false", "number": "a number", "instant": "epoch milliseconds", "text": 'a text in ""'}


def _moment(place: str, text: str, event: str) -> Iterator[Problem]:
    if not text:
        return
    try:
        found = moment(text)
    except ValueError as error:
        yield place, str(error)
        return
    instants = [name for name, field in fields_of(event).items() if field.type == "instant"]
    if found.field not in instants:
        yield place, f"{event} has no instant {found.field}; {_choose(found.field, instants)}"


def _span(place: str, text: str) -> Iterator[Problem]:
    if text:
        try:
            span(text)
        except ValueError as error:
            yield place, str(error)


def _choose(name: str, known: Iterable[str]) -> str:
    """The remedy for a name that is none: the one that was meant, or all that there are."""
    names = [one or '""' for one in known]
    close = get_close_matches(name, names, 1, cutoff=0.65)
    return f"did you mean {close[0]}?" if close else f"choose one of {', '.join(names)}"
