"""How long outages last, learned from those that ended: the distribution behind every estimate (detection.md I). Pure.

    an outage ended ──> teach ──> cell of its cause, place, size and hour ──> RepairFit: mean, and what it was off by
                             └──> sums of its region ──> pace                        └──> quantile of what remains,
                                                                                          given `elapsed`

Where the middle lies says the fit; how outages scatter around it, those seen, from the special to the general. Each
level weighs its n outages against all that is below it, and an outage counts at one level only:

    same cause ── n : cell_strength         Outages of other cells are moved by what `RepairFit` says of the difference
      all outages ── n : cell_strength      between their cell and this one. Beyond the longest of them, only the
        lognormal of the fit                lognormal's tail is left.

An outage whose cause was not known at first teaches of its cause, and of outages whose cause is not known: fibre and
power mostly show themselves at once, so what shows nothing is mostly something else. A region's pace stretches the
whole.
Rows: `etr/c/<cause>/<place>/<size>/<hours>` Durations, the newest `kept`; `etr/r/<region>` Sums.
Invariant: rows are a function of the outages taught and their order; memory is bounded by cells x kept, and regions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import exp, log
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.etr_policy import EtrPolicy
from forewarn.stream.outages.repair_fit import Cell, RepairFit
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.survival import Floats, conditional, fallen, lognormal, mixed

UNKNOWN = "unknown"
#: Degrees of longitude that the sun passes in an hour.
DEGREES = 15.0


class Kind(Struct, frozen=True, gc=False):
    """What an outage's length may depend on.

    `cause` is a published one; `place` the kind of element that it is about; `size` a number of elements; `started`
    epoch ms; `longitude` is in degrees, as far as it is known.
    """

    cause: str
    place: str
    size: int
    region: str
    started: int
    longitude: float | None = None


class Durations(Struct, frozen=True, array_like=True, gc=False):
    """Lengths of outages of one cell in seconds, oldest first."""

    seconds: tuple[int, ...] = ()


class Sums(Struct, frozen=True, array_like=True, gc=False):
    """A region's outages by cell: their weight, and the sum of the logarithms of their lengths (s)."""

    by_cell: dict[str, tuple[float, float]] = {}


CELLS = Shelf("etr/c/", Durations)
REGIONS = Shelf("etr/r/", Sums)


class RepairTimes:
    """The distributions of one deployment."""

    def __init__(self, policy: EtrPolicy) -> None:
        self.policy = policy
        self.zone = ZoneInfo(policy.time_zone) if policy.time_zone else None
        self.cells: dict[Cell, Durations] = {}
        self.regions: dict[str, Sums] = {}
        self._seconds: dict[Cell, Floats] = {}
        self._learned()

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the cells."""
        for key, value in table.items():
            if key.startswith(CELLS.prefix):
                self._remember(_cell(CELLS.name(key)), CELLS.unpack(value))
            elif key.startswith(REGIONS.prefix):
                self.regions[REGIONS.name(key)] = REGIONS.unpack(value)
        self._learned()

    # -- learning

    def teach(self, unit: Unit, kind: Kind, lasted_s: float, *, hidden: bool = False) -> None:
        """Takes an outage that ended after `lasted_s` seconds. `hidden`: its cause was not known at first."""
        lasted, cell = max(1, round(lasted_s)), self._cell(kind)
        self._add(unit, kind.region, _name(cell), lasted)
        for taught in dict.fromkeys((cell, cell._replace(cause=UNKNOWN) if hidden else cell)):
            seconds = (*self.cells.get(taught, Durations()).seconds, lasted)
            self._remember(taught, Durations(seconds[-self.policy.kept :]))
            unit.put(CELLS.key(_name(taught)), CELLS.pack(self.cells[taught]))
        self._learned()

    def _add(self, unit: Unit, region: str, cell: str, lasted: int) -> None:
        """Adds an outage to its region's sums; old ones fade once there are `kept` of a cell."""
        sums = self.regions.get(region, Sums())
        weight, total = sums.by_cell.get(cell, (0.0, 0.0))
        fade = min(1.0, self.policy.kept / (weight + 1))
        now = ((weight + 1) * fade, (total + log(lasted)) * fade)
        self.regions[region] = Sums(dict(sorted({**sums.by_cell, cell: now}.items())))
        unit.put(REGIONS.key(region), REGIONS.pack(self.regions[region]))

    def _remember(self, cell: Cell, durations: Durations) -> None:
        self.cells[cell] = durations
        self._seconds[cell] = np.array(durations.seconds, dtype=np.float64)

    def _learned(self) -> None:
        """Forgets what was computed from the outages before. Cells are in order, so that sums are the same always."""
        self._seconds = dict(sorted(self._seconds.items()))
        self._paces: dict[str, float] = {}
        self._fit: RepairFit | None = None
        self._falls: dict[Cell, Floats] = {}

    def _cell(self, kind: Kind) -> Cell:
        size = sum(kind.size >= limit for limit in self.policy.sizes)
        return Cell(kind.cause, kind.place, size, self._hours(kind))

    def _hours(self, kind: Kind) -> str:
        """When crews are at work, when on call, and when they are asleep: by their zone, or by the sun."""
        local = datetime.fromtimestamp(kind.started / 1000, self.zone or UTC)
        if self.zone is None:
            local += timedelta(hours=(kind.longitude or 0.0) / DEGREES)
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
            apart = sum(total - weight * (fit.mean(_cell(name)) + fit.bias) for name, (weight, total) in sums.items())
            self._paces[region] = apart / (weights + (self.policy.spread / self.policy.region_apart) ** 2)
        return self._paces[region]

    def _fitted(self) -> RepairFit:
        if self._fit is None:
            self._fit = RepairFit(self.policy, self._seconds)
        return self._fit

    def _fallen(self, cell: Cell) -> Floats:
        """How a cell's outages fall away with their duration, the region left aside."""
        if cell not in self._falls:
            self._falls[cell] = fallen(self._lasting(cell))
        return self._falls[cell]

    def _lasting(self, cell: Cell) -> Floats:
        fit = self._fitted()
        of = fit.of(cell)
        survival = lognormal(of.mean, of.spread)
        levels: tuple[list[Floats], list[Floats]] = ([], [])
        for other, residuals in fit.residuals.items():
            levels[other.cause == cell.cause].append(np.exp(of.mean + of.spread / fit.noise * residuals))
        for durations in filter(None, levels):
            survival = mixed(survival, self.policy.cell_strength, np.concatenate(durations))
        return survival


def _name(cell: Cell) -> str:
    return "/".join(map(str, cell))


def _cell(name: str) -> Cell:
    cause, place, size, hours = name.split("/")
    return Cell(cause, place, int(size), hours)
