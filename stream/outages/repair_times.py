"""How long outages last, learned from those that ended: the distribution behind every estimate (detection.md I). Pure.

    an outage ended ──> teach ──> cell of its cause, size and hour ─┐
                             └──> sums of its region                ├──> quantile of what remains, given `elapsed`
                                  lognormal assumed for its cause ──┘

The distribution backs off from the special to the general; each level weighs its n durations against all below it:

    same cause, size, hour ── n : cell_strength      An outage counts at one level only, so levels do not repeat each
      same cause and size ── n : cell_strength       other. What remains is read from the part beyond `elapsed`:
        same cause ── n : cell_strength
          lognormal, moved by the cause's outages         elapsed     p10   p50        p90
            operator's pace over the other causes    ├──────┼──────────┴─────┴──────────┴────>
              the policy's median and spread

That is the mean of a Dirichlet process around the level below (Ferguson, "A Bayesian analysis of some nonparametric
problems", Annals of Statistics 1, 1973, theorem 1). It extrapolates by itself: beyond the longest outage seen, only the
lognormal's tail is left. An outage of unknown cause is judged by those of all causes. A region's pace scales the whole.

Rows: `etr/c/<cause>/<size>/<hour>` Durations, the newest `kept`; `etr/r/<region>` Sums.
Invariant: rows are a function of the outages taught and their order; memory is bounded by cells x kept, and regions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import erfc, exp, log, sqrt
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.etr_policy import DAY_S, MEDIANS_S, EtrPolicy
from forewarn.stream.outages.rows import Shelf

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

#: Durations (s) at which distributions are tabulated: neighbours are 1.4 % apart.
GRID: Floats = np.geomspace(10.0, 120 * DAY_S, 1_000)
LOGS: Floats = np.log(GRID)

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
    """A region's outages by cause: their weight, and the sum of the logarithms of their lengths (s)."""

    by_cause: dict[str, tuple[float, float]] = {}


class Lognormal(Struct, frozen=True, gc=False):
    """Mean and standard deviation of the logarithm of a duration in seconds; `seen`: its mean as observed."""

    mean: float
    spread: float
    seen: float


#: Cause, class of size, class of hours.
Cell = tuple[str, int, str]

CELLS = Shelf("etr/c/", Durations)
REGIONS = Shelf("etr/r/", Sums)


