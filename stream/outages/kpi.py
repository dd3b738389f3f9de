"""Detector B: a volume (sessions, attach attempts) that falls far below what it usually is at this time. Pure.

    value
      1.0 b ─●──●──●─                        ─●──●──●─       b: median of the same slot over 7 days
      0.8 b ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ●─ ─│─ ─ ─ ─
      0.5 b ─ ─ ─ ─ ─│─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─│─ ─ ─
                     ●  ●  ●  ●  ●  ●  ●          3 samples above 0.8: over
                     onset └─ 3 samples below 0.5: suspected

Source: detection.md B. That volumes of user activity show outages, against a baseline made of the same time of earlier
days, is the way of A. Guillot, R. Fontugne et al., "Chocolatine: outage detection for internet background radiation",
TMA 2019; a median and its absolute deviation stand here for their seasonal model, as they cost next to nothing and are
not moved by a past outage. A drop alone never confirms.
Invariant: samples that do not come are no drop; what is not eligible raises nothing.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.baseline import Level
from forewarn.stream.outages.kpi_policy import KpiPolicy


class Drop(Struct, frozen=True, array_like=True, gc=False):
    """A volume's state: `low` samples below `fall`, or `high` ones above `rise`, one after another.

    `first` is the time (epoch ms) of the first low sample; `open` is the onset of the suspicion, 0 without one; `share`
    is the last low sample as a share of its baseline.
    """

    low: int = 0
    high: int = 0
    first: int = 0
    open: int = 0
    share: float = 1.0

    @property
    def calm(self) -> bool:
        """Whether nothing is low: what was seen may teach the baseline."""
        return not (self.low or self.open)


def eligible(policy: KpiPolicy, level: Level | None, floor: float) -> bool:
    """Whether a baseline is known for days enough, large, and steady enough to judge by."""
    return (
        level is not None
        and level.days >= policy.days_min
        and level.value >= floor
        and level.value > policy.scatter_max * level.scatter
    )


def step(policy: KpiPolicy, state: Drop, at: int, value: float, level: Level | None, floor: float) -> Drop:
    """Folds the next sample by event time `at` (epoch ms); `level` is the baseline of its slot, None without one."""
    if state.open:
        back = level is None or value > policy.rise * level.value
        high = state.high + 1 if back else 0
        return Drop() if high >= policy.samples else replace(state, high=high)
    if level is None or not eligible(policy, level, floor) or value >= policy.fall * level.value:
        return Drop() if state.low else state
    low, first = state.low + 1, state.first if state.low else at
    return Drop(low, 0, first, first if low >= policy.samples else 0, value / level.value)


def paused(state: Drop) -> Drop:
    """The state after a gap without samples: what was counted, counts no more; a suspicion stays."""
    return replace(state, high=0) if state.open else Drop()
