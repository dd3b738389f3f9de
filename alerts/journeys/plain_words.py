"""Plain words: conditions, moments and waits of a journey as people say them, for its picture. English. Pure."""

from __future__ import annotations

from forewarn.alerts.journeys.events import EVENTS
from forewarn.alerts.journeys.journey import Bound, Scalar, Step, Test, Trigger, When
from forewarn.alerts.journeys.moments import Span, moment, span

_MINUTE, _HOUR = 60_000, 3_600_000


def moment_words(text: str) -> str:
    """`start - 24h` as `24 h before start`."""
    found = moment(text)
    field = {"time": "the event", "ends": "the end"}.get(found.field, found.field.replace("_", " "))
    side = "before" if found.back else "after"
    where = f"{span_words(found.span)} {side} {field}" if found.offset_ms else f"at {field}"
    return f"{where}, at {found.clock}" if found.clock else where


def span_words(length: Span) -> str:
    """`1h30m` as `1 h 30 min`."""
    hours, minutes = length.ms // _HOUR, length.ms % _HOUR // _MINUTE
    seconds = length.ms % _MINUTE // 1000
    parts = ((length.days, "day" if length.days == 1 else "days"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def when_words(when: When) -> str:
    """Conditions in one line: `status is booked or confirmed, times is at least 2`."""
    return ", ".join(f"{name.replace('_', ' ')} {test_words(test)}" for name, test in when.items())


def test_words(test: Test) -> str:
    """What one field must be."""
    if isinstance(test, tuple):
        return f"is {' or '.join(map(_value, test))}"
    if not isinstance(test, Bound):
        return f"is {_value(test)}"
    parts = [f"is not {' or '.join(map(_value, test.none_of))}"] if test.none_of else []
    parts += [f"is at least {test.least:g}"] if test.least is not None else []
    parts += [f"is at most {test.most:g}"] if test.most is not None else []
    return " and ".join(parts)


def trigger_words(trigger: Trigger) -> str:
    """What starts a journey: `A bill is written: amount is at least 10`."""
    asked = when_words(trigger.when)
    within = f" within {span_words(span(trigger.within))}" if trigger.event == "help" and asked else ""
    return f"{EVENTS[trigger.event].about}{f': {asked}' if asked else ''}{within}"


def waiting_words(step: Step) -> str:
    """What a step waits for; empty when it is taken at once."""
    if step.at:
        return moment_words(step.at) + (", or later" if step.late else "")
    return f"after {span_words(span(step.wait))}" if step.wait else ""


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ") or "nothing"
