"""Exact amounts: whole numbers of 10^-scale of the bucket's unit. Nothing is ever rounded.

    12.5 GB  ──>  scale 1, units 125  ──>  12.5

Invariant: `number(units_at(amount, scale), scale) == amount` whenever `units_at` gives an answer.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

#: Amounts with more decimals, or of this magnitude and more, are refused.
MAX_SCALE = 20
MAX_DIGITS = 20

#: Raises instead of rounding. 80 digits hold the sum of 10^40 of the largest amounts at the finest scale.
_EXACT = Context(prec=80, Emin=-80, Emax=80, traps=[Inexact, InvalidOperation, Overflow])

POWERS: tuple[int, ...] = tuple(10**scale for scale in range(MAX_SCALE + 1))


def scale_of(amount: int | Decimal) -> int | None:
    """The fewest decimals that hold `amount`; None when it is not finite, too large or too fine."""
    if isinstance(amount, int):
        return 0 if abs(amount) < POWERS[MAX_DIGITS] else None
    if not amount.is_finite():
        return None
    if not amount:
        return 0
    if amount.adjusted() >= MAX_DIGITS or amount.adjusted() < -MAX_SCALE:
        return None
    _, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)  # finite
    last = len(digits)
    while exponent < 0 and digits[last - 1] == 0:
        last, exponent = last - 1, exponent + 1
    return max(0, -exponent) if -exponent <= MAX_SCALE else None


def units_at(amount: int | Decimal, scale: int) -> int | None:
    """`amount` as a whole number of 10^-scale; None when it is finer than that or out of range."""
    if isinstance(amount, int):
        return amount * POWERS[scale]
    try:
        scaled = _EXACT.scaleb(amount, scale)
        units = int(scaled)
    except (ArithmeticError, ValueError):  # too long for the context, infinite, or not a number
        return None
    return units if scaled == units else None


def number(units: int, scale: int) -> int | Decimal:
    """The amount of `units`: an int when it is whole and fits 64 bits, else a Decimal without trailing zeros."""
    whole, rest = divmod(units, POWERS[scale])
    if not rest:
        return whole if -(2**63) <= whole < 2**63 else Decimal(whole)
    return _EXACT.normalize(_EXACT.scaleb(Decimal(units), -scale))
