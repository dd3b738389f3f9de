"""Timelines of usage notices: crossed, paused, expired."""

from __future__ import annotations

from forewarn.stream.policy import Policy
from forewarn.stream.usage.offer import Catalogue, TopUp
from forewarn.stream.usage.policy import UsagePolicy
from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

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
    assert [row.value["class"] for row in desk.out("notifications", "ada")] == ["80"]  # the higher says it all
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


SLOT = 3 * 3_600_000
#: Of this, 120 MB a day last eight days of a cycle that has just begun.
LIMITED = {
    **PLAN,
    "cycle_day": 22,
    "buckets": [{"bucket": "data", "allowance": 1000, "unit": "MB", "overage_price": 0.05, "spend_limit": 10}],
}
SHOP = Policy(
    usage=UsagePolicy(offers=Catalogue(top_ups=(TopUp("t1", "4 GB more", "data", 4000, "MB", 5, "EUR"),))),
)


def paced(desk: DecideDesk, *, slots: int, first: int = 0) -> DecideDesk:
    """The same amount every three hours."""
    for number in range(first, first + slots):
        desk.at(number * 3 * 3600 + 60)
        start = START + number * SLOT
        record = {"record_id": f"s{number}", "bucket": "data", "amount": 15, "start": start}
        desk.push("usage.records", "ada", record)
    return desk


def test_running_out_is_foreseen_and_told_with_an_offer() -> None:
    desk = DecideDesk(SHOP).push("customers.profiles", "ada", profile("onu-1", plan=LIMITED))
    paced(desk, slots=12)
    (row,) = desk.out("notifications", "ada")
    assert (row.value["stage"], row.value.get("class"), row.value["incident"]) == ("forecast", None, "data/2026-11-22")
    assert "4 GB more" in row.value["text"]
    (alert,) = desk.out("usage.alerts", "ada")
    assert alert.value["offer"] == {"kind": "top_up", "id": "t1", "price": 5}
    assert paced(desk, slots=4, first=12).stages("ada") == ["forecast"]


def test_nothing_is_offered_in_an_outage_of_theirs() -> None:
    desk = DecideDesk(SHOP).push("customers.profiles", "ada", profile("onu-1", plan=LIMITED))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    paced(desk, slots=12)
    (alert,) = desk.out("usage.alerts", "ada")
    assert (alert.value["kind"], alert.value.get("offer")) == ("forecast", None)


def test_an_offer_is_left_out_of_a_message_that_waited_into_an_outage() -> None:
    desk = DecideDesk(SHOP).push("customers.profiles", "ada", profile("onu-1", plan=LIMITED))
    desk.push("control", "usage", {"kind": "usage", "paused": True, "time": START, "author": "noc"})
    paced(desk, slots=12)
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).push("control", "usage", None)
    told = [row.value for row in desk.out("notifications", "ada") if row.value["stage"] == "forecast"]
    assert ["4 GB more" in row["text"] for row in told] == [False]


def test_a_spend_limit_is_told_as_money_and_holds_marketing() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=LIMITED))
    desk.push("customers.preferences", "ada", agreed()).at(5).push("usage.records", "ada", used("r1", 1170))
    assert desk.stages("ada") == ["threshold", "spend"]
    spend = desk.out("notifications", "ada")[-1].value
    assert spend["class"] == "80"
    desk.push("marketing.requests", "ada", marketing("m1", 5))
    assert [held.value["reason"] for held in desk.out("marketing.held", "ada")] == ["overage"]


def test_a_forecast_that_waited_until_most_was_used_is_not_told_any_more() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=LIMITED))
    desk.push("control", "usage", {"kind": "usage", "paused": True, "time": START, "author": "noc"})
    paced(desk, slots=12).push("usage.records", "ada", used("r1", 650))
    desk.push("control", "usage", None)
    assert desk.stages("ada") == ["threshold"]
    assert ("forecast", "dropped", "digested") in desk.decisions("ada")


def test_a_bounced_forecast_goes_by_the_next_channel() -> None:
    contacts = {"email": "ada@example.com", "phone": "+447700900123"}
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=LIMITED, contacts=contacts))
    paced(desk, slots=12).log("ada", "bounced", "forecast")
    assert [(row.value["stage"], row.value["channel"]) for row in desk.out("notifications", "ada")] == [
        ("forecast", "email"),
        ("forecast", "sms"),
    ]
