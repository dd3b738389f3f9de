"""How long outages last, learned from those that ended: the distribution behind every estimate (detection.md I). Pure.

    an outage ended ──> teach ──> cell of its cause, size and hour ─┐
                             └──> sums of its region                ├──> quantile of what remains, given `elapsed`
                                  lognormal assumed for its cause ──┘

The distribution of a cell backs off from the special to the general; each level weighs its n durations against all that
is below it, and an outage counts at one level only:

    same cause, size, hour ── n : cell_strength      Durations of other cells are stretched by what `RepairFit` says
      same cause ── n : cell_strength                of the difference between their cell and this one. Beyond the
        all outages ── n : cell_strength             longest of them, only the lognormal's tail is left.
          lognormal of the fit

An outage of unknown cause is judged by the distributions of all causes, each as often as it had been unknown at first:
fibre and power mostly show themselves at once, so what shows nothing is mostly something else. A region's pace
stretches the whole.
Rows: `etr/c/<cause>/<size>/<hour>` Durations, the newest `kept`; `etr/r/<region>` Sums; `etr/h/all` Hidden.
Invariant: rows are a function of the outages taught and their order; memory is bounded by cells x kept, and regions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import exp, log
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.etr_policy import MEDIANS_S, EtrPolicy
from forewarn.stream.outages.repair_fit import Cell, RepairFit
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.survival import LOGS, Floats, conditional, fallen, lognormal, mixed

UNKNOWN = "unknown"


class Kind(Struct, frozen=True, gc=False):
    """What an outage's length may depend on. `cause` is a published one; `size` a number of elements."""

    cause: str
    size: int
    region: str
    started: int  #: epoch ms


class Durations(Struct, frozen=True, array_like=True, gc=False):
    """Lengths of outages of one cell in seconds, oldest first."""

    seconds: tuple[int, ...] = ()


class Sums(Struct, frozen=True, array_like=True, gc=False):
    """A region's outages by cell: their weight, and the sum of the logarithms of their lengths (s)."""

    by_cell: dict[str, tuple[float, float]] = {}


class Hidden(Struct, frozen=True, array_like=True, gc=False):
    """How often an outage whose cause was not known at first had which one in the end; old ones fade."""

    by_cause: dict[str, float] = {}


#: The one row of `Hidden`.
ALL = "all"
CELLS = Shelf("etr/c/", Durations)
REGIONS = Shelf("etr/r/", Sums)
HIDDEN = Shelf("etr/h/", Hidden)


