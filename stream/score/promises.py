"""How good estimated times of restoration are: coverage, median error and interval score, beside what history says.

    issued      p10        p50     restored   p90
    ──┼──────────├──────────┼──────────●───────┤──>   covered: p10 <= restored <= p90; error |restored - p50|

The forecaster to beat is the simplest one: the quantiles of the durations of the earlier outages, counted from the
start of this one. Sources: coverage and the interval score S = (u - l) + 2/a (l - y)+ + 2/a (y - u)+ for the central
1 - a interval: T. Gneiting, A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102
(2007), section 6.2; a = 0.2 for p10 to p90.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from forewarn.stream.score.intervals import Interval, bootstrap

#: What the interval leaves out, both sides together.
ALPHA = 0.2
#: Earlier outages that their own quantiles are worth comparing with.
HISTORY = 10


class Forecast(Struct, frozen=True):
    """p10, p50 and p90 of the time of restoration, in seconds from any fixed moment."""

    low: float
    middle: float
    high: float


class Kept(Struct, frozen=True, kw_only=True):
    """A forecast, what came true, and what the earlier outages alone would have said (None: too few of them)."""

    said: Forecast
    restored: float
    history: Forecast | None


def interval_score(forecast: Forecast, restored: float) -> float:
    """The interval score of p10 to p90, in seconds; smaller is better."""
    below, above = max(0.0, forecast.low - restored), max(0.0, restored - forecast.high)
    return forecast.high - forecast.low + 2 / ALPHA * (below + above)


def covers(forecast: Forecast, restored: float) -> bool:
    """Whether it was restored between p10 and p90."""
    return forecast.low <= restored <= forecast.high


def history(durations: Sequence[float], elapsed: float) -> Forecast | None:
    """What earlier outages say, in seconds from the start: the quantiles of their durations, none in the past."""
    if len(durations) < HISTORY:
        return None
    low, middle, high = (max(elapsed, float(np.quantile(durations, q))) for q in (0.1, 0.5, 0.9))
    return Forecast(low, middle, high)


class Skill(Struct, frozen=True):
    """How much smaller a score is than that of history, as a share of it; with its interval, over `n` pairs."""

    value: float
    interval: Interval
    n: int


def error_skill(kept: Sequence[Kept]) -> Skill | None:
    """By the median of |restored - p50|; None without a pair."""
    pairs = [(abs(k.said.middle - k.restored), abs(k.history.middle - k.restored)) for k in kept if k.history]
    return _skill(pairs, median=True)


def interval_skill(kept: Sequence[Kept]) -> Skill | None:
    """By the mean interval score; None without a pair."""
    pairs = [(interval_score(k.said, k.restored), interval_score(k.history, k.restored)) for k in kept if k.history]
    return _skill(pairs, median=False)


def _skill(pairs: Sequence[tuple[float, float]], *, median: bool) -> Skill | None:
    if not pairs:
        return None
    ours, theirs = np.array(pairs).T
    centre = np.median if median else np.mean

    def gain(chosen: slice | np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
        reference = float(centre(theirs[chosen]))
        return 1 - float(centre(ours[chosen])) / reference if reference else 0.0

    return Skill(gain(slice(None)), bootstrap(len(pairs), gain), len(pairs))
