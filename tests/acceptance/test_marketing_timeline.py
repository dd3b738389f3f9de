"""Timelines of marketing requests: held for a reason, looked at again, answered once and for all."""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.policy import Policy
from tests.decide_desk import START, TOPICS, DecideDesk, agreed, impact, marketing, profile

HOUR = 3600.0
DAY = 24 * HOUR


def consenting(customer: str = "ada", policy: Policy | None = None, **more: Any) -> DecideDesk:
    """A customer in peace who agreed to marketing, ten seconds in."""
    desk = DecideDesk(policy).push("customers.profiles", customer, profile("onu-1", **more))
    return desk.push("customers.preferences", customer, agreed()).at(10)


def reasons(desk: DecideDesk) -> list[str]:
    return [row.value["reason"] for row in desk.out("marketing.held")]


def approved(desk: DecideDesk) -> list[tuple[float, str]]:
    return [(row.at, row.value["request_id"]) for row in desk.out("marketing.approved")]


def test_an_answer_carries_the_request() -> None:
    request = marketing("m1", 10, priority=7, content={"text": "hi"}, expires="2026-11-23T00:00:00Z")
    desk = consenting().push("marketing.requests", "ada", request)
    (row,) = desk.out("marketing.approved", "ada")
    assert row.value == {
        "request_id": "m1",
        "time": "2026-11-22T12:00:10Z",
        "campaign": "spring",
        "channel": "email",
        "decided": "2026-11-22T12:00:10Z",
        "reason": "clear",
        "final": True,
        "priority": 7,
        "expires": "2026-11-23T00:00:00Z",
        "content": {"text": "hi"},
        "customer": "ada",
        "valid_until": "2026-11-22T12:05:10Z",
    }
    assert desk.decisions("ada") == [("marketing", "approved", "clear")]


def test_a_request_that_comes_twice_is_answered_once() -> None:
    desk = consenting().push("marketing.requests", "ada", marketing("m1", 10), marketing("m1", 10))
    desk.at(60).push("marketing.requests", "ada", marketing("m1", 10))
    assert approved(desk) == [(10, "m1")]


def test_an_approval_is_good_no_longer_than_the_request() -> None:
    desk = consenting().push("marketing.requests", "ada", marketing("m1", 10, expires=START + 20_000))
    assert desk.out("marketing.approved")[0].value["valid_until"] == "2026-11-22T12:00:20Z"


def test_a_stranger_is_held_and_freed_by_their_profile_and_consent() -> None:
    desk = DecideDesk().at(10).push("marketing.requests", "ada", marketing("m1", 10))
    desk.at(60).push("customers.profiles", "ada", profile("onu-1")).at(HOUR)
    desk.push("customers.preferences", "ada", agreed(HOUR)).at(2 * HOUR)
    assert reasons(desk) == ["unknown_customer", "no_consent"]
    assert [request for _, request in approved(desk)] == ["m1"]


def test_a_request_held_for_ever_ends_as_expired() -> None:
    desk = DecideDesk().at(10).push("marketing.requests", "ada", marketing("m1", 10, expires=START + 600_000))
    desk.at(DAY)
    assert [(row.at, row.value["reason"], row.value["final"]) for row in desk.out("marketing.held")] == [
        (10, "unknown_customer", False),
        (600, "expired", True),
    ]
    assert desk.out("marketing.held")[0].value["review_at"] == "2026-11-22T12:10:00Z"


def test_a_request_without_expiry_lives_seven_days() -> None:
    desk = DecideDesk().at(10).push("marketing.requests", "ada", marketing("m1", 10)).at(8 * DAY)
    assert desk.out("marketing.held")[-1].at == pytest.approx(10 + 7 * DAY)
    assert desk.out("marketing.held")[-1].value["final"]


def test_an_open_case_holds_until_it_is_closed() -> None:
    case = {"id": "i1", "time": START, "kind": "case_opened", "case_id": "c1"}
    desk = consenting().push("customers.interactions", "ada", case)
    desk.push("marketing.requests", "ada", marketing("m1", 10))
    desk.at(DAY).push("customers.interactions", "ada", {**case, "kind": "case_closed", "time": START + 1, "id": "i2"})
    desk.at(DAY + 301)
    assert set(reasons(desk)) == {"case_open"}
    assert [request for _, request in approved(desk)] == ["m1"]


