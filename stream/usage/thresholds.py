"""Thresholds: which percentage of an allowance has been crossed, and the amount at which the next one will be.

A burst across several is told once, by the highest; the skipped ones count as told. So the highest percentage told in
a cycle says all: nothing at or below it is told again, also not after a correction and a second crossing.

Invariant: `used < trigger(...)` exactly when `crossed(...)` is None.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache


def crossed(
    thresholds: tuple[int | float, ...], *, used: int, allowance: int | None, told: int | float
) -> int | float | None:
    """The highest percentage above `told` that `used` has reached, or None. Amounts are in the same units."""
    if allowance is None or allowance <= 0:
        return None
    for percent in reversed(thresholds):
        if percent <= told:
            return None
        if used >= amount_at(percent, allowance):
            return percent
    return None


def trigger(thresholds: tuple[int | float, ...], *, allowance: int | None, told: int | float) -> int | None:
    """The least amount used at which a percentage above `told` is reached, or None when there is none."""
    if allowance is None or allowance <= 0:
        return None
    return next((amount_at(percent, allowance) for percent in thresholds if percent > told), None)


def amount_at(percent: int | float, allowance: int) -> int:
    """The least whole number of units that is `percent` of `allowance` or more; exact."""
    numerator, denominator = _ratio(percent)
    return -(-allowance * numerator // denominator)


@lru_cache(maxsize=4096)
def _ratio(percent: int | float) -> tuple[int, int]:
    """The percentage as a fraction of one; 33.3 is 333/1000, not its binary neighbour."""
    numerator, denominator = Decimal(repr(percent)).as_integer_ratio()
    return numerator, denominator * 100
