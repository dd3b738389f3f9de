"""Billing cycles: from midnight of the cycle day in the customer's zone to that of the next month, end exclusive.

    cycle_day = 31            Jan 31        Feb 28        Mar 31        Apr 30
                         ──────[─────────────)[────────────)[────────────)[──
A cycle day that a month lacks falls on its last day. A midnight that a clock change skips is the instant of the
change; of one that happens twice, the first counts.

Invariant: the cycles of one calendar tile the time line: each ends where the next one starts.
"""

from __future__ import annotations

import calendar as months
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

#: Starts outside (1970 to the end of 9998) belong to no cycle.
EARLIEST = 0
LATEST = 253_370_764_799_999

_DAY = 86_400_000


class Span(Struct, frozen=True, gc=False):
    """Epoch ms, end exclusive."""

    start: int
    end: int

    def holds(self, instant: int) -> bool:
        """Whether the instant lies inside."""
        return self.start <= instant < self.end


class Calendar(Struct, frozen=True, gc=False):
    """A cycle day (1-31) and an existing IANA zone."""

    day: int
    zone: str

    def cycle(self, instant: int) -> Span:
        """The cycle that holds an instant between EARLIEST and LATEST."""
        span = _cycle(self.day, self.zone, instant // _DAY * _DAY)
        return span if span.holds(instant) else _cycle(self.day, self.zone, instant)

    def offset(self, instant: int) -> int:
        """What local clocks are ahead of UTC at the instant, in ms."""
        ahead = datetime.fromtimestamp(instant // 1000, _zone(self.zone)).utcoffset()
        return int(ahead.total_seconds()) * 1000 if ahead is not None else 0

    def date(self, start: int) -> date:
        """The local date on which a cycle that starts at `start` begins."""
        return datetime.fromtimestamp(start // 1000, _zone(self.zone)).date()


@lru_cache(maxsize=4096)
def calendar(day: int, zone: str, otherwise: str) -> Calendar:
    """A calendar; a zone that does not exist gives way to `otherwise`, a day out of 1-31 to the nearest."""
    return Calendar(min(max(day, 1), 31), zone if exists(zone) else otherwise)


def exists(zone: str) -> bool:
    """Whether the zone is in the IANA database."""
    try:
        _zone(zone)
    except (KeyError, ValueError, OSError):  # unknown, a path out of the database, a folder of it
        return False
    return True


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=65536)
def _cycle(day: int, zone: str, instant: int) -> Span:
    """The cycle that holds an instant; whole days are asked for again and again."""
    local = datetime.fromtimestamp(instant // 1000, _zone(zone))
    month = local.year * 12 + local.month - 1
    if instant < _start(day, zone, month):
        month -= 1
    return Span(_start(day, zone, month), _start(day, zone, month + 1))


@lru_cache(maxsize=65536)
def _start(day: int, zone: str, month: int) -> int:
    """Epoch ms of the cycle's start in a month counted from year 0. A skipped midnight takes the offset before it."""
    year, index = divmod(month, 12)
    last = months.monthrange(year, index + 1)[1]
    midnight = datetime(year, index + 1, min(day, last), tzinfo=_zone(zone))
    return int(midnight.astimezone(UTC).timestamp()) * 1000
