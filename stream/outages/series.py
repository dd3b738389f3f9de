"""The samples of one indicator, brought into order before its detector takes them. Pure.

    settled │ tail: newer than the newest sample less the lateness
    ──●──●──┼──●─────●──────●  newest       a sample is folded for good once none can come before it any more;
       folded   ^ a late one is put where it belongs      what the tail says is looked at, not kept

Invariant: samples that are late by the policy's lateness at most, in any order and however often, end in the same
state; one that comes later still is dropped.
"""

from __future__ import annotations

from bisect import bisect_left
from statistics import median_low

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages import baseline, degradation, kpi
from forewarn.stream.outages.baseline import Gathered, Level
from forewarn.stream.outages.degradation import Cusum
from forewarn.stream.outages.kpi import Drop
from forewarn.stream.outages.kpi_policy import KpiPolicy, KpiRule
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.vicinity import Near

#: Samples of the tail at most, gaps that the interval is learned from, and the fewest that teach one.
TAIL, GAPS, GAPS_MIN = 64, 5, 3

#: Event time, reading, interval that it names (0 if none), where devices were suspected when it came; times in ms.
Sample = tuple[int, float, int, int]


class Series(Struct, frozen=True, array_like=True, gc=False):
    """What is kept of one indicator beside its pages. Times are epoch ms of event time.

    `settled` is the time of the last sample that was folded for good, `tail` what came since, by time; `said` is the
    interval that samples name, 0 if none does, `gaps` the last ones seen. One of `drop` and `cusum` is in use.
    """

    settled: int = 0
    tail: tuple[Sample, ...] = ()
    said: int = 0
    gaps: tuple[int, ...] = ()
    slot: Gathered = Gathered()
    drop: Drop = Drop()
    cusum: Cusum = Cusum()

    @property
    def newest(self) -> int:
        """The time of the newest sample."""
        return self.tail[-1][0] if self.tail else self.settled

    @property
    def open(self) -> int:
        """The onset of what is suspected, 0 without a suspicion."""
        return self.drop.open or self.cusum.open


SERIES = Shelf("k/", Series)


def interval(state: Series, usual: int) -> int:
    """Time between two samples in ms: as they say, else the median of the last gaps, else `usual`."""
    return state.said or (median_low(state.gaps) if len(state.gaps) >= GAPS_MIN else usual)


def take(state: Series, rule: KpiRule, sample: Sample) -> Series:
    """Puts a sample where it belongs; the same object if it is too late or says nothing new.

    Of two samples of one time the one that speaks for less trouble counts, whichever came first.
    """
    at, value, said, around = sample
    if at <= state.settled:
        return state
    place = bisect_left(state.tail, (at,))
    before, after = state.tail[:place], state.tail[place:]
    if after and after[0][0] == at:
        value = (max if rule.kind == "volume" else min)(value, after[0][1])
        said, around, after = max(said, after[0][2]), max(around, after[0][3]), after[1:]
    tail = (*before, (at, value, said, around), *after)
    return state if tail == state.tail else replace(state, tail=tail)


def due(state: Series, lateness: int) -> int:
    """How many samples of the tail nothing can come before any more."""
    return max(bisect_left(state.tail, (state.newest - lateness + 1,)), len(state.tail) - TAIL)


def known(policy: KpiPolicy, level: Level | None) -> bool:
    """Whether a baseline has days enough behind it."""
    return level is not None and level.days >= policy.days_min


def ends(policy: KpiPolicy, state: Series, number: int, level: Level | None) -> Gathered | None:
    """The slot that is over when a sample of slot `number` is next, if it may teach the baseline.

    Not when part of it lay in an outage, nor while something is low or adds up against its baseline `level`.
    """
    slot = state.slot
    if number == slot.number or not slot.count or slot.mixed:
        return None
    calm = not state.drop.low and state.cusum.sum < degradation.threshold(policy) / 2
    return slot if calm or state.open or not known(policy, level) else None


def fold(
    policy: KpiPolicy, rule: KpiRule, state: Series, sample: Sample, *, number: int, level: Level | None, usual: int
) -> Series:
    """Folds the next sample by time, of slot `number` with the baseline `level`. The tail stays as it is.

    Devices that are suspected on its element or above freeze the baseline; so does the indicator's own suspicion, once
    there is a baseline, until it has lasted for so long that its level is the new one. What goes wrong while devices
    are suspected, below it too, is no degradation.
    """
    at, value, said, around = sample
    said = said or state.said
    every = interval(replace(state, said=said), usual)
    drop, cusum = state.drop, state.cusum
    if rule.kind == "volume":
        if at - state.settled > policy.gap_intervals * every:
            drop = kpi.paused(drop)
        drop = kpi.step(policy, drop, at, value, level, rule.floor)
    elif not around:
        weight = min(1.0, every / (policy.season_s * 1000))
        cusum = degradation.step(policy, rule, cusum, at, value, level, weight=weight)
    onset = drop.open or cusum.open
    freezes = known(policy, level) and onset > 0 and at - onset <= policy.frozen_s * 1000
    slot = state.slot if number == state.slot.number else Gathered(number)
    slot = baseline.gather(slot, value, mixed=around == Near.ON or freezes)
    gaps = (*state.gaps, at - state.settled)[-GAPS:] if state.settled else ()
    return Series(at, state.tail, said, gaps, slot, drop, cusum)


def silenced(state: Series) -> Series:
    """The state after its indicator has said nothing for so long that nothing is known any more."""
    return replace(state, drop=Drop(), cusum=replace(state.cusum, sum=0.0, open=0, run=0, zero=0))
