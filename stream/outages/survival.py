"""Distributions of durations, tabulated as the share that lasts longer: mixing, and what remains after some time. Pure.

share that lasts longer
1 ─┬──┐
   │  └──┐        remaining time given `elapsed`: the curve beyond it, taken as the whole
   │     └─┬──────────┐
0 ─┴───────┴──────────┴────────> seconds
        elapsed      p50
"""

from __future__ import annotations

from math import erfc, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from forewarn.stream.outages.etr_policy import DAY_S

Floats = NDArray[np.float64]

#: Durations (s) at which distributions are tabulated: neighbours are 1.4 % apart.
GRID: Floats = np.geomspace(10.0, 120 * DAY_S, 1_000)
LOGS: Floats = np.log(GRID)


def lognormal(mean: float, spread: float) -> Floats:
    """A lognormal, by mean and standard deviation of ln(seconds)."""
    return np.array([0.5 * erfc((at - mean) / (spread * sqrt(2))) for at in LOGS])


def mixed(survival: Floats, strength: float, seconds: Floats) -> Floats:
    """Observed durations (s) weighed n : strength against a distribution; their steps are drawn as slopes.

    The mean of a Dirichlet process around the distribution (Ferguson, "A Bayesian analysis of some nonparametric
    problems", Annals of Statistics 1, 1973, theorem 1).
    """
    n = len(seconds)
    if not n:
        return survival
    longer = np.interp(LOGS, np.log(np.sort(seconds)), 1 - (np.arange(n) + 0.5) / n, left=1.0, right=0.0)
    return (n * longer + strength * survival) / (n + strength)


def fallen(survival: Floats) -> Floats:
    """-ln of the share that lasts longer, by which `conditional` asks: it keeps its grip on the far tail."""
    return -np.log(np.maximum(survival, 1e-300))


def conditional(fall: Floats, elapsed: float, share: float) -> float:
    """The duration (s) that a share of those longer than `elapsed` (s) do not exceed; `fall` is a table of `fallen`."""
    target = float(np.interp(log(max(elapsed, GRID[0])), LOGS, fall)) - log(1 - share)
    after = int(np.searchsorted(fall, target))
    if not 0 < after < len(GRID):
        return max(elapsed, float(GRID[min(after, len(GRID) - 1)]))
    low, high = float(fall[after - 1]), float(fall[after])
    part = (target - low) / (high - low)
    return max(elapsed, exp(LOGS[after - 1] + part * (LOGS[after] - LOGS[after - 1])))