class RepairTimes:
    """The distributions of one deployment."""

    def __init__(self, policy: EtrPolicy) -> None:
        self.policy = policy
        self.zone = ZoneInfo(policy.time_zone)
        self.cells: dict[Cell, Durations] = {}
        self.regions: dict[str, Sums] = {}
        self._lognormals: dict[str, Lognormal] = {}
        self._survivals: dict[Cell, Floats] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the cells."""
        for key, value in table.items():
            if key.startswith(CELLS.prefix):
                cause, size, hours = CELLS.name(key).split("/")
                self.cells[cause, int(size), hours] = CELLS.unpack(value)
            elif key.startswith(REGIONS.prefix):
                self.regions[REGIONS.name(key)] = REGIONS.unpack(value)
        self.cells = dict(sorted(self.cells.items()))

    # -- learning

    def teach(self, unit: Unit, kind: Kind, lasted_s: float) -> None:
        """Takes an outage that ended after `lasted_s` seconds."""
        lasted, cell = max(1, round(lasted_s)), self._cell(kind)
        seconds = (*self.cells.get(cell, Durations()).seconds, lasted)[-self.policy.kept :]
        self.cells = dict(sorted({**self.cells, cell: Durations(seconds)}.items()))
        unit.put(CELLS.key("/".join(map(str, cell))), CELLS.pack(self.cells[cell]))
        self._add(unit, kind, lasted)
        self._lognormals.clear()
        self._survivals.clear()

    def _add(self, unit: Unit, kind: Kind, lasted: int) -> None:
        """Adds an outage to its region's sums; old ones fade once there are `kept` of a cause."""
        sums = self.regions.get(kind.region, Sums())
        weight, total = sums.by_cause.get(kind.cause, (0.0, 0.0))
        fade = min(1.0, self.policy.kept / (weight + 1))
        now = ((weight + 1) * fade, (total + log(lasted)) * fade)
        self.regions[kind.region] = Sums(dict(sorted({**sums.by_cause, kind.cause: now}.items())))
        unit.put(REGIONS.key(kind.region), REGIONS.pack(self.regions[kind.region]))

    def _cell(self, kind: Kind) -> Cell:
        return kind.cause, sum(kind.size >= limit for limit in self.policy.sizes), self._hours(kind.started)

    def _hours(self, started: int) -> str:
        """When crews are at work, when on call, and when they are asleep."""
        local = datetime.fromtimestamp(started / 1000, UTC).astimezone(self.zone)
        if not 7 <= local.hour < 22:
            return "night"
        return "day" if local.weekday() < 5 and local.hour < 18 else "off"

    def _where(self, wanted: Callable[[Cell], bool]) -> Floats:
        """The durations of all cells of a sort."""
        found = [seconds for cell, durations in self.cells.items() if wanted(cell) for seconds in durations.seconds]
        return np.array(found, dtype=np.float64)

    # -- asking

    def remaining_s(self, kind: Kind, elapsed_s: float, *shares: float) -> tuple[float, ...]:
        """Quantiles of the time that remains, in seconds, for an outage that has lasted `elapsed_s`."""
        factor = exp(self.pace(kind.region))
        survival, elapsed = self._survival(self._cell(kind)), max(0.0, elapsed_s) / factor
        return tuple(factor * (_conditional(survival, elapsed, share) - elapsed) for share in shares)

    def pace(self, region: str) -> float:
        """How much longer a region's outages last than those of the same causes elsewhere: a shrunk mean logarithm."""
        sums = self.regions.get(region, Sums()).by_cause
        apart = sum(total - weight * self._lognormal(cause).seen for cause, (weight, total) in sums.items())
        return apart / (sum(weight for weight, _ in sums.values()) + self.policy.cell_strength)

    def _survival(self, cell: Cell) -> Floats:
        """Share of outages of this cell that last longer than each duration of the grid, the region left aside."""
        if cell not in self._survivals:
            cause, size, hours = cell
            lognormal = self._lognormal(cause)
            survival = np.array([0.5 * erfc((at - lognormal.mean) / (lognormal.spread * sqrt(2))) for at in LOGS])
            levels: tuple[Callable[[Cell], bool], ...] = (
                lambda c: c[1] != size,
                lambda c: c[1] == size and c[2] != hours,
                lambda c: c[1] == size and c[2] == hours,
            )
            for level in levels:
                seconds = self._where(lambda c, level=level: cause in (c[0], UNKNOWN) and level(c))  # type: ignore[misc]
                survival = _mixed(survival, self.policy.cell_strength, seconds)
            self._survivals[cell] = survival
        return self._survivals[cell]

    def _lognormal(self, cause: str) -> Lognormal:
        """The lognormal of a cause: what is assumed, moved by the outages seen.

        The usual conjugate update, with `strength` outages behind what was assumed (Gelman et al., "Bayesian Data
        Analysis", 3rd edition, section 3.3).
        """
        if cause not in self._lognormals:
            mean, strength = log(self.policy.median_s(cause)) + self._operator(cause), self.policy.strength
            logs = np.log(self._where(lambda cell: cause in (cell[0], UNKNOWN)))
            n = len(logs)
            seen = float(logs.mean()) if n else mean
            apart = float(((logs - seen) ** 2).sum()) + strength * n / (strength + n) * (seen - mean) ** 2
            variance = (strength * self.policy.spread**2 + apart) / (strength + n)
            mean = (strength * mean + n * seen) / (strength + n)
            self._lognormals[cause] = Lognormal(mean, sqrt(variance), seen)
        return self._lognormals[cause]

    def _operator(self, cause: str) -> float:
        """How much longer than assumed the outages of the other causes lasted here: a shrunk mean logarithm."""
        if cause == UNKNOWN:
            return 0.0
        total, count = 0.0, 0
        for other in MEDIANS_S:
            if other != cause:
                logs = np.log(self._where(lambda cell, other=other: cell[0] == other))  # type: ignore[misc]
                total += float(logs.sum()) - len(logs) * log(self.policy.median_s(other))
                count += len(logs)
        return total / (count + self.policy.strength)


def _mixed(survival: Floats, strength: float, seconds: Floats) -> Floats:
    """A level's durations (s) weighed against the level below; each duration's step is drawn as a slope around it."""
    n = len(seconds)
    if not n:
        return survival
    longer = np.interp(LOGS, np.log(np.sort(seconds)), 1 - (np.arange(n) + 0.5) / n, left=1.0, right=0.0)
    return (n * longer + strength * survival) / (n + strength)


def _conditional(survival: Floats, elapsed: float, share: float) -> float:
    """The duration (s) that a share of the outages longer than `elapsed` do not exceed."""
    target = (1 - share) * float(np.interp(log(max(elapsed, GRID[0])), LOGS, survival))
    after = int(np.searchsorted(-survival, -target))
    if not 0 < after < len(GRID):
        return max(elapsed, float(GRID[min(after, len(GRID) - 1)]))
    high, low = float(survival[after - 1]), float(survival[after])
    part = log(high / target) / log(high / low) if low > 0 else 1.0
    return max(elapsed, exp(LOGS[after - 1] + part * (LOGS[after] - LOGS[after - 1])))
