"""95 % intervals: of a share, of a rate, of a quantile, and of how much better one thing is than another.

Invariant: the same observations give the same interval; nothing is assumed of how delays or errors are distributed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Two-sided 95 % of the normal distribution.
Z95 = 1.959963984540054
TAIL = 0.025
RESAMPLES = 2_000

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """Lower and upper bound; infinite where the observations do not bound it."""

    low: float
    high: float


def wilson(hits: int, n: int) -> Interval:
    """Of a share of `hits` in `n`: good for small n and for shares near 0 or 1.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if n == 0:
        return Interval(0.0, 1.0)
    share, z2 = hits / n, Z95 * Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def poisson(count: int, exposure: float) -> Interval:
    """Of a rate per unit of `exposure` after `count` events: exact (F. Garwood, "Fiducial limits for the Poisson
    distribution", Biometrika 28, 1936).
    """
    if exposure <= 0:
        return Interval(0.0, math.inf)
    low = 0.0 if count == 0 else _solve(lambda mean: 1 - _poisson_cdf(count - 1, mean) - TAIL, 0.0, count + 1.0)
    high = _solve(lambda mean: TAIL - _poisson_cdf(count, mean), float(count), count + 10 + 6 * math.sqrt(count + 1))
    return Interval(low / exposure, high / exposure)


def _poisson_cdf(count: int, mean: float) -> float:
    if mean <= 0:
        return 1.0
    terms = (math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
    return min(1.0, math.fsum(terms))


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero, by bisection."""
    for _ in range(100):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile: the smallest value that at least a part q of the values does not exceed. Values: at least one."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def order_statistics(values: Sequence[float], q: float) -> Interval:
    """Of a quantile, by the ranks between which it lies (H. A. David, H. N. Nagaraja, "Order Statistics", 7.1)."""
    ordered, n = sorted(values), len(values)
    if n == 0:
        return Interval(-math.inf, math.inf)
    below = list(accumulate(_binomial(k, n, q) for k in range(n + 1)))  # [k]: that at most k values are below
    low = max((rank for rank in range(1, n + 1) if below[rank - 1] <= TAIL), default=0)
    high = min((rank for rank in range(1, n + 1) if below[rank - 1] >= 1 - TAIL), default=0)
    return Interval(ordered[low - 1] if low else -math.inf, ordered[high - 1] if high else math.inf)


def _binomial(k: int, n: int, p: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(choose + k * math.log(p) + (n - k) * math.log1p(-p))


def bootstrap(n: int, statistic: Callable[[NDArray[np.intp]], float]) -> Interval:
    """Of any statistic of n observations, given their indices: percentiles over resamples (B. Efron, "Bootstrap
    methods", Annals of Statistics 7, 1979) drawn from a fixed seed.
    """
    if n == 0:
        return Interval(-math.inf, math.inf)
    draws = np.random.default_rng(20_260_105)
    found = np.array([statistic(draws.integers(0, n, n)) for _ in range(RESAMPLES)])
    return Interval(float(np.quantile(found, TAIL)), float(np.quantile(found, 1 - TAIL)))
