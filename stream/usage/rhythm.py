"""The week's rhythm of a plan: how much of a week's usage falls into each of its hours, local time, Monday first.

    weight   Mo ▂▁▂▄▅▆█▅ Tu ▂▁▂▄▅▆█▅ … Sa ▃▂▂▅▆▇█▆ Su ▃▂▂▅▆▇█▆
    mass(a, b) = the weights from a to b, so that an hour of an average week has mass 1

A rate learned on quiet days is not mistaken for the rate of a busy week-end, nor a day's for a night's.

Invariant: `reached(a, mass(a, b)) == b` wherever the weights are positive, up to a millisecond.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

HOURS = 168
_HOUR = 3_600_000
_WEEK = HOURS * _HOUR
#: Local epoch ms of a Monday's midnight: day 0 was a Thursday.
_MONDAY = 4 * 24 * _HOUR

#: Of hours 0 to 23, and of Monday to Sunday: the shape that consumer lines have nearly everywhere, quiet before dawn,
#: busiest in the evening and a little more so at week-ends. An operator's own figures belong in the policy.
_DAY = (0.7, 0.5, 0.4, 0.3, 0.3, 0.3, 0.4, 0.6, 0.8, 0.9, 1.0, 1.0, 1.1, 1.1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.7,
        1.5, 1.1)  # fmt: skip
_DAYS = (0.97, 0.97, 0.97, 0.98, 1.0, 1.05, 1.06)
#: A typical week, for plans of which nothing better is known.
TYPICAL = tuple(round(day * hour, 3) for day in _DAYS for hour in _DAY)


class Rhythm:
    """The cumulated weights of one week, scaled to a mean of 1."""

    __slots__ = ("_before", "_weights")

    def __init__(self, weights: tuple[float, ...]) -> None:
        mean = sum(weights) / HOURS
        self._weights = tuple(weight / mean for weight in weights)
        self._before = (0.0, *accumulate(self._weights))

    def mass(self, start: int, end: int) -> float:
        """The weight of [start, end), in average hours; local epoch ms."""
        return self._at(end) - self._at(start)

    def reached(self, start: int, mass: float) -> int:
        """The local epoch ms at which this much mass has passed since `start`."""
        weeks, rest = divmod(self._at(start) + mass, self._before[-1])
        hour = min(bisect_right(self._before, rest) - 1, HOURS - 1)
        weight = self._weights[hour]
        part = (rest - self._before[hour]) / weight if weight else 0.0
        return _MONDAY + int(weeks) * _WEEK + round((hour + part) * _HOUR)

    def _at(self, instant: int) -> float:
        weeks, rest = divmod(instant - _MONDAY, _WEEK)
        hour, part = divmod(rest, _HOUR)
        return weeks * self._before[-1] + self._before[hour] + self._weights[hour] * part / _HOUR


@lru_cache(maxsize=256)
def rhythm(weights: tuple[float, ...]) -> Rhythm:
    """The rhythm of 168 hourly weights, not all zero."""
    return Rhythm(weights)
