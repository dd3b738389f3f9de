"""Moments: instants named by a field of an event, as a journey writes them. Pure.

    start                     the field itself
    start - 24h               so long before it, exactly
    ends - 40d                so many days before it on the customer's calendar: the same time of the clock
    ends - 40d at 10:00       ... at ten by the customer's clock
    time + 1h30m              so long after it

Seconds, minutes and hours (`s` `m` `h`) are exact; days (`d`) and clock times are those of the customer's zone, across
changes of the clock (`local_hours.py`). Invariant: a moment is a function of the event's fields and the zone alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from forewarn.alerts import local_hours

#: The longest wait, and the furthest that a moment may be from its field.
LONGEST_MS = 400 * 86_400_000
DAY_MS = 86_400_000

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000}
_PART = re.compile(r"(\d+)([smhd])")
_MOMENT = re.compile(
    r"(?P<field>[a-z_]+)(?:\s*(?P<sign>[+-])\s*(?P<span>[0-9smhd]+))?(?:\s+at\s+(?P<clock>([01]\d|2[0-3]):[0-5]\d))?"
)


class Span(Struct, frozen=True):
    """A length of time: whole days of the calendar, and exact milliseconds."""

    days: int = 0
    ms: int = 0

    @property
    def about_ms(self) -> int:
        """How long it is, were all days of 24 hours."""
        return self.days * DAY_MS + self.ms


class Moment(Struct, frozen=True):
    """An instant by a field. `back`: the span is before it; `clock` (HH:MM) replaces the time of its day."""

    field: str
    span: Span = Span()
    back: bool = False
    clock: str = ""

    @property
    def offset_ms(self) -> int:
        """How far from its field it is, were all days of 24 hours; a clock time is not counted."""
        return -self.span.about_ms if self.back else self.span.about_ms

    def instant(self, fields: Mapping[str, object], zone: ZoneInfo) -> int | None:
        """Epoch ms; None when the event has no such instant."""
        at = fields.get(self.field)
        if not isinstance(at, int):
            return None
        sign = -1 if self.back else 1
        if not (self.span.days or self.clock):
            return at + sign * self.span.ms
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
        day = local.date() + timedelta(days=sign * self.span.days)
        clock = time.fromisoformat(self.clock) if self.clock else local.timetz().replace(tzinfo=None)
        return local_hours.instant(day, clock, zone) + sign * self.span.ms


@lru_cache(maxsize=1024)
def span(text: str) -> Span:
    """A length of time. Raises ValueError when the text is none, is nothing, or is too long."""
    found = _PART.findall(text)
    if not found or "".join(count + unit for count, unit in found) != text:
        raise ValueError(f"{text!r} is no length of time; write 90s, 30m, 24h, 1h30m or 40d")
    days = sum(int(count) for count, unit in found if unit == "d")
    whole = Span(days, sum(int(count) * _UNITS[unit] for count, unit in found if unit != "d"))
    if whole.about_ms == 0:
        raise ValueError(f"{text!r} is no time at all; leave it out")
    if whole.about_ms > LONGEST_MS:
        raise ValueError(f"{text!r} is longer than {LONGEST_MS // DAY_MS} days")
    return whole


@lru_cache(maxsize=1024)
def moment(text: str) -> Moment:
    """A moment. Raises ValueError when the text is none."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment; write start - 24h, time + 2h or ends - 40d at 10:00")
    length = span(found["span"]) if found["span"] else Span()
    return Moment(found["field"], length, back=found["sign"] == "-", clock=found["clock"] or "")
