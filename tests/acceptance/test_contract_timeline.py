"""Timelines of contracts that end. Days from the desk's start, 22 November 2026, 12:00 UTC."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from forewarn.stream.policy import Policy, parse
from tests.decide_desk import DecideDesk, profile

HOUR, DAY = 3600.0, 86_400.0
FIRST = date(2026, 11, 22)
PLAN = {
    "plan_id": "s",
    "name": "Nord S",
    "price": 20,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [{"bucket": "data", "allowance": 10, "unit": "GB"}],
}
OFFERS = """
[[usage.offers.plans]]
plan_id = "m"
name = "Nord M"
price = 25
currency = "EUR"
buckets = [{ bucket = "data", unit = "GB", allowance = 50 }]
"""


def ends(days: int, policy: Policy | None = None, **more: Any) -> DecideDesk:
    """A customer whose contract ends in so many days."""
    end = (FIRST + timedelta(days=days)).isoformat()
    known = profile("onu-1", contract_end=end, time_zone="Europe/Berlin", **more)
    return DecideDesk(policy, marks=False).push("customers.profiles", "ada", known)


def skip(desk: DecideDesk, day: float) -> DecideDesk:
    """Lets time pass."""
    return desk.at(day * DAY)


def told(desk: DecideDesk) -> list[float]:
    """Days at which the end was told."""
    return [round(row.at / DAY, 2) for row in desk.out("notifications", "ada") if row.value["kind"] == "contract"]


def test_the_end_is_told_forty_days_before_in_the_morning_and_once() -> None:
    desk = skip(ends(100), 99)
    assert told(desk) == [59.88]  # 10:00 in Berlin, 9:00 UTC, of the fortieth day before
    assert "Mar 2, 2027" in desk.out("notifications", "ada")[0].value["text"]


def test_until_then_it_costs_a_timer_and_no_row() -> None:
    desk = ends(100)
    assert [key for key in desk.core.table if key.startswith((b"j/", b"l/"))] == []
    assert len([key for key in desk.core.table if b"journey.contract" in key]) == 1


@pytest.mark.parametrize(("days", "at"), [(39, [0.0]), (11, [0.0]), (9, []), (-5, [])])
def test_who_becomes_known_later_is_told_while_there_is_time(days: int, at: list[float]) -> None:
    assert told(skip(ends(days), 20)) == at


def test_a_contract_that_is_prolonged_is_told_of_at_its_new_end() -> None:
    desk = skip(ends(100), 10)
    later = profile("onu-1", contract_end=(FIRST + timedelta(days=200)).isoformat(), time_zone="Europe/Berlin")
    desk.push("customers.profiles", "ada", later)
    assert told(skip(desk, 201)) == [159.83]  # summer time by then
    assert not any(b"journey" in key for key in desk.core.table)


def usage(desk: DecideDesk, number: int, amount: float) -> DecideDesk:
    record = {"record_id": f"u{number}", "bucket": "data", "amount": amount, "start": desk.core.now}
    return desk.push("usage.records", "ada", record)


def test_a_plan_that_was_too_small_is_said_with_one_that_fits() -> None:
    desk = ends(130, parse(OFFERS), plan=PLAN)
    for number, day in enumerate((20, 45, 75)):
        usage(skip(desk, day), number, 11)
    text = next(
        row.value["text"] for row in skip(desk, 100).out("notifications", "ada") if row.value["kind"] == "contract"
    )
    assert "often too small" in text
    assert "Nord M for €25.00" in text


def test_a_plan_that_fitted_is_said_to_have_and_nothing_is_said_without_knowledge() -> None:
    fitted = usage(skip(ends(100, plan=PLAN), 40), 1, 6)
    text = next(r.value["text"] for r in skip(fitted, 99).out("notifications", "ada") if r.value["kind"] == "contract")
    assert "fitted what you used" in text
    unknown = skip(ends(100, plan=PLAN), 99).out("notifications", "ada")[0].value["text"]
    assert "In the last months" not in unknown