def test_a_technician_to_come_holds_until_the_visit_is_over_or_called_off() -> None:
    visit = {
        "appointment_id": "a1",
        "time": START,
        "kind": "technician",
        "status": "booked",
        "start": START + 3_600_000,
        "end": START + 7_200_000,
    }
    desk = consenting().push("customers.appointments", "ada", visit)
    desk.push("marketing.requests", "ada", marketing("m1", 10))
    desk.at(2 * HOUR - 1)
    assert (reasons(desk), approved(desk)) == (["appointment"], [])
    desk.at(2 * HOUR + 301)
    assert [request for _, request in approved(desk)] == ["m1"]
    called_off = {**visit, "appointment_id": "a2", "end": START + 10**9, "start": START + 10**9}
    desk.push("customers.appointments", "ada", called_off)
    desk.push("customers.appointments", "ada", {**called_off, "status": "cancelled", "time": START + 1})
    desk.push("marketing.requests", "ada", marketing("m2", 2 * HOUR))
    assert [request for _, request in approved(desk)] == ["m1", "m2"]


def test_a_complaint_holds_for_a_week() -> None:
    complaint = {"id": "i1", "time": START + 10_000, "kind": "complaint"}
    desk = consenting().push("customers.interactions", "ada", complaint)
    desk.push("marketing.requests", "ada", marketing("m1", 10, expires=START + 30 * 86_400_000))
    desk.at(7 * DAY)
    assert approved(desk) == []
    desk.at(7 * DAY + 400)
    assert [request for _, request in approved(desk)] == ["m1"]


def test_a_bill_far_above_the_usual_one_holds() -> None:
    bills = [
        {"bill_id": f"b{amount}", "time": START + amount, "amount": amount, "currency": "EUR"}
        for amount in (40, 50, 99)
    ]
    desk = consenting().push("billing.bills", "ada", *bills[:2])
    desk.push("marketing.requests", "ada", marketing("m1", 10)).push("billing.bills", "ada", bills[2])
    desk.push("marketing.requests", "ada", marketing("m2", 10))
    assert [request for _, request in approved(desk)] == ["m1"]
    assert reasons(desk) == ["bill_shock"]


def test_a_used_up_allowance_holds() -> None:
    plan = {"plan_id": "p", "name": "M", "price": 20, "currency": "EUR", "cycle_day": 1}
    desk = consenting(plan={**plan, "buckets": [{"bucket": "data", "allowance": 10, "unit": "GB"}]})
    desk.push("usage.records", "ada", {"record_id": "r1", "bucket": "data", "amount": 11, "start": START})
    desk.push("marketing.requests", "ada", marketing("m1", 10))
    assert reasons(desk) == ["overage"]


def test_a_vulnerable_customer_told_of_an_outage_is_left_alone_for_the_rest_of_the_day() -> None:
    policy = Policy(alerts=AlertPolicy(lease_s=0, group_wait_s=0))
    desk = DecideDesk(policy).push(
        "customers.profiles", "ada", profile("onu-1", segment="vulnerable", time_zone="Asia/Tokyo")
    )
    desk.push("customers.preferences", "ada", agreed()).push(
        "outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])
    )
    desk.at(60).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1)).at(120)
    desk.push("marketing.requests", "ada", marketing("m1", 120))
    assert reasons(desk) == ["critical_told"]
    desk.at(3 * HOUR)
    assert approved(desk) == []
    desk.at(3 * HOUR + 301)
    assert [request for _, request in approved(desk)] == ["m1"]


def test_without_a_progress_mark_nothing_is_approved() -> None:
    desk = (
        DecideDesk(marks=False)
        .push("customers.profiles", "ada", profile("onu-1"))
        .push("customers.preferences", "ada", agreed())
    )
    desk.at(10).push("marketing.requests", "ada", marketing("m1", 10)).at(HOUR)
    assert reasons(desk) == ["upstream_stale"]
    desk.marks = True
    desk.at(HOUR + 60)
    assert [request for _, request in approved(desk)] == ["m1"]


@pytest.mark.parametrize(("tick", "event_time"), [(61, 10), (10, 121)])
def test_a_mark_that_is_old_or_far_behind_in_event_time_holds(tick: int, event_time: int) -> None:
    desk = (
        DecideDesk(marks=False)
        .push("customers.profiles", "ada", profile("onu-1"))
        .push("customers.preferences", "ada", agreed())
    )
    desk.at(1000)
    mark = {"type": "progress", "tick": desk.core.now - tick * 1000, "event_time": desk.core.now - event_time * 1000}
    desk.push("outages.impact", "progress", mark).push("marketing.requests", "ada", marketing("m1", 1000))
    assert reasons(desk) == ["upstream_stale"]


