"""Bills that are far above what is usual, and what makes them so."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest

from forewarn.alerts.bill_history import KEPT, BillHistory, PastBill, past
from forewarn.alerts.bill_shock import bill_shock, middle
from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.usage import Bill

POLICY = AlertPolicy()


def bill(time: int, amount: Any, currency: str = "EUR", **lines: Any) -> Bill:
    """A bill of that time; `lines` by name."""
    said = [{"name": name, "amount": of} for name, of in lines.items()]
    word = {"bill_id": f"b{time}", "time": time, "amount": amount, "currency": currency, "lines": said}
    return msgspec.convert(word, Bill)


def kept(event: Bill) -> PastBill:
    """The bill as it is kept."""
    known = past(event)
    assert known is not None
    return known


def is_shock(*amounts: int | str, currency: str = "EUR") -> bool:
    """Whether the last of these amounts is a shock after the others."""
    bills = [kept(bill(number, Decimal(amount))) for number, amount in enumerate(amounts[:-1])]
    return bill_shock(POLICY, kept(bill(99, Decimal(amounts[-1]), currency)), bills) is not None


@pytest.mark.parametrize(
    ("amounts", "shock"),
    [
        ((40,), False),  # nothing is usual yet
        ((40, 52), False),  # exactly 1.3 times
        ((40, "52.01"), True),
        ((10, 15), False),  # 1.5 times, but only the floor of 5 more
        ((10, "15.01"), True),
        ((20, 20, 20, 90, 20, 20, 25), False),  # one shock before does not make the next usual
        ((90, 90, 20, 20, 20, 20, 20, 20, 30), True),  # only six bills count
        ((0, 30), False),  # a free month says nothing
        ((-10, 30), False),
    ],
)
def test_a_shock_is_well_above_the_median_of_six(amounts: tuple[int | str, ...], shock: bool) -> None:
    assert is_shock(*amounts) is shock


def test_bills_of_another_currency_are_not_compared() -> None:
    assert not is_shock(20, 20, 20, 90, currency="USD")


def test_the_largest_differences_are_named_first() -> None:
    earlier = [kept(bill(number, 20, plan=25, discount=-5)) for number in range(6)]
    shock = bill_shock(POLICY, kept(bill(9, 60, plan=25, roaming="27.50", calls="7.50", sms="0.5")), earlier)
    assert shock is not None
    assert shock.usual == 20
    assert shock.differences == (("roaming", Decimal("27.50")), ("calls", Decimal("7.50")), ("discount", 5))


@pytest.mark.parametrize(("amounts", "wanted"), [([1], 1), ([3, 1, 2], 2), ([1, 2], Decimal("1.5")), ([2, 4], 3)])
def test_the_median_is_exact(amounts: list[int | Decimal], wanted: int | Decimal) -> None:
    assert middle(amounts) == wanted


def unit() -> Unit:
    return Unit({}, {}, 10)


def test_the_order_in_which_bills_come_does_not_matter() -> None:
    bills = [bill(1, 20, plan=20), bill(2, "30.5", plan=20, calls="10.5"), bill(3, 20)]
    seen = set()
    for order in permutations(bills):
        table, history = unit(), BillHistory()
        for one in (*order, order[0]):
            history.take(table, "ada", one)
        seen.add(tuple(one.bill_id for one in history.get(table, "ada")))
        assert history.get(table, "ada")[1].lines == {"calls": Decimal("10.5"), "plan": 20}
    assert seen == {("b1", "b2", "b3")}


def test_only_the_newest_bills_are_kept_in_little_room() -> None:
    table, history = unit(), BillHistory()
    for month in range(12):
        history.take(table, "ada", bill(month, "41.20", plan=25, options="9.99", **{"calls abroad": "6.21"}))
    assert [one.time for one in history.get(table, "ada")] == list(range(12 - KEPT, 12))
    [stored] = table.dirty.values()
    assert stored is not None
    assert len(stored) < 400


def test_a_corrected_bill_takes_the_place_of_the_first() -> None:
    table, history = unit(), BillHistory()
    first = bill(5, 90)
    history.take(table, "ada", first)
    history.take(table, "ada", msgspec.structs.replace(first, amount=20, time=6))
    assert [one.amount for one in history.get(table, "ada")] == [20]


@pytest.mark.parametrize("amount", [Decimal("Infinity"), Decimal("1e30"), Decimal("1e-30")])
def test_an_amount_that_is_none_is_left_out(amount: Decimal) -> None:
    strange = msgspec.structs.replace(bill(1, 20), amount=amount)
    assert BillHistory().take(unit(), "ada", strange) == ()
