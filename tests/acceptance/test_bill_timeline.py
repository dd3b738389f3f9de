"""Timelines of bills: usual, a shock, paused, deleted."""

from __future__ import annotations

from typing import Any

from tests.decide_desk import START, DecideDesk, agreed, marketing, profile

DAY = 86_400.0
#: Seconds from the start at which the seventh bill is written.
NOW = 5.0


def bill(number: int, amount: float, time: float, **lines: float) -> dict[str, Any]:
    said = [{"name": name, "amount": of} for name, of in lines.items()]
    at = START + round(time * 1000)
    return {
        "bill_id": f"b{number}",
        "time": at,
        "amount": amount,
        "currency": "EUR",
        "due": "2026-12-06",
        "lines": said,
    }


def usual() -> DecideDesk:
    """A customer with six bills of 20."""
    desk = (
        DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.preferences", "ada", agreed())
    )
    desk.push("billing.bills", "ada", *(bill(n, 20, (n - 7) * 30 * DAY, plan=20) for n in range(1, 7)))
    return desk.at(NOW)


def test_a_usual_bill_says_nothing() -> None:
    desk = usual().push("billing.bills", "ada", bill(7, 22, NOW, plan=20, calls=2))
    assert desk.stages("ada") == []
    assert desk.decisions("ada") == []


def test_a_shock_is_explained_once_and_holds_marketing() -> None:
    shock = bill(7, 58, NOW, plan=20, roaming=38)
    desk = usual().push("billing.bills", "ada", shock).push("billing.bills", "ada", shock)
    (row,) = desk.out("notifications", "ada")
    assert (row.value["kind"], row.value["stage"], row.value["incident"]) == ("bill", "explained", "b7")
    assert "roaming" in row.value["text"]
    desk.at(10).push("marketing.requests", "ada", marketing("m1", 10))
    assert [held.value["reason"] for held in desk.out("marketing.held", "ada")] == ["bill_shock"]


def test_the_next_usual_bill_is_no_shock() -> None:
    desk = usual().push("billing.bills", "ada", bill(7, 58, NOW), bill(8, 21, NOW + 1))
    assert [row.value["incident"] for row in desk.out("notifications", "ada")] == ["b7"]


def test_an_old_bill_that_comes_late_is_not_explained() -> None:
    desk = usual().push("billing.bills", "ada", bill(7, 58, -4 * DAY))
    assert desk.stages("ada") == []


def test_an_explanation_that_was_paused_is_sent_when_sending_resumes() -> None:
    desk = usual()
    desk.push("control", "bill", {"kind": "bill", "paused": True, "time": START, "author": "noc"})
    desk.push("billing.bills", "ada", bill(7, 58, NOW, plan=20, roaming=38))
    assert desk.stages("ada") == []
    desk.restart().at(60).push("control", "bill", None)
    assert desk.stages("ada") == ["explained"]
    assert not any(key.startswith(b"y/") for key in desk.core.table)


def test_a_deleted_customer_leaves_no_bill() -> None:
    desk = usual().push("billing.bills", "ada", bill(7, 58, NOW)).push("customers.profiles", "ada", None)
    assert not any(b"ada" in key for key in desk.core.table)


def test_who_switched_bills_off_is_not_told() -> None:
    desk = usual().push("customers.subscriptions", "ada", {"alerts": [{"kind": "bill", "enabled": False}]})
    desk.push("billing.bills", "ada", bill(7, 58, NOW))
    assert desk.decisions("ada") == [("explained", "dropped", "opted_out")]
