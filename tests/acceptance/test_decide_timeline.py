"""Timelines of one customer partition: from impact and usage to notifications, decisions and marketing answers."""

from __future__ import annotations

from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

HOUR = 3600.0
DAY = 24 * HOUR


def test_a_customer_hears_of_an_outage_after_the_group_wait_and_of_its_end_at_once() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1"]))
    desk.at(100).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", elements_revision=1, confirmed=START))
    desk.at(129)
    assert desk.stages("ada") == []
    desk.at(131)
    assert desk.stages("ada") == ["confirmed"]
    desk.log("ada", "sent")
    desk.at(500).push(
        "outages.impact", "o1/0", impact("o1", 3, "restored", elements_revision=1, restored=START + 499_000)
    )
    assert desk.stages("ada") == ["confirmed", "restored"]
    assert desk.decisions("ada") == [("confirmed", "sent", "passed"), ("restored", "sent", "passed")]
    sent = desk.out("notifications", "ada")[0].value
    assert (sent["channel"], sent["to"], sent["locale"], sent["incident"]) == ("email", "ada@example.com", "en", "o1")
    row = desk.out("decisions", "ada")[0].value
    assert row["subject_id"] == sent["notification_id"]
    assert row["evidence"]["outage_revision"] == 2
    assert len(row["policy"]) == 12


def test_an_outage_that_ends_within_the_group_wait_is_told_to_nobody() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(30).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1))
    desk.at(HOUR)
    assert desk.stages("ada") == []


def test_affected_customers_are_counted_at_once() -> None:
    desk = DecideDesk()
    desk.push("customers.profiles", "ada", profile("onu-1", segment="vulnerable"))
    desk.push("customers.profiles", "bob", profile("onu-2"))
    desk.push("customers.profiles", "eve", profile("onu-3"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1", "onu-2"]))
    (row,) = desk.out("outages.affected")
    assert (row.at, row.value["customers"], row.value["vulnerable"], row.value["revision"]) == (10, 2, 1, 1)
    assert desk.outputs[-1].partitions == (0,)


def test_marketing_is_held_in_an_outage_and_for_a_day_after_it() -> None:
    desk = (
        DecideDesk().push("customers.profiles", "ada", profile("onu-1")).push("customers.preferences", "ada", agreed())
    )
    desk.at(10).push("marketing.requests", "ada", marketing("m0", 10))
    desk.at(20).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1"]))
    desk.at(30).push("marketing.requests", "ada", marketing("m1", 30))
    desk.at(110).push("outages.impact", "o1/0", impact("o1", 2, "confirmed", elements_revision=1, confirmed=START))
    restored = START + int(HOUR * 1000)
    desk.at(HOUR).push("outages.impact", "o1/0", impact("o1", 3, "restored", elements_revision=1, restored=restored))
    desk.at(DAY + HOUR - 1)
    assert [row.value["request_id"] for row in desk.out("marketing.approved")] == ["m0"]
    held = desk.out("marketing.held", "ada")
    assert held[0].value["reason"] == "outage"
    assert held[-1].value["reason"] == "lease"
    assert not any(row.value["final"] for row in held)
    desk.at(DAY + HOUR + 301)
    approved = desk.out("marketing.approved", "ada")[-1]
    assert approved.value["request_id"] == "m1"
    assert approved.value["final"]
    assert "valid_until" in approved.value
    assert approved.at >= DAY + HOUR


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
