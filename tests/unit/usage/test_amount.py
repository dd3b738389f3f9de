"""Amounts are summed exactly, whatever their decimals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forewarn.stream.usage.amount import number, scale_of, units_at


@pytest.mark.parametrize(
    ("amount", "scale", "units"),
    [
        (0, 0, 0),
        (5, 0, 5),
        (-(2**63), 0, -(2**63)),
        (Decimal("0"), 0, 0),
        (Decimal("0E-30"), 0, 0),
        (Decimal("12.50"), 1, 125),
        (Decimal("-0.001"), 3, -1),
        (Decimal("1E+3"), 0, 1000),
        (Decimal("0.30000000000000004"), 17, 30000000000000004),
        (Decimal("99999999999999999999.99999999999999999999"), 20, 10**40 - 1),
    ],
)
def test_an_amount_is_a_whole_number_of_its_finest_unit(amount: int | Decimal, scale: int, units: int) -> None:
    assert scale_of(amount) == scale
    assert units_at(amount, scale) == units
    assert number(units, scale) == amount


@pytest.mark.parametrize(
    "amount",
    [
        10**20,
        -(10**20),
        Decimal("1E+20"),
        Decimal("1E+999999"),
        Decimal("1E-21"),
        Decimal("1E-999999"),
        Decimal("1.000000000000000000001"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
    ],
)
def test_what_cannot_be_counted_with_has_no_scale(amount: int | Decimal) -> None:
    assert scale_of(amount) is None


def test_trailing_zeros_are_no_decimals() -> None:
    assert scale_of(Decimal("1." + "0" * 200)) == 0
    assert units_at(Decimal("1.50"), 1) == 15


@pytest.mark.parametrize(
    "amount", [Decimal("0.05"), Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999"), Decimal("1." + "1" * 100)]
)
def test_units_are_never_rounded(amount: Decimal) -> None:
    assert units_at(amount, 1) is None


def test_a_whole_sum_of_fractions_is_an_integer() -> None:
    assert isinstance(number(10, 1), int)
    assert str(number(1, 7)) == "1E-7"
    assert number(-15, 1) == Decimal("-1.5")
