"""The targets of detection, each with its value, its 95 % interval, n, and a verdict.

A target is MISS when its value falls short on enough observations, or when even the whole interval falls short on
fewer; with fewer observations than `n_min` it is `n too small` otherwise. What must never happen has no such number:
one case is a MISS. `n_min` is 30 for shares and medians, 59 for a 95th percentile (below, the largest value may well
be under it: 0.95^59 < 0.05), 3,000 region-days for false outages, and 250 for the coverage of p10 to p90 (with fewer,
a perfect forecaster leaves 75-85 % one time in twenty).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from forewarn.stream.score.intervals import Interval, bootstrap, order_statistics, poisson, quantile, wilson
from forewarn.stream.score.promises import Skill, covers, error_skill, interval_skill
from forewarn.stream.score.sample import Sample

SHARE_MIN, TAIL_MIN, QUIET_MIN, COVER_MIN = 30, 59, 3_000, 250


class Verdict(StrEnum):
    """How a target stands."""

    PASS = "PASS"  # noqa: S105  a word, no password
    MISS = "MISS"
    SMALL = "n too small"


class Target(Struct, frozen=True, kw_only=True):
    """One target. It is met within [`least`, `most`]; `unit` is shown behind value and bounds (`%`: as percent)."""

    key: str
    name: str
    unit: str
    least: float
    most: float
    value: float | None
    interval: Interval
    n: float
    n_min: float

    @property
    def verdict(self) -> Verdict:
        """See the module's text."""
        if self.value is None:
            return Verdict.SMALL
        met = self.least <= self.value <= self.most
        if self.n >= self.n_min:
            return Verdict.PASS if met else Verdict.MISS
        hopeless = self.interval.low > self.most or self.interval.high < self.least
        return Verdict.MISS if hopeless and not met else Verdict.SMALL

    @property
    def gap(self) -> float:
        """How much is wanting, in the target's unit; 0 when it is met."""
        return 0.0 if self.value is None else max(self.least - self.value, self.value - self.most, 0.0)


def targets(sample: Sample) -> tuple[Target, ...]:
    """Every target, in the order in which they are shown."""
    return (
        *_detection(sample),
        *_delays(sample),
        *_silence(sample),
        *_topology(sample),
        *_etr(sample),
        *_usage(sample),
    )


def _detection(sample: Sample) -> tuple[Target, ...]:
    found = sum(one.found for one in sample.sought)
    return (
        _share("precision", "precision", found, found + len(sample.false), least=0.95),
        _share("recall", "recall", found, len(sample.sought), least=0.9),
    )


def _delays(sample: Sample) -> tuple[Target, ...]:
    found = [one for one in sample.sought if one.found]
    suspected = [max(0.0, s.suspected_s - s.silence_s) for s in found if s.suspected_s is not None]
    confirmed = [max(0.0, s.confirmed_s - s.silence_s) for s in found if s.confirmed_s is not None]
    return (
        _tail("suspected", "suspected after the silence time-out, p95", suspected, 60.0),
        _tail("confirmed", "confirmed after the silence time-out, p95", confirmed, 180.0),
    )


def _silence(sample: Sample) -> tuple[Target, ...]:
    false = sum(1 for one in sample.false if one.quiet and one.told)
    days = sample.region_days
    per_1000 = poisson(false, days / 1000)
    broken = sum(1 for one in sample.hush if one.told)
    return (
        Target(key="false_outages", name="false customer-facing outages per 1,000 quiet region-days", unit="",
               least=0.0, most=1.0, value=false / days * 1000 if days else None, interval=per_1000,
               n=days, n_min=QUIET_MIN),
        _never("silence", "told of what must stay silent", broken, len(sample.hush)),
    )  # fmt: skip


def _topology(sample: Sample) -> tuple[Target, ...]:
    floods = [one for one in sample.sought if one.parent]
    named = [one for one in floods if one.found]
    return (
        _share("parent", "parent named rightly in alarm floods", sum(o.right for o in named), len(named), least=0.9),
        _share("merged", "outages merged into another's", sum(o.swallowed for o in sample.sought), len(sample.sought),
               most=0.1),
    )  # fmt: skip


def _etr(sample: Sample) -> tuple[Target, ...]:
    covered = sum(covers(kept.said, kept.restored) for kept in sample.kept)
    return (
        _share("etr_coverage", "ETR p10 to p90 covers", covered, len(sample.kept), least=0.75, most=0.85,
               n_min=COVER_MIN),
        _skill("etr_error", "ETR median error below history's", error_skill(sample.kept)),
        _skill("etr_interval", "ETR interval score below history's", interval_skill(sample.kept)),
    )  # fmt: skip


def _usage(sample: Sample) -> tuple[Target, ...]:
    wrong = sum(1 for one in sample.thresholds if one.problem)
    right = [one.ahead_s / 3600 for one in sample.warned if one.ahead_s is not None]
    return (
        _never("thresholds", "thresholds not told exactly once", wrong, len(sample.thresholds)),
        _share("forecast", "forecast precision", len(right), len(sample.warned), least=0.8),
        Target(key="warning", name="forecast warning, median", unit=" h", least=48.0, most=math.inf,
               value=quantile(right, 0.5) if right else None, interval=order_statistics(right, 0.5),
               n=len(right), n_min=SHARE_MIN),
    )  # fmt: skip


def _share(
    key: str, name: str, hits: int, n: int, *, least: float = 0.0, most: float = 1.0, n_min: int = SHARE_MIN
) -> Target:
    value = hits / n if n else None
    return Target(key=key, name=name, unit="%", least=least, most=most, value=value, interval=wilson(hits, n),
                  n=n, n_min=n_min)  # fmt: skip


def _tail(key: str, name: str, delays: Sequence[float], most: float) -> Target:
    value = quantile(delays, 0.95) if delays else None
    return Target(key=key, name=name, unit=" s", least=0.0, most=most, value=value,
                  interval=order_statistics(delays, 0.95), n=len(delays), n_min=TAIL_MIN)  # fmt: skip


def _never(key: str, name: str, cases: int, n: int) -> Target:
    """One case is one too many, however few were looked at; none among too few says little."""
    return Target(key=key, name=name, unit="", least=0.0, most=0.0, value=float(cases) if n else None,
                  interval=poisson(cases, 1.0), n=n, n_min=0 if cases else SHARE_MIN)  # fmt: skip


def _skill(key: str, name: str, skill: Skill | None) -> Target:
    return Target(key=key, name=name, unit="%", least=0.15, most=math.inf, value=skill.value if skill else None,
                  interval=skill.interval if skill else bootstrap(0, lambda _: 0.0), n=skill.n if skill else 0,
                  n_min=SHARE_MIN)  # fmt: skip
