"""Figures without a target: how long things took, whom they reached, and recall by size, kind and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct

from forewarn.stream.score.intervals import Interval, order_statistics, quantile, wilson
from forewarn.stream.score.sample import Sample, Sought

#: Sizes of outages by devices, as (from, to) inclusive.
SIZES = ((1, 4), (5, 9), (10, 24), (25, 49), (50, 10**9))


class Figure(Struct, frozen=True, kw_only=True):
    """One figure with its interval over `n` observations; `unit` as in `Target`."""

    name: str
    unit: str
    value: float
    interval: Interval
    n: int


class Found(Struct, frozen=True):
    """How many of the real outages of one kind or size were found."""

    name: str
    found: int
    of: int

    @property
    def interval(self) -> Interval:
        """Of the share found."""
        return wilson(self.found, self.of)


def _lead(one: Sought) -> float | None:
    return None if one.told_s is None else (one.end - one.start) / 1000 - one.told_s


#: What is shown of delays, and by which quantiles.
DELAYS: tuple[tuple[str, Callable[[Sought], float | None], tuple[float, ...]], ...] = (
    ("suspected after its start", lambda one: one.suspected_s, (0.5, 0.95)),
    ("confirmed after its start", lambda one: one.confirmed_s, (0.5, 0.95)),
    ("first customer told after its start", lambda one: one.told_s, (0.5, 0.95)),
    ("first customer told before its end", _lead, (0.5,)),
    ("restored after its end", lambda one: one.restored_late_s, (0.5, 0.95)),
)


def figures(sample: Sample) -> tuple[Figure, ...]:
    """The figures that there are observations for."""
    found = [one for one in sample.sought if one.found]
    rows: list[Figure] = []
    for name, of, qs in DELAYS:
        values = [value for one in found if (value := of(one)) is not None]
        for q in qs:
            rows += _figure(f"{name}, p{q * 100:.0f}", values, q)
    told, astray = sum(one.told for one in found), sum(one.astray for one in found)
    affected, twice = sum(one.affected for one in found), sum(one.twice for one in found)
    rows += _share("affected customers told (others opted out, or have no contact)", told, affected)
    rows += _share("told customers who were not affected", astray, told + astray)
    rows += _share("told customers who heard of one outage more than once", twice, told + astray)
    for what in sorted({one.what for one in sample.hints}):
        hints = [one.after_s for one in sample.hints if one.what == what]
        rows += _share(f"{what.replace('_', ' ')}: noticed", sum(after is not None for after in hints), len(hints))
        rows += _figure(f"{what.replace('_', ' ')}: noticed after, p50", [one for one in hints if one is not None], 0.5)
    return tuple(rows)


def _figure(name: str, values: Sequence[float], q: float) -> list[Figure]:
    if not values:
        return []
    value, interval = quantile(values, q), order_statistics(values, q)
    return [Figure(name=name, unit=" s", value=value, interval=interval, n=len(values))]


def _share(name: str, hits: int, n: int) -> list[Figure]:
    return [Figure(name=name, unit="%", value=hits / n, interval=wilson(hits, n), n=n)] if n else []


def by_size(sample: Sample) -> tuple[Found, ...]:
    """Recall by devices, the smallest first."""
    rows = []
    for low, high in SIZES:
        these = [one for one in sample.sought if low <= one.devices <= high]
        name = f"{low}-{high}" if high < 10**9 else f"{low}+"
        rows.append(Found(name, sum(one.found for one in these), len(these)))
    return tuple(rows)


def precise_by_size(sample: Sample) -> tuple[Found, ...]:
    """Precision by the number of devices that the outage was said to have."""
    rows = []
    for low, high in SIZES:
        true = sum(one.found and low <= one.devices <= high for one in sample.sought)
        false = sum(low <= max(1, one.devices) <= high for one in sample.false)
        rows.append(Found(f"{low}-{high}" if high < 10**9 else f"{low}+", true, true + false))
    return tuple(rows)


def by_kind(sample: Sample) -> tuple[Found, ...]:
    """Recall by what broke, the weakest first."""
    all_, found = Counter(one.what for one in sample.sought), Counter(o.what for o in sample.sought if o.found)
    rows = [Found(what, found[what], all_[what]) for what in sorted(all_)]
    return tuple(sorted(rows, key=lambda row: (row.found / row.of, row.name)))


def silence(sample: Sample) -> tuple[Found, ...]:
    """How much of what must stay silent did, by what it was."""
    all_ = Counter(one.what for one in sample.hush)
    kept = Counter(one.what for one in sample.hush if not one.told)
    return tuple(Found(what, kept[what], all_[what]) for what in sorted(all_))
