"""Billing cycles as the simulated operator counts them: from midnight of the cycle day, in the customer's time zone.

A day that a month does not have is its last one. Written apart from Forewarn's own meters, which this is the truth for.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=65_536)
def _midnight(zone: str, year: int, month: int, day: int) -> int:
    last = monthrange(year, month)[1]
    return int(datetime(year, month, min(day, last), tzinfo=ZoneInfo(zone)).timestamp() * 1000)


class Cycles:
    """The cycles of all customers. Remembers the latest one of each zone and day, as most questions are about it."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, int], tuple[int, int]] = {}

    def at(self, instant: int, zone: str, day: int) -> tuple[int, int]:
        """Start and end (exclusive) of the cycle around `instant`, epoch ms."""
        latest = self._latest.get((zone, day))
        if latest is None or not latest[0] <= instant < latest[1]:
            latest = _cycle(instant, zone, day)
            self._latest[zone, day] = latest
        return latest


def _cycle(instant: int, zone: str, day: int) -> tuple[int, int]:
    local = datetime.fromtimestamp(instant / 1000, UTC).astimezone(ZoneInfo(zone))
    month = local.year * 12 + local.month - 1
    starts = [_midnight(zone, number // 12, number % 12 + 1, day) for number in range(month - 1, month + 3)]
    index = max(i for i, start in enumerate(starts) if start <= instant)
    return starts[index], starts[index + 1]
