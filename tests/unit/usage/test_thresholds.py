"""Which threshold is crossed, and where the next one lies."""

from __future__ import annotations

import pytest

from forewarn.stream.usage.account import ascending, terms
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.stream.usage.thresholds import amount_at, crossed, trigger
from tests.usage_desk import account

DEFAULT = (50, 80, 100)


@pytest.mark.parametrize(
    ("used", "told", "expected"),
    [
        (499, 0, None),
        (500, 0, 50),
        (799, 0, 50),
        (799, 50, None),
        (800, 50, 80),
        (5000, 0, 100),  # a burst: the highest only
        (5000, 100, None),
        (850, 100, None),  # corrected and crossed again
        (-10, 0, None),
    ],
)
def test_the_highest_threshold_not_told_yet_is_crossed(used: int, told: int, expected: int | None) -> None:
    assert crossed(DEFAULT, used=used, allowance=1000, told=told) == expected


@pytest.mark.parametrize("allowance", [None, 0, -5])
def test_without_an_allowance_nothing_is_crossed(allowance: int | None) -> None:
    assert crossed(DEFAULT, used=10, allowance=allowance, told=0) is None
    assert trigger(DEFAULT, allowance=allowance, told=0) is None


def test_the_next_trigger_lies_above_what_was_told() -> None:
    assert trigger(DEFAULT, allowance=1000, told=0) == 500
    assert trigger(DEFAULT, allowance=1000, told=80) == 1000
    assert trigger(DEFAULT, allowance=1000, told=100) is None
    assert trigger((), allowance=1000, told=0) is None


def test_a_percentage_of_an_allowance_is_exact() -> None:
    assert amount_at(33.3, 1000) == 333
    assert amount_at(33.3, 1001) == 334  # 333.333: the least whole unit that reaches it
    assert amount_at(0.1, 10**30) == 10**27


def test_thresholds_of_a_customer_are_put_in_order_and_cleaned() -> None:
    assert ascending((90.0, 33.3, 90.0, -1.0, 0.0, float("nan"), float("inf"), 1001.0)) == (33.3, 90)


def test_a_bucket_without_thresholds_of_its_own_has_the_policys() -> None:
    policy = UsagePolicy()
    mine = account(thresholds={"data": (70.0,), "sms": ()})

    assert terms(policy, mine, "data").thresholds == (70,)
    assert terms(policy, mine, "sms").thresholds == ()
    assert terms(policy, mine, "voice").thresholds == DEFAULT