def test_a_batch_whose_barrier_did_not_pass_is_held_and_reviewed_soon() -> None:
    desk = consenting().push("marketing.requests", "ada", marketing("m1", 10), fresh=False)
    assert reasons(desk) == ["upstream_stale"]
    desk.at(41)
    assert approved(desk) == [(40, "m1")]


def test_a_review_approves_nothing_while_something_the_gate_rests_on_is_unread() -> None:
    desk = consenting().push("marketing.requests", "ada", marketing("m1", 10), fresh=False)
    desk.idle = TOPICS - {"outages.impact"}
    desk.at(HOUR)
    assert (reasons(desk), approved(desk)) == (["upstream_stale"], [])
    desk.idle = TOPICS
    desk.at(HOUR + 31)
    assert [request for _, request in approved(desk)] == ["m1"]


def test_requests_freed_together_are_released_one_after_the_other_the_important_ones_first() -> None:
    uncapped = Policy(alerts=AlertPolicy(caps=()))
    desk = consenting(policy=uncapped).push("outages.impact", "o1/0", impact("o1", 1, "suspected", ["onu-1"]))
    for priority in (0, 50, 100):
        desk.push(
            "marketing.requests", "ada", *(marketing(f"m{priority}-{n}", 10, priority=priority) for n in range(4))
        )
    desk.at(60).push("outages.impact", "o1/0", impact("o1", 2, "dismissed", elements_revision=1)).at(HOUR)
    times = {request: at for at, request in approved(desk)}
    assert len(times) == 12
    assert len(set(times.values())) > 6
    mean = {p: sum(times[f"m{p}-{n}"] for n in range(4)) / 4 for p in (0, 50, 100)}
    assert mean[100] < mean[50] < mean[0]


def test_paused_marketing_waits_for_the_resume() -> None:
    desk = consenting().push("control", "marketing", {"kind": "marketing", "paused": True, "time": 1, "author": "noc"})
    desk.push("marketing.requests", "ada", marketing("m1", 10))
    desk.at(60).push("control", "marketing", None).at(400)
    assert reasons(desk) == ["paused"]
    assert [request for _, request in approved(desk)] == ["m1"]


def test_a_deleted_customer_leaves_nothing_behind_and_every_request_has_its_last_answer() -> None:
    desk = consenting().push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(60)
    desk.push("marketing.requests", "ada", marketing("m1", 60))
    desk.at(100).push("customers.profiles", "ada", profile("onu-7")).push("customers.profiles", "ada", None)
    assert [row.value["final"] for row in desk.out("marketing.held")] == [False, True]
    assert desk.out("customers.standing", "ada")[-1].value is None
    assert not any(b"ada" in key for key in desk.core.table)
    desk.at(2 * DAY)
    assert desk.stages("ada") == ["confirmed"]


def test_the_standing_says_what_holds_and_until_when() -> None:
    desk = consenting()
    quiet = desk.out("customers.standing", "ada")[-1].value
    assert (quiet.get("reasons", []), "held_until" in quiet) == ([], False)
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    assert desk.out("customers.standing", "ada")[-1].value["outages"] == ["o1"]
    desk.at(60)
    assert desk.out("customers.standing", "ada")[-1].value["told"] == ["o1"]
    desk.at(HOUR).push(
        "outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1, restored=START + 3_600_000)
    )
    after = desk.out("customers.standing", "ada")[-1].value
    assert (after["reasons"], after["held_until"]) == (["lease"], "2026-11-23T13:00:00Z")
    desk.at(DAY + HOUR + 1)
    assert "reasons" not in desk.out("customers.standing", "ada")[-1].value


def test_progress_is_published_every_five_seconds_of_ticks() -> None:
    desk = DecideDesk()
    for second in range(1, 21):
        desk.at(second)
    rows = desk.out("progress", "decide/0")
    assert [row.at for row in rows] == [1, 6, 11, 16]
    assert rows[-1].value == {"role": "decide", "partition": 0, "tick": START + 16_000, "event_time": START + 16_000}
