"""Timelines of usage notices: crossed, paused, expired."""

from __future__ import annotations

from tests.decide_desk import START, DecideDesk, profile

DAY = 86_400.0


def test_a_threshold_that_is_crossed_is_told_once() -> None:
    plan = {
        "plan_id": "p",
        "name": "M",
        "price": 20,
        "currency": "EUR",
        "cycle_day": 1,
        "buckets": [{"bucket": "data", "allowance": 100, "unit": "GB"}],
    }
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=plan))
    usage = [
        {"record_id": f"r{number}", "bucket": "data", "amount": 41, "start": START - 5000 + number} for number in (1, 2)
    ]
    desk.at(5).push("usage.records", "ada", *usage)
    desk.at(6).push("usage.records", "ada", *usage)
    (row,) = desk.out("notifications", "ada")
    assert (row.value["kind"], row.value["stage"], row.value["class"]) == ("usage", "threshold", "80")
    assert row.value["incident"] == "data/2026-11-01"
    assert [alert.value["percent"] for alert in desk.out("usage.alerts", "ada")] == [80]
    assert desk.decisions("ada") == [("threshold", "sent", "passed")]


PLAN = {
    "plan_id": "p",
    "name": "M",
    "price": 20,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [{"bucket": "data", "allowance": 100, "unit": "GB"}],
}


def used(record: str, amount: float) -> dict[str, object]:
    return {"record_id": record, "bucket": "data", "amount": amount, "start": START - 5000}


def test_usage_notices_that_were_paused_are_sent_when_sending_resumes() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=PLAN))
    desk.push("control", "usage", {"kind": "usage", "paused": True, "time": START, "author": "noc"})
    desk.at(5).push("usage.records", "ada", used("r1", 55)).push("usage.records", "ada", used("r2", 30))
    assert desk.stages("ada") == []
    assert len(desk.out("customers.standing", "ada")[-1].value["pending"]) == 2
    desk.restart().at(60).push("control", "usage", None)
    assert [row.value["class"] for row in desk.out("notifications", "ada")] == ["50", "80"]
    assert not any(key.startswith(b"w/") for key in desk.core.table)


def test_a_usage_notice_that_was_paused_until_its_cycle_ended_is_dropped() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=PLAN))
    desk.push("control", "*", {"kind": "*", "paused": True, "time": START, "author": "noc"})
    desk.at(5).push("usage.records", "ada", used("r1", 55))
    desk.at(10 * DAY).push("control", "*", None)
    assert desk.decisions("ada") == [("threshold", "deferred", "paused"), ("threshold", "dropped", "expired")]


def test_a_deleted_customer_is_sent_nothing_that_was_paused() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=PLAN))
    desk.push("control", "usage", {"kind": "usage", "paused": True, "time": START, "author": "noc"})
    desk.at(5).push("usage.records", "ada", used("r1", 55)).push("customers.profiles", "ada", None)
    desk.push("control", "usage", None)
    assert desk.stages("ada") == []
    assert not any(b"ada" in key for key in desk.core.table)


def test_the_customers_own_thresholds_are_used() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=PLAN))
    desk.push("customers.subscriptions", "ada", {"alerts": [], "thresholds": {"data": [30]}})
    desk.at(5).push("usage.records", "ada", used("r1", 90))
    assert [row.value["class"] for row in desk.out("notifications", "ada")] == ["30"]
