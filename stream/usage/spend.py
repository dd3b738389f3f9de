"""Spend limits: what was used beyond an allowance costs money, and a bucket may say how much it is to cost at most.

    used      ├──────────── allowance ───────────┤▒▒▒▒▒▒ x overage_price = spent
    spent                                        0 ──── 80 % ── 100 % of spend_limit

Invariant: exact. `used < spend_trigger(...)` exactly when `overspent(...)` is None.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from forewarn.stream.usage.account import Terms
from forewarn.stream.usage.amount import MAX_SCALE, POWERS, scale_of
from forewarn.stream.usage.cycles import Cycle

#: Holds the product of the largest sum and the longest price.
_WIDE = Context(prec=120, Emin=-120, Emax=120)


def overspent(terms: Terms, cycle: Cycle, scale: int) -> int | float | None:
    """The highest percentage of the spend limit above the one told that was reached; None without one."""
    if terms.spend_limit is None:
        return None
    for percent in reversed(terms.spend_thresholds):
        if percent <= cycle.spend_told:
            return None
        least = _reached_at(terms, cycle, scale, percent)
        if least is not None and cycle.used >= least:
            return percent
    return None


def spend_trigger(terms: Terms, cycle: Cycle, scale: int) -> int | None:
    """The least amount used, in units, at which a percentage above the one told is reached; None: there is none."""
    if terms.spend_limit is None:
        return None
    percent = next((percent for percent in terms.spend_thresholds if percent > cycle.spend_told), None)
    return None if percent is None else _reached_at(terms, cycle, scale, percent)


def spent(terms: Terms, cycle: Cycle, scale: int) -> int | Decimal:
    """What the usage beyond the allowance costs, in the plan's currency; exact."""
    beyond = max(0, cycle.used - (cycle.allowance or 0))
    return _decimal(Fraction(beyond, POWERS[scale]) * _fraction(terms.overage_price))


def _reached_at(terms: Terms, cycle: Cycle, scale: int, percent: int | float) -> int | None:
    if cycle.allowance is None:
        return None
    beyond = _beyond(terms.overage_price, terms.spend_limit, percent, scale)
    return None if beyond is None else cycle.allowance + beyond


@lru_cache(maxsize=4096)
def _beyond(price: int | Decimal | None, limit: int | Decimal | None, percent: int | float, scale: int) -> int | None:
    """Units beyond the allowance that cost this percentage of the limit; None when price or limit say nothing."""
    usable = (amount is not None and amount > 0 and scale_of(amount) is not None for amount in (price, limit))
    if not all(usable):
        return None
    share = Fraction(repr(percent)) / 100
    units = _fraction(limit) * share / _fraction(price) * POWERS[scale]
    return -(-units.numerator // units.denominator)


def _fraction(amount: int | Decimal | None) -> Fraction:
    return Fraction(amount or 0)


def _decimal(cost: Fraction) -> int | Decimal:
    """The cost as a number; its denominator divides a power of ten, as price and amount have 20 decimals at most."""
    scale = next(scale for scale in range(2 * MAX_SCALE + 1) if 10**scale % cost.denominator == 0)
    return cost.numerator if not scale else Decimal(int(cost * 10**scale)).scaleb(-scale, _WIDE)
