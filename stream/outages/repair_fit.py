"""What the lengths of ended outages say about one of any cause, size and hour: a shrunk log-linear fit. Pure.

    ln(length) = ln(median assumed for the cause) + operator + cause + size + hour + noise

Every effect has a normal prior around zero (this operator, cause, size, hour are as assumed), so that one outage moves
an estimate a little, and twenty of other causes say something of a cause that has not happened yet. Given the
priors this is the posterior of a Bayesian linear model (Gelman et al., "Bayesian Data Analysis", 3rd edition, section
14.8); the noise's variance is shrunk from the policy's as in section 3.3. Region is not in it: see `RepairTimes.pace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt

import numpy as np
from msgspec import Struct

from forewarn.stream.outages.etr_policy import HOURS, MEDIANS_S, EtrPolicy
from forewarn.stream.outages.survival import Floats

#: Cause, class of size, class of hours.
Cell = tuple[str, int, str]


class Lognormal(Struct, frozen=True, gc=False):
    """Mean and standard deviation of the logarithm of a duration in seconds."""

    mean: float
    spread: float


class RepairFit:
    """The fit to the durations (s) of some cells."""

    def __init__(self, policy: EtrPolicy, durations: Mapping[Cell, Floats]) -> None:
        self.policy = policy
        apart = [policy.operator_apart]
        apart += [policy.cause_apart] * len(MEDIANS_S)
        apart += [policy.size_apart] * (len(policy.sizes) + 1)
        apart += [policy.hour_apart] * len(HOURS)
        self._effects_n = len(apart)
        precision: Floats = np.diag(policy.spread**2 / np.array(apart) ** 2)
        right: Floats = np.zeros(len(apart))
        known = {cell: np.log(seconds) for cell, seconds in durations.items()}
        for cell, logs in known.items():
            row = self._row(cell)
            precision += len(logs) * np.outer(row, row)
            right += row * float((logs - self._assumed(cell)).sum())
        self._covariance: Floats = np.linalg.inv(precision).astype(np.float64)
        self._effects: Floats = self._covariance @ right
        self._variance = self._noise(known)

    def of(self, cell: Cell) -> Lognormal:
        """The prediction for one more outage of a cell, the uncertainty of the effects included."""
        row = self._row(cell)
        return Lognormal(self.mean(cell), sqrt(self._variance * (1 + float(row @ self._covariance @ row))))

    def mean(self, cell: Cell) -> float:
        """The mean of ln(seconds) of a cell."""
        return self._assumed(cell) + float(self._row(cell) @ self._effects)

    def _assumed(self, cell: Cell) -> float:
        return log(self.policy.median_s(cell[0]))

    def _row(self, cell: Cell) -> Floats:
        """Which effects a cell has: the operator's and those of its cause, size and hour."""
        row: Floats = np.zeros(self._effects_n)
        cause, size, hours = cell
        first_size = 1 + len(MEDIANS_S)
        first_hour = first_size + len(self.policy.sizes) + 1
        row[[0, 1 + list(MEDIANS_S).index(cause), first_size + size, first_hour + HOURS.index(hours)]] = 1.0
        return row

    def _noise(self, known: Mapping[Cell, Floats]) -> float:
        """The variance that the effects leave."""
        left = sum(float(((logs - self.mean(cell)) ** 2).sum()) for cell, logs in known.items())
        count = sum(map(len, known.values()))
        return (self.policy.strength * self.policy.spread**2 + left) / (self.policy.strength + count)
