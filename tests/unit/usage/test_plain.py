"""A run of records taken at once leaves what the same records leave one by one."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from tests.usage_desk import DAY, Desk, Raw, account, ms

T = ms("2026-07-10")


def both(records: list[Raw], *, allowance: int = 1000) -> tuple[Desk, Desk]:
    """A desk that took the records in one run, and one that took each by itself; `c0` to `c3` have a plan."""
    desks = Desk(), Desk()
    for desk in desks:
        desk.accounts |= {f"c{number}": account(allowance=allowance) for number in range(4)}
        desk.take([desk.record(T, 1, customer=f"c{number}", id="first") for number in range(4)])
    together, apart = desks
    together.take(records)
    for record in records:
        apart.take([record])
    return together, apart


def assert_same(together: Desk, apart: Desk) -> None:
    assert [together.used(T, f"c{n}") for n in range(4)] == [apart.used(T, f"c{n}") for n in range(4)]
    assert together.crossings == apart.crossings
    assert together.meters.duplicates == apart.meters.duplicates


def test_many_records_of_one_customer_are_one_write() -> None:
    desk = Desk()
    desk.accounts["c1"] = account()
    desk.use(T, 1)
    desk.take([desk.record(T, 2) for _ in range(100)])

    assert desk.used(T) == 201
    assert [key[:2] for key in desk.written[-1]] == [b"u/", b"d/"]


def test_a_threshold_in_the_middle_of_a_run_is_told_with_what_was_used_until_then() -> None:
    #    1 + 200 + 200 + 200 (601: 50 %) - 300 + 200 ...
    desk = Desk()
    together, apart = both([desk.record(T, amount) for amount in (200, 200, 200, -300, 200)])
    assert_same(together, apart)
    assert [(crossing.percent, crossing.used) for _, crossing in together.crossings] == [(50, 601)]


def test_a_repeated_id_counts_once_whatever_its_bucket() -> None:
    desk = Desk()
    records = [desk.record(T, 5, id="x"), desk.record(T, 7, id="x", bucket="voice"), desk.record(T, 5, id="first")]
    together, apart = both(records)
    assert_same(together, apart)
    assert together.meters.duplicates == 2


@pytest.mark.parametrize("amount", [2**31, 2**45, 2**62, Decimal("0.001"), -(2**45)])
def test_an_amount_of_any_size_is_exact(amount: int | Decimal) -> None:
    desk = Desk()
    together, apart = both([desk.record(T, amount), desk.record(T, 3), desk.record(T, amount)], allowance=2**63)
    assert_same(together, apart)
    assert together.used(T) == 4 + 2 * amount


@pytest.mark.parametrize("seed", range(20))
def test_runs_of_everything_leave_the_same(seed: int) -> None:
    chance, desk = random.Random(seed), Desk()
    amounts: list[int | Decimal] = [1, 40, 300, -50, Decimal("0.5")]
    records = [
        desk.record(
            T - chance.choice([0, 0, 0, 3, 40]) * DAY,
            chance.choice(amounts),
            kind=chance.choice(["usage"] * 8 + ["correction", "top_up"]),
            customer=f"c{chance.randrange(4)}",
            id=f"r{chance.randrange(60)}",
            seen=T,
        )
        for _ in range(80)
    ]
    assert_same(*both(records))
