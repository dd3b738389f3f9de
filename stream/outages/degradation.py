"""Detector D: what goes wrong (loss, failures) creeps up: a Poisson CUSUM. Pure.

    C                          ┌──●──●── h     C = max(0, C + x - k): what lies above k adds up, chance does not;
                        ●──●───┘        \\       open when C reaches h, over when it is back at 0: its own reset
    ────●──●──●──●──●───┘ onset          ●─●── 0

x is the reading in units of its dispersion, so that a ratio, or a count that scatters more than Poisson's, has its
variance equal to its mean (quasi-Poisson, P. McCullagh and J. A. Nelder, "Generalized Linear Models", 1989, 9.2).

Sources: E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954; J. M. Lucas, "Counted data CUSUM's",
Technometrics 27 (2), 1985: k = (m1 - m0) / (ln m1 - ln m0) for means m0 in control and m1 out of it. In units of the
log-likelihood ratio h = ln(samples between false alarms) holds that many at least (G. Lorden, "Procedures for reacting
to a change in distribution", Ann. Math. Stat. 42 (6), 1971). One sample moves C by h / 5 at most, so that an outlier
is none (J. M. Lucas and R. B. Crosier, "Robust CUSUM", Comm. Stat. 11 (23), 1982); by h / 10 at least when it falls.
Invariant: 0 <= C <= h; it raises suspicions, and never confirms one.
"""

from __future__ import annotations

from math import log, sqrt

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.baseline import Level
from forewarn.stream.outages.kpi_policy import KpiPolicy, KpiRule

#: A ratio is not taken to be steadier than this: standard deviation over mean, squared.
STEADIEST = 0.01
#: A sample teaches no more than so many standard deviations above what is expected.
OUTLIER = 4.0


class Cusum(Struct, frozen=True, array_like=True, gc=False):
    """The state of one indicator.

    `learned` samples taught its own `mean` and the `variance` about what was usual; `sum` is C; `zero` is
    the time (epoch ms) of the last sample with C = 0; `open` is the onset of the suspicion, 0 without one; `run` is how
    long the rise took, in ms.
    """

    learned: int = 0
    mean: float = 0.0
    variance: float = 0.0
    sum: float = 0.0
    zero: int = 0
    open: int = 0
    run: int = 0


def threshold(policy: KpiPolicy) -> float:
    """h, in dispersions: ln(samples between false alarms), divided by ln(growth)."""
    return log(policy.false_alarm_samples) / log(policy.growth)


def usual(policy: KpiPolicy, rule: KpiRule, state: Cusum, level: Level | None) -> float | None:
    """What usually goes wrong in one sample: the baseline, else for ratios what the indicator itself has shown.

    Counts follow the traffic, from night to day by a multiple, so that they are judged by a baseline alone.
    """
    if level is not None and level.days >= policy.days_min:
        return level.value
    return state.mean if rule.kind != "failures" and state.learned >= policy.learn_samples else None


def step(
    policy: KpiPolicy, rule: KpiRule, state: Cusum, at: int, value: float, level: Level | None, *, weight: float
) -> Cusum:
    """Folds the next sample by event time `at` (epoch ms); `weight` is one interval's share of the learning time."""
    before = usual(policy, rule, state, level)
    if before is None:
        return _taught(state, value, state.mean, weight, zero=at)
    expected = max(before, rule.floor)
    least = _least(rule, expected)
    dispersion = max(state.variance / expected, least)
    k = expected / dispersion * (policy.growth - 1) / log(policy.growth)
    h = threshold(policy)
    most = h / policy.cusum_samples
    apart = min(max(value / dispersion - k, -most), most)
    if state.open and apart < 0:
        apart = min(apart, -most / 2)
    grown = min(max(state.sum + apart, 0.0), h)
    after = replace(state, sum=grown, zero=at if grown == 0 else state.zero)
    if grown == h and not state.open:
        after = replace(after, open=state.zero or at, run=at - state.zero if state.zero else 0)
    elif grown == 0:
        after = replace(after, open=0, run=0)
    if after.open:
        stays = at - after.open > policy.frozen_s * 1000
        return _taught(after, value, before, weight, zero=after.zero) if stays else after
    tame = min(value, expected + OUTLIER * sqrt(max(state.variance, least * expected)))
    return _taught(after, tame, before, weight, zero=after.zero) if grown < h / 2 else after


def _least(rule: KpiRule, expected: float) -> float:
    """The least dispersion, variance over mean: Poisson's 1 for counts."""
    return 1.0 if rule.kind == "failures" else STEADIEST * expected


def _taught(state: Cusum, value: float, before: float, weight: float, *, zero: int) -> Cusum:
    """Learns from a sample, of which `before` is usual: moving averages, plain means at first."""
    learned = state.learned + 1
    part = max(1 / learned, weight)
    apart = value - before if state.learned else 0.0
    return replace(
        state,
        learned=learned,
        mean=state.mean + part * (value - state.mean),
        variance=state.variance + part * (apart * apart - state.variance),
        zero=zero,
    )
