"""Conditions: whether fields are as a journey asks. Pure.

status = "booked"                       is it
status = ["booked", "confirmed"]        is one of them
times = { least = 2 }                   a number of at least two
segment = { none_of = ["business"] }    anything else, also nothing at all
"""

from __future__ import annotations

from collections.abc import Callable

from forewarn.alerts.journeys.journey import Bound, Test, When

#: The value of a field; None when there is none.
Lookup = Callable[[str], object]


def holds(when: When, value_of: Lookup) -> bool:
    """Whether all conditions hold. Fields are looked up one after the other, as far as needed."""
    return all(passes(test, value_of(name)) for name, test in when.items())


def passes(test: Test, value: object) -> bool:
    """Whether a value is as a test asks."""
    if isinstance(test, Bound):
        return _bounded(test, value)
    wanted = test if isinstance(test, tuple) else (test,)
    return value in wanted


def _bounded(test: Bound, value: object) -> bool:
    if value in test.none_of:
        return False
    if test.least is None and test.most is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (test.least is None or value >= test.least) and (test.most is None or value <= test.most)
