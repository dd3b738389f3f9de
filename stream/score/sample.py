"""The observations that one or more pairs of truth and output give; every target is computed from these alone.

Invariant: a sample of two pairs is the two samples put together. Times are epoch ms, delays seconds since the fault's
start unless a field says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from forewarn.stream.score.promises import Kept


class Sought(Struct, frozen=True, kw_only=True):
    """A real outage of the promised class, and what became of it.

    `silence_s`: when, after the start, the last of its devices counts as silent. `named`: the element that the answer
    names. `parent`: it took down enough to raise a flood of alarms, so that the right name counts; `swallowed`: it was
    announced as a part of another fault's outage. `story`: what was said about it, and why it is missed.
    """

    seed: int
    fault: str
    what: str
    region: str
    element: str
    start: int
    end: int
    devices: int
    share: float
    silence_s: float
    found: bool
    suspected_s: float | None
    confirmed_s: float | None
    told_s: float | None
    named: str | None
    right: bool
    parent: bool
    swallowed: bool
    affected: int
    told: int
    twice: int
    astray: int
    restored_late_s: float | None
    story: str


class FalseAlarm(Struct, frozen=True, kw_only=True):
    """A confirmed episode that answers nothing. `told`: customers who heard; `quiet`: no real outage was around it."""

    seed: int
    outage_id: str
    region: str
    element: str
    at: int
    reason: str
    fault: str | None
    devices: int
    told: int
    quiet: bool
    story: str


class Hush(Struct, frozen=True, kw_only=True):
    """Something that must stay silent. `told`: customers who heard of an outage because of it."""

    seed: int
    id: str
    what: str
    at: int
    told: int


class Hint(Struct, frozen=True, kw_only=True):
    """Something slight that one detector alone can see; `after_s`: how soon it did, None: it did not."""

    seed: int
    id: str
    what: str
    at: int
    after_s: float | None


class Threshold(Struct, frozen=True, kw_only=True):
    """A usage threshold reached, or said to be. `problem`: None, `missing`, `unexpected`, `twice`, `unwanted`."""

    seed: int
    customer: str
    bucket: str
    percent: float
    at: int
    problem: str | None


class Warned(Struct, frozen=True, kw_only=True):
    """A forecast that an allowance runs out within the cycle; `ahead_s`: how long before it did, None: it did not."""

    seed: int
    customer: str
    bucket: str
    ahead_s: float | None


class Sample(Struct, frozen=True, kw_only=True):
    """All observations. `region_days`: time in which no real outage was going on in a region."""

    pairs: int = 0
    region_days: float = 0.0
    sought: tuple[Sought, ...] = ()
    false: tuple[FalseAlarm, ...] = ()
    hush: tuple[Hush, ...] = ()
    hints: tuple[Hint, ...] = ()
    kept: tuple[Kept, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    warned: tuple[Warned, ...] = ()


def pool(samples: Iterable[Sample]) -> Sample:
    """One sample of many."""
    many = list(samples)
    return Sample(
        pairs=sum(one.pairs for one in many),
        region_days=sum(one.region_days for one in many),
        sought=tuple(each for one in many for each in one.sought),
        false=tuple(each for one in many for each in one.false),
        hush=tuple(each for one in many for each in one.hush),
        hints=tuple(each for one in many for each in one.hints),
        kept=tuple(each for one in many for each in one.kept),
        thresholds=tuple(each for one in many for each in one.thresholds),
        warned=tuple(each for one in many for each in one.warned),
    )