class RepairTimes:
    """The distributions of one deployment."""

    def __init__(self, policy: EtrPolicy) -> None:
        self.policy = policy
        self.zone = ZoneInfo(policy.time_zone)
        self.cells: dict[Cell, Durations] = {}
        self.regions: dict[str, Sums] = {}
        self.hidden = Hidden()
        self._seconds: dict[Cell, Floats] = {}
        self._learned()

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the cells."""
        for key, value in table.items():
            if key.startswith(CELLS.prefix):
                self._remember(_cell(CELLS.name(key)), CELLS.unpack(value))
            elif key.startswith(REGIONS.prefix):
                self.regions[REGIONS.name(key)] = REGIONS.unpack(value)
            elif key.startswith(HIDDEN.prefix):
                self.hidden = HIDDEN.unpack(value)
        self._learned()

    # -- learning

    def teach(self, unit: Unit, kind: Kind, lasted_s: float, *, hidden: bool = False) -> None:
        """Takes an outage that ended after `lasted_s` seconds. `hidden`: its cause was not known at first."""
        lasted, cell = max(1, round(lasted_s)), self._cell(kind)
        self._remember(cell, Durations((*self.cells.get(cell, Durations()).seconds, lasted)[-self.policy.kept :]))
        unit.put(CELLS.key(_name(cell)), CELLS.pack(self.cells[cell]))
        self._add(unit, kind.region, _name(cell), lasted)
        if hidden:
            self._hide(unit, kind.cause)
        self._learned()

    def _add(self, unit: Unit, region: str, cell: str, lasted: int) -> None:
        """Adds an outage to its region's sums; old ones fade once there are `kept` of a cell."""
        sums = self.regions.get(region, Sums())
        weight, total = sums.by_cell.get(cell, (0.0, 0.0))
        fade = min(1.0, self.policy.kept / (weight + 1))
        now = ((weight + 1) * fade, (total + log(lasted)) * fade)
        self.regions[region] = Sums(dict(sorted({**sums.by_cell, cell: now}.items())))
        unit.put(REGIONS.key(region), REGIONS.pack(self.regions[region]))

    def _hide(self, unit: Unit, cause: str) -> None:
        was = self.hidden.by_cause
        fade = min(1.0, self.policy.kept / (sum(was.values()) + 1))
        now = {**was, cause: was.get(cause, 0.0) + 1}
        self.hidden = Hidden({name: count * fade for name, count in sorted(now.items())})
        unit.put(HIDDEN.key(ALL), HIDDEN.pack(self.hidden))

    def _remember(self, cell: Cell, durations: Durations) -> None:
        self.cells[cell] = durations
        self._seconds[cell] = np.array(durations.seconds, dtype=np.float64)

    def _learned(self) -> None:
        """Forgets what was computed from the outages before. Cells are in order, so that sums are the same always."""
        self._seconds = dict(sorted(self._seconds.items()))
        self._paces: dict[str, float] = {}
        self._fit: RepairFit | None = None
        self._bias = 0.0
        self._falls: dict[Cell, Floats] = {}

    def _cell(self, kind: Kind) -> Cell:
        return kind.cause, sum(kind.size >= limit for limit in self.policy.sizes), self._hours(kind.started)

    def _hours(self, started: int) -> str:
        """When crews are at work, when on call, and when they are asleep."""
        local = datetime.fromtimestamp(started / 1000, UTC).astimezone(self.zone)
        if not 7 <= local.hour < 22:
            return "night"
        return "day" if local.weekday() < 5 and local.hour < 18 else "off"

    # -- asking

    def remaining_s(self, kind: Kind, elapsed_s: float, *shares: float) -> tuple[float, ...]:
        """Quantiles of the time that remains, in seconds, for an outage that has lasted `elapsed_s`."""
        factor = exp(self.pace(kind.region))
        fall, elapsed = self._fallen(self._cell(kind)), max(0.0, elapsed_s) / factor
        return tuple(factor * (conditional(fall, elapsed, share) - elapsed) for share in shares)

    def pace(self, region: str) -> float:
        """How much longer outages last in a region than elsewhere, beyond what the fit explains: a mean logarithm.

        Shrunk towards 0 by the policy's `region_apart`, as the fit shrinks its effects.
        """
        if region not in self._paces:
            sums, fit = self.regions.get(region, Sums()).by_cell, self._fitted()
            weights = sum(weight for weight, _ in sums.values())
            apart = sum(total - weight * (fit.mean(_cell(name)) + self._bias) for name, (weight, total) in sums.items())
            self._paces[region] = apart / (weights + (self.policy.spread / self.policy.region_apart) ** 2)
        return self._paces[region]

    def _fitted(self) -> RepairFit:
        if self._fit is None:
            self._fit = RepairFit(self.policy, self._seconds)
            count = sum(map(len, self._seconds.values()))
            apart = [float((np.log(s) - self._fit.mean(cell)).sum()) for cell, s in self._seconds.items()]
            self._bias = sum(apart) / count if count else 0.0
        return self._fit

    def _fallen(self, cell: Cell) -> Floats:
        """How a cell's outages fall away with their duration, the region left aside."""
        if cell not in self._falls:
            cause, size, hours = cell
            survival = self._of_any_cause(size, hours) if cause == UNKNOWN else self._of_cause(cell)
            self._falls[cell] = fallen(survival)
        return self._falls[cell]

    def _of_any_cause(self, size: int, hours: str) -> Floats:
        """The distributions of all causes, each weighed by how often it was hidden at first; alike without any."""
        survival: Floats = np.zeros_like(LOGS)
        count = 0.0
        for cause in MEDIANS_S:
            often = 1 / len(MEDIANS_S) + self.hidden.by_cause.get(cause, 0.0)
            survival, count = survival + often * self._of_cause((cause, size, hours)), count + often
        return survival / count

    def _of_cause(self, cell: Cell) -> Floats:
        fit = self._fitted()
        of = fit.of(cell)
        survival = lognormal(of.mean, of.spread)
        levels: tuple[list[Floats], ...] = ([], [], [])
        for other, seconds in self._seconds.items():
            level = 2 if other == cell else 1 if other[0] == cell[0] else 0
            levels[level].append(seconds * exp(of.mean - fit.mean(other)))
        for durations in filter(None, levels):
            survival = mixed(survival, self.policy.cell_strength, np.concatenate(durations))
        return survival


def _name(cell: Cell) -> str:
    return "/".join(map(str, cell))


def _cell(name: str) -> Cell:
    cause, size, hours = name.split("/")
    return cause, int(size), hours
