"""What an indicator usually is at a time of day: the median of the same slot over the last seven days. Pure.

    slot      … 10:00   10:05   10:10 …       one page = 12 slots of one series, one row `kh/<series>/<page>`
    newest day   812     807     799          a slot that is over shifts its mean in and the oldest out;
    …            805     810     801          one that lay in an outage does not: the baseline is frozen
    7th day      790     798     803
                 └── 15 min ──┘               baseline = running median over the neighbours of those over the days,
                                                    so that an edge (shops open at eight) stays one

Means and standard deviations are kept as the upper half of a float32 (three digits; NaN = none), 336 bytes a page, and
one page is written when a slot is over. Source: detection.md B.
Invariant: a baseline is a function of the pages alone, so that a restart changes none.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median, median_low

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.rows import SCHEMA

PAGES = b"kh/"
#: Slots of one page; days kept of a slot.
SLOTS, DAYS = 12, 7
#: A normal distribution's median absolute deviation, in standard deviations.
MAD_OF_NORMAL = 0.6745

Floats = NDArray[np.float32]


class Level(Struct, frozen=True, gc=False):
    """A baseline: what one sample usually is, its median absolute deviation, and the days behind most of its slots."""

    value: float
    scatter: float
    days: int


class Gathered(Struct, frozen=True, array_like=True, gc=False):
    """The samples of the slot `number`, by Welford: how many, their mean, their squared deviations.

    `mixed`: part of the slot lay in an outage; it teaches nothing.
    """

    number: int = 0
    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    mixed: bool = False


def gather(slot: Gathered, value: float, *, mixed: bool) -> Gathered:
    """Adds a sample, `mixed` if it lay in an outage (B. P. Welford, Technometrics 4 (3), 1962)."""
    count, delta = slot.count + 1, value - slot.mean
    mean = slot.mean + delta / count
    return Gathered(slot.number, count, mean, slot.squares + delta * (value - mean), slot.mixed or mixed)


class Baseline:
    """The pages of all series of one region partition. They are read when a slot begins and kept until one ends."""

    def __init__(self, policy: KpiPolicy) -> None:
        self.season = int(policy.season_s * 1000)
        self.slots = max(1, round(policy.season_s / policy.slot_s))
        self.reach = min(round(policy.smooth_s / policy.slot_s) // 2, (self.slots - 1) // 2)
        self._levels: dict[str, dict[int, Level | None]] = {}

    def number(self, at: int) -> int:
        """The number of the slot that `at` (epoch ms) lies in; it rises for ever."""
        return at * self.slots // self.season

    def level(self, unit: Unit, series: str, at: int) -> Level | None:
        """The baseline of a series at `at` (epoch ms); None before anything was learned."""
        slot = self.number(at) % self.slots
        known = self._levels.setdefault(series, {})
        if slot not in known:
            known[slot] = self._read(unit, series, slot)
        return known[slot]

    def learn(self, unit: Unit, series: str, slot: Gathered) -> None:
        """Takes a slot that is over and lay in no outage."""
        at = slot.number % self.slots
        key, page = self._key(series, at), self._page(unit, series, at)
        days = page[at % SLOTS]
        days[:, 1:] = days[:, :-1]
        days[:, 0] = slot.mean, (slot.squares / slot.count) ** 0.5
        unit.put(key, SCHEMA + _pack(page))
        self._levels.pop(series, None)

    def forget(self, unit: Unit, series: str) -> None:
        """Deletes the pages of a series that is no more."""
        self._levels.pop(series, None)
        for slot in range(0, self.slots, SLOTS):
            if unit.get(key := self._key(series, slot)) is not None:
                unit.delete(key)

    def _read(self, unit: Unit, series: str, slot: int) -> Level | None:
        found = [level for days in self._around(unit, series, slot) if (level := _median(days)) is not None]
        if not found:
            return None
        value = median(level.value for level in found)
        scatter = median(level.scatter for level in found)
        return Level(value, scatter, median_low([level.days for level in found]))

    def _around(self, unit: Unit, series: str, slot: int) -> Iterator[Floats]:
        for near in range(slot - self.reach, slot + self.reach + 1):
            near %= self.slots
            yield self._page(unit, series, near)[near % SLOTS]

    def _page(self, unit: Unit, series: str, slot: int) -> Floats:
        row = unit.get(self._key(series, slot))
        return _unpack(row[1:]) if row is not None else np.full((SLOTS, 2, DAYS), np.nan, np.float32)

    def _key(self, series: str, slot: int) -> bytes:
        return PAGES + f"{series}/{slot // SLOTS}".encode()


def _median(days: Floats) -> Level | None:
    """The median of one slot's means, and the median of how far single samples lie from it."""
    means = days[0][~np.isnan(days[0])].astype(float)
    if not means.size:
        return None
    value = float(np.median(means))
    apart = np.abs(means - value) + MAD_OF_NORMAL * days[1][: means.size]
    return Level(value, float(np.median(apart)), int(means.size))


def _pack(page: Floats) -> bytes:
    """The upper half of each float32, rounded to nearest."""
    wide = np.ascontiguousarray(page, np.float32).view(np.uint32)
    return bytes(((wide + np.uint32(0x8000)) >> np.uint32(16)).astype("<u2").tobytes())


def _unpack(row: bytes) -> Floats:
    wide = np.frombuffer(row, "<u2").astype(np.uint32) << np.uint32(16)
    return wide.view(np.float32).reshape(SLOTS, 2, DAYS)
