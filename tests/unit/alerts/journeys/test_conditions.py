"""Conditions of journeys: a table of tests and values."""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.journeys.conditions import holds, passes
from forewarn.alerts.journeys.journey import Bound


@pytest.mark.parametrize(
    ("test", "value", "passed"),
    [
        ("booked", "booked", True),
        ("booked", "missed", False),
        ("booked", None, False),
        (("booked", "missed"), "missed", True),
        (True, True, True),
        (True, None, False),
        (Bound(least=2), 2, True),
        (Bound(least=2), 1, False),
        (Bound(most=3.5), 3.5, True),
        (Bound(least=2, most=3), 4, False),
        (Bound(least=2), None, False),
        (Bound(least=0), True, False),
        (Bound(none_of=("business",)), "consumer", True),
        (Bound(none_of=("business",)), "business", False),
        (Bound(none_of=("business",)), None, True),
        (Bound(least=1, none_of=(4,)), 4, False),
    ],
)
def test_a_value_is_as_it_is_asked_to_be_or_not(test: Any, value: object, passed: bool) -> None:
    assert passes(test, value) is passed


def test_all_conditions_must_hold_and_none_always_do() -> None:
    fields = {"status": "booked", "kind": "install"}
    assert holds({}, fields.get)
    assert holds({"status": "booked", "kind": ("install", "technician")}, fields.get)
    assert not holds({"status": "booked", "kind": "store"}, fields.get)
