"""What the lengths of ended outages say about one of any cause, place, size and hour: a shrunk log-linear fit. Pure.

    ln(length) = ln(median assumed for the cause) + operator
                 + cause + place + cause at that place + size + hours + noise

Every effect has a normal prior around zero (this operator, cause, place, size, hour are as assumed), so that one outage
moves an estimate a little, and twenty of other causes say something of a cause that has not happened yet. Given the
priors this is the posterior of a Bayesian linear model (Gelman et al., "Bayesian Data Analysis", 3rd edition, section
14.8); the noise's variance is shrunk from the policy's as in section 3.3. Region is not in it: see `RepairTimes.pace`.

What an outage was off by is less than what the next one will be off by, as it took part in the fit: its residual is
divided by sqrt(1 - leverage) (Cook and Weisberg, "Residuals and influence in regression", 1982, section 2.1), so that
few outages do not make intervals too narrow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from forewarn.stream.outages.etr_policy import EtrPolicy
from forewarn.stream.outages.survival import Floats


class Cell(NamedTuple):
    """What outages are told apart by: cause, kind of element, class of size, class of hours."""

    cause: str
    place: str
    size: int
    hours: str


class Lognormal(Struct, frozen=True, gc=False):
    """Mean and standard deviation of the logarithm of a duration in seconds."""

    mean: float
    spread: float


#: One effect: its name, how much of it a cell has, and the standard deviation of its prior.
Effect = tuple[tuple[str, ...], float, float]


class RepairFit:
    """The fit to the durations (s) of some cells."""

    def __init__(self, policy: EtrPolicy, durations: Mapping[Cell, Floats]) -> None:
        self.policy = policy
        known = [(cell, np.log(seconds)) for cell, seconds in durations.items()]
        apart = {name: of for cell, _ in known for name, _, of in self._effects_of(cell)}
        self._number = {name: number for number, name in enumerate(apart)}
        rows: Floats = np.array([self._row(cell)[0] for cell, _ in known]).reshape(len(known), len(apart))
        counts: Floats = np.array([len(logs) for _, logs in known], dtype=np.float64)
        assumed: Floats = np.array([self._assumed(cell) for cell, _ in known])
        sums: Floats = np.array([float(logs.sum()) for _, logs in known]) - counts * assumed
        prior = np.diag([policy.spread**2 / of**2 for of in apart.values()]).reshape(len(apart), len(apart))
        self._covariance: Floats = np.linalg.inv(prior + rows.T @ (rows * counts[:, None])).astype(np.float64)
        self._effects: Floats = self._covariance @ rows.T @ sums
        means = assumed + rows @ self._effects
        leverages = ((rows @ self._covariance) * rows).sum(axis=1)  # below 1, as the priors weigh something
        left = {cell: logs - mean for (cell, logs), mean in zip(known, means, strict=True)}
        self._variance = self._noise(left.values())
        #: The mean of what the effects leave, in ln(seconds): they are shrunk.
        self.bias = sum(float(off.sum()) for off in left.values()) / max(1.0, float(counts.sum()))
        self.residuals: dict[Cell, Floats] = {
            cell: off / sqrt(1 - leverage) for (cell, off), leverage in zip(left.items(), leverages, strict=True)
        }

    @property
    def noise(self) -> float:
        """The standard deviation of ln(seconds) that the effects leave."""
        return sqrt(self._variance)

    def of(self, cell: Cell) -> Lognormal:
        """The prediction for one more outage of a cell, the uncertainty of the effects included."""
        row, unseen = self._row(cell)
        return Lognormal(self.mean(cell), sqrt(self._variance * (1 + float(row @ self._covariance @ row) + unseen)))

    def mean(self, cell: Cell) -> float:
        """The mean of ln(seconds) of a cell."""
        return self._assumed(cell) + float(self._row(cell)[0] @ self._effects)

    def _assumed(self, cell: Cell) -> float:
        return log(self.policy.median_s(cell.cause))

    def _effects_of(self, cell: Cell) -> Iterator[Effect]:
        policy = self.policy
        yield ("operator",), 1.0, policy.operator_apart
        yield ("cause", cell.cause), 1.0, policy.cause_apart
        yield ("place", cell.place), 1.0, policy.place_apart
        yield ("cause at", cell.cause, cell.place), 1.0, policy.place_apart
        yield ("size",), cell.size - len(policy.sizes) / 2, policy.size_apart
        yield ("hours", cell.hours), 1.0, policy.hour_apart

    def _row(self, cell: Cell) -> tuple[Floats, float]:
        """How much of each effect a cell has, and the variance of those that nothing was learned of (noise = 1)."""
        row: Floats = np.zeros(len(self._number))
        unseen = 0.0
        for name, much, apart in self._effects_of(cell):
            if (number := self._number.get(name)) is not None:
                row[number] = much
            else:
                unseen += (much * apart / self.policy.spread) ** 2
        return row, unseen

    def _noise(self, left: Collection[Floats]) -> float:
        """The variance of what the effects leave."""
        squares = sum(float((off**2).sum()) for off in left)
        count = sum(map(len, left))
        return (self.policy.strength * self.policy.spread**2 + squares) / (self.policy.strength + count)
