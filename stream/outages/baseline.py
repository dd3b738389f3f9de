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

from statistics import median_low
from struct import Struct as Layout

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.rows import SCHEMA

PAGES = b"kh/"
#: Slots of one page; days kept of a slot.
SLOTS, DAYS = 12, 7
#: A normal distribution's median absolute deviation, in standard deviations.
MAD_OF_NORMAL = 0.6745

#: One slot of a page: the means of its days, newest first, then their standard deviations; 2 bytes each.
SLOT = Layout(f"<{2 * DAYS}H")
WIDE, FLOATS = Layout(f"<{2 * DAYS}I"), Layout(f"<{2 * DAYS}f")
FLOAT, LONG, HALF = Layout("<f"), Layout("<I"), Layout("<H")
NONE = HALF.pack(0x7FC0)


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
    """The pages of all series of one region partition; what was read lately of each is kept in memory."""

    def __init__(self, policy: KpiPolicy) -> None:
        self.season = int(policy.season_s * 1000)
        self.slots = max(1, round(policy.season_s / policy.slot_s))
        self.reach = min(round(policy.smooth_s / policy.slot_s) // 2, (self.slots - 1) // 2)
        self._alone: dict[str, dict[int, Level | None]] = {}  #: series -> slot -> its own median, not smoothed
        self._smooth: dict[str, tuple[int, Level | None]] = {}  #: series -> the slot asked for last, its baseline

    def number(self, at: int) -> int:
        """The number of the slot that `at` (epoch ms) lies in; it rises for ever."""
        return at * self.slots // self.season

    def level(self, unit: Unit, series: str, at: int) -> Level | None:
        """The baseline of a series at `at` (epoch ms); None before anything was learned."""
        slot = self.number(at) % self.slots
        last = self._smooth.get(series)
        if last is None or last[0] != slot:
            last = self._smooth[series] = slot, self._around(unit, series, slot)
        return last[1]

    def learn(self, unit: Unit, series: str, slot: Gathered) -> None:
        """Takes a slot that is over and lay in no outage."""
        at = slot.number % self.slots
        key = self._key(series, at)
        page = unit.get(key) or SCHEMA + NONE * (2 * DAYS * SLOTS)
        start = len(SCHEMA) + at % SLOTS * SLOT.size
        middle, end = start + SLOT.size // 2, start + SLOT.size
        means = _half(slot.mean) + page[start : middle - HALF.size]
        deviations = _half((slot.squares / slot.count) ** 0.5) + page[middle : end - HALF.size]
        unit.put(key, page[:start] + means + deviations + page[end:])
        self._alone.get(series, {}).pop(at, None)
        self._smooth.pop(series, None)

    def forget(self, unit: Unit, series: str) -> None:
        """Deletes the pages of a series that is no more."""
        self._alone.pop(series, None)
        self._smooth.pop(series, None)
        for slot in range(0, self.slots, SLOTS):
            if unit.get(key := self._key(series, slot)) is not None:
                unit.delete(key)

    def _around(self, unit: Unit, series: str, slot: int) -> Level | None:
        """The baseline of a slot: the running median over its neighbours."""
        near = [number % self.slots for number in range(slot - self.reach, slot + self.reach + 1)]
        known = self._alone.get(series, {})
        alone = {number: known[number] if number in known else self._read(unit, series, number) for number in near}
        self._alone[series] = alone
        found = [level for level in alone.values() if level is not None]
        if not found:
            return None
        return Level(
            _median([level.value for level in found]),
            _median([level.scatter for level in found]),
            median_low([level.days for level in found]),
        )

    def _read(self, unit: Unit, series: str, slot: int) -> Level | None:
        """The median of one slot's means, and the median of how far single samples lie from it."""
        page = unit.get(self._key(series, slot))
        if page is None:
            return None
        halves = SLOT.unpack_from(page, len(SCHEMA) + slot % SLOTS * SLOT.size)
        figures = FLOATS.unpack(WIDE.pack(*[half << 16 for half in halves]))
        means = [mean for mean in figures[:DAYS] if mean == mean]
        if not means:
            return None
        value = _median(means)
        apart = [abs(mean - value) + MAD_OF_NORMAL * wide for mean, wide in zip(means, figures[DAYS:], strict=False)]
        return Level(value, _median(apart), len(means))

    def _key(self, series: str, slot: int) -> bytes:
        return PAGES + f"{series}/{slot // SLOTS}".encode()


def _median(values: list[float]) -> float:
    """As `statistics.median`, for the few values here ten times as fast."""
    values.sort()
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def _half(value: float) -> bytes:
    """The upper half of a float32, rounded to nearest."""
    (wide,) = LONG.unpack(FLOAT.pack(value))
    return HALF.pack((wide + 0x8000) >> 16)
