"""Timelines of caps: whoever was told enough waits for the window to roll on."""

from __future__ import annotations

import pytest

from forewarn.alerts.policy import AlertPolicy, Cap
from forewarn.stream.policy import Mode, Policy
from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

HOUR = 3600.0
PLAN = {
    "plan_id": "m",
    "name": "M",
    "price": 20,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [{"bucket": b, "allowance": 1000, "unit": "MB"} for b in ("data", "video", "music")],
}
ONE_AN_HOUR = AlertPolicy(caps=(Cap("hour", 1, HOUR),), uncapped_kinds=("outage",))


def desk(policy: AlertPolicy = ONE_AN_HOUR, mode: Mode = "live") -> DecideDesk:
    return DecideDesk(Policy(mode=mode, alerts=policy)).push("customers.profiles", "ada", profile("onu-1", plan=PLAN))


def uses(desk: DecideDesk, at: float, bucket: str, amount: int = 850) -> DecideDesk:
    record = {"record_id": f"{bucket}{at}", "bucket": bucket, "amount": amount, "start": START + int(at * 1000)}
    return desk.at(at).push("usage.records", "ada", record)


def told(desk: DecideDesk) -> list[tuple[float, str]]:
    return [(row.at, row.value["incident"].split("/")[0]) for row in desk.out("notifications", "ada")]


def test_three_alerts_of_one_minute_are_told_an_hour_apart() -> None:
    one = uses(uses(uses(desk(), 10, "data"), 20, "video"), 30, "music").at(HOUR * 5)
    assert [at for at, _ in told(one)] == [10, 10 + HOUR, 10 + 2 * HOUR]
    assert {bucket for _, bucket in told(one)} == {"data", "video", "music"}
    first = next(row.value for row in one.out("decisions", "ada") if row.value["outcome"] == "deferred")
    assert (first["reason"], first["rule"]) == ("frequency_cap", "frequency_cap")
    assert (first["evidence"]["cap"], first["evidence"]["count"], first["evidence"]["limit"]) == ("hour", 1, 1)


def test_an_outage_is_told_whatever_was_said_before_and_takes_its_place() -> None:
    one = uses(desk(), 10, "data").push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(60)
    assert [bucket for _, bucket in told(one)] == ["data", "o1"]
    uses(one, 70, "video").at(HOUR + 39)
    assert len(told(one)) == 2
    one.at(HOUR + 41)
    assert [bucket for _, bucket in told(one)] == ["data", "o1", "video"]


def test_a_restart_forgets_no_count_and_no_wait() -> None:
    one = uses(uses(desk(), 10, "data").restart(), 20, "video").restart().at(HOUR + 9)
    assert len(told(one)) == 1
    one.restart().at(HOUR + 11)
    assert [at for at, _ in told(one)] == [10, HOUR + 10]


def test_in_shadow_caps_count_what_would_have_been_sent() -> None:
    one = uses(uses(desk(mode="shadow"), 10, "data"), 20, "video").at(30)
    assert one.decisions("ada") == [("threshold", "dropped", "shadow"), ("threshold", "deferred", "frequency_cap")]


def test_who_is_deleted_is_not_counted_any_more() -> None:
    one = uses(uses(desk(), 10, "data"), 20, "video").push("customers.profiles", "ada", None)
    assert not [key for key in one.core.table if b"ada" in key]


@pytest.mark.parametrize("kind", ["marketing", "survey"])
def test_what_another_kind_was_told_does_not_count(kind: str) -> None:
    policy = AlertPolicy(caps=(Cap("other", 1, HOUR, kind=kind),), uncapped_kinds=())  # type: ignore[arg-type]
    one = uses(uses(desk(policy), 10, "data"), 20, "video").at(30)
    assert len(told(one)) == 2
    assert not [key for key in one.core.table if key.startswith(b"q/")]


def test_marketing_has_its_own_cap_and_what_is_held_by_it_is_approved_later_the_more_important_first() -> None:
    cap = Cap("campaigns", 1, HOUR, kind="marketing")
    one = desk(AlertPolicy(caps=(cap,), release_spread_s=60)).push("customers.preferences", "ada", agreed())
    one.at(10).push("marketing.requests", "ada", marketing("m1", 10))
    one.at(20).push("marketing.requests", "ada", marketing("m2", 20, priority=10), marketing("m3", 20, priority=90))
    held = one.out("marketing.held", "ada")
    assert [(row.value["request_id"], row.value["reason"]) for row in held] == [
        ("m2", "frequency_cap"),
        ("m3", "frequency_cap"),
    ]
    one.restart().at(4 * HOUR)
    approved = one.out("marketing.approved", "ada")
    assert [row.value["request_id"] for row in approved] == ["m1", "m3", "m2"]
    first, second, third = (row.at for row in approved)
    assert second - first >= HOUR
    assert third - second >= HOUR


def test_marketing_that_would_break_the_cap_of_all_messages_waits_for_room() -> None:
    cap = Cap("hour", 1, HOUR)
    one = desk(AlertPolicy(caps=(cap,), overage_s=0)).push("customers.preferences", "ada", agreed())
    uses(one, 10, "data").at(20).push("marketing.requests", "ada", marketing("m1", 20))
    assert one.out("marketing.held", "ada")[-1].value["reason"] == "frequency_cap"
    one.at(HOUR + 9)
    assert not one.out("marketing.approved", "ada")
    assert one.at(2 * HOUR).out("marketing.approved", "ada")
