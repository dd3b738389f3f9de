"""Timelines of the marketing gate: who goes first when a hold ends, what the mode allows, and what its standing says.

o1 ├──────── outage ────────┤── lease ──┤─ released by priority, under the caps ─┤
m9, m5, m1 held             held        m9    m5   (cap)                       m1 when there is room again
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from forewarn.alerts.contactable import contactable
from forewarn.alerts.policy import AlertPolicy, Cap
from forewarn.alerts.proposal import Mode
from forewarn.stream.policy import Policy
from forewarn.topics.events.messages import Progress, Standing
from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

HOUR = 3600.0
DAY = 24 * HOUR
TWO_A_DAY = AlertPolicy(caps=(Cap("marketing_day", 2, DAY, kind="marketing"),), told_kept_s=HOUR)


def crowd(size: int, policy: AlertPolicy | None = None, mode: Mode = "live") -> DecideDesk:
    """Customers c00, c01, ... of one element who agreed to marketing."""
    desk = DecideDesk(Policy(alerts=policy if policy is not None else AlertPolicy(), mode=mode))
    for number in range(size):
        desk.push("customers.profiles", f"c{number:02d}", profile("onu-1"))
        desk.push("customers.preferences", f"c{number:02d}", agreed())
    return desk.at(10)


def in_outage(desk: DecideDesk) -> DecideDesk:
    return desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(60)


def restored(desk: DecideDesk) -> DecideDesk:
    word = impact("o1", 2, "restored", elements_revision=1, restored=START + round(desk.seconds * 1000))
    return desk.push("outages.impact", "o1/0", word)


def approved(desk: DecideDesk, customer: str | None = None) -> list[str]:
    return [row.value["request_id"] for row in desk.out("marketing.approved", customer)]


def held(desk: DecideDesk, request: str) -> list[str]:
    return [row.value["reason"] for row in desk.out("marketing.held") if row.value["request_id"] == request]


def standing(desk: DecideDesk, customer: str = "c00") -> dict[str, Any]:
    found: dict[str, Any] = desk.out("customers.standing", customer)[-1].value
    return found


def test_the_lease_runs_for_a_day_from_the_restoration_and_requests_are_not_freed_before() -> None:
    desk = in_outage(crowd(1)).push("marketing.requests", "c00", marketing("m1", 60))
    restored(desk.at(HOUR)).at(DAY + HOUR)
    assert (held(desk, "m1"), approved(desk)) == (["outage", "lease"], [])
    lease = next(row.value for row in desk.out("marketing.held") if row.value["reason"] == "lease")
    assert "2026-11-23T13:00:00Z" < lease["review_at"] <= "2026-11-23T13:05:01Z"
    desk.at(DAY + HOUR + 301)
    assert approved(desk) == ["m1"]


def test_when_a_lease_ends_the_more_important_requests_take_what_room_the_caps_have() -> None:
    desk = in_outage(crowd(5, TWO_A_DAY))
    for number in range(5):
        for priority in (1, 9, 5, 7.5, 7.2):
            request = marketing(f"c{number:02d}-{priority}", 60, priority=priority)
            desk.push("marketing.requests", f"c{number:02d}", request)
    restored(desk.at(HOUR)).at(DAY + HOUR + 301)
    for number in range(5):
        name = f"c{number:02d}"
        assert approved(desk, name) == [f"{name}-9", f"{name}-7.5"]
        assert held(desk, f"{name}-1")[-1] == "frequency_cap"
    desk.at(2 * DAY + 2 * HOUR)
    assert approved(desk, "c03")[2:] == ["c03-7.2", "c03-5"]


def test_requests_of_many_customers_are_not_freed_at_once() -> None:
    desk = in_outage(crowd(40))
    for number in range(40):
        desk.push("marketing.requests", f"c{number:02d}", marketing(f"m{number}", 60, priority=50))
    restored(desk.at(HOUR)).at(2 * DAY)
    times = [row.at - DAY - HOUR for row in desk.out("marketing.approved")]
    assert len(times) == 40
    assert min(times) > 0
    assert max(times) <= 301
    assert max(sum(at <= time < at + 30 for time in times) for at in range(0, 301, 10)) < 20


def test_a_new_request_does_not_overtake_a_more_important_one_that_waits_for_its_turn() -> None:
    desk = in_outage(crowd(1, TWO_A_DAY))
    for priority in (10, 20, 90):
        desk.push("marketing.requests", "c00", marketing(f"m{priority}", 60, priority=priority))
    restored(desk.at(HOUR)).at(DAY + HOUR + 1)
    desk.push("marketing.requests", "c00", marketing("new", DAY + HOUR, priority=5))
    assert approved(desk) == ["m90", "m20"]
    assert held(desk, "new") == ["frequency_cap"]


def test_a_full_cap_is_in_the_answer_with_its_figures_and_in_the_standing_until_there_is_room() -> None:
    desk = crowd(1, TWO_A_DAY)
    desk.push("marketing.requests", "c00", *(marketing(f"m{n}", 10) for n in range(3)))
    assert approved(desk) == ["m0", "m1"]
    assert (standing(desk)["reasons"], standing(desk)["held_until"]) == (["frequency_cap"], "2026-11-23T12:00:10Z")
    assert desk.out("decisions")[-1].value["evidence"] == {
        "campaign": "spring",
        "final": False,
        "cap": "marketing_day",
        "count": 2,
        "limit": 2,
        "window_s": DAY,
        "until": "2026-11-23T12:00:10Z",
    }
    desk.at(DAY + 11)
    assert "reasons" not in standing(desk)


def test_a_request_that_comes_again_after_it_expired_gets_no_second_last_answer() -> None:
    request = marketing("m1", 10, expires=START + 600_000)
    desk = crowd(1).push("marketing.requests", "c00", request).at(HOUR)
    late = marketing("m2", 10, expires=START + 600_000)
    for again in (request, late, late):
        desk.push("marketing.requests", "c00", again)
    desk.at(2 * HOUR).push("marketing.requests", "c00", late)
    assert (approved(desk), held(desk, "m1"), held(desk, "m2")) == (["m1"], [], ["expired"])


def test_answered_requests_are_forgotten_after_a_week() -> None:
    desk = crowd(1).push("marketing.requests", "c00", marketing("m1", 10, expires=START + 600_000)).at(8 * DAY)
    assert not any(key.startswith(b"m/") for key in desk.core.table)


def test_a_kill_between_a_timer_and_the_tick_loses_no_review() -> None:
    desk = crowd(1).push("marketing.requests", "c00", marketing("m1", 10), fresh=False)
    unit = desk.core.begin(START + 41_000)
    desk.core.fire_due(unit)
    desk.commit(unit)
    desk.restart().at(45)
    assert approved(desk) == ["m1"]


@pytest.mark.parametrize(
    ("mode", "listed", "reason"),
    [("shadow", True, "shadow"), ("allow-list", False, "not_on_allow_list"), ("allow-list", True, None)],
)
def test_what_a_deployment_approves_follows_its_mode(mode: Mode, listed: bool, reason: str | None) -> None:
    policy = AlertPolicy(allow_list=("c00",) if listed else ())
    desk = crowd(1, policy, mode).push("marketing.requests", "c00", marketing("m1", 10)).at(8 * DAY)
    assert set(held(desk, "m1")) == (set() if reason is None else {reason, "expired"})
    assert approved(desk) == (["m1"] if reason is None else [])


def test_shadow_names_what_would_hold_in_earnest() -> None:
    desk = in_outage(crowd(1, mode="shadow")).push("marketing.requests", "c00", marketing("m1", 60))
    assert held(desk, "m1") == ["outage"]


def test_pausing_everything_pauses_approvals_and_what_is_paused_twice_is_resumed_twice() -> None:
    desk = crowd(1)
    for kind in ("*", "marketing"):
        desk.push("control", kind, {"kind": kind, "paused": True, "time": START, "author": "noc"})
    desk.push("marketing.requests", "c00", marketing("m1", 10))
    desk.push("control", "*", {"kind": "*", "paused": False, "time": START, "author": "noc"}).at(HOUR)
    assert approved(desk) == []
    desk.push("control", "marketing", {"kind": "marketing", "paused": False, "time": START, "author": "noc"})
    desk.at(HOUR + 301)
    assert (held(desk, "m1"), approved(desk)) == (["paused"], ["m1"])


def test_the_standing_lists_what_is_pending_told_and_decided_last() -> None:
    desk = crowd(1)
    night = {"start": "11:00", "end": "13:00"}
    desk.push("customers.preferences", "c00", {"time": START, "source": "page", "quiet_hours": night})
    in_outage(desk)
    deferred = desk.out("decisions", "c00")[-1].value
    waiting = standing(desk)
    assert (waiting["pending"], "told" in waiting) == ([deferred["subject_id"]], False)
    assert (waiting["outages"], waiting["reasons"]) == (["o1"], ["outage"])
    desk.at(HOUR + 1)
    told = standing(desk)
    assert ("pending" in told, told["told"]) == (False, ["o1"])
    assert told["last_decision"] == desk.out("notifications", "c00")[0].value["notification_id"]
    assert told["as_of"] == "2026-11-22T13:00:00Z"


def test_a_reason_leaves_the_standing_when_it_ends_though_its_end_was_moved_unseen() -> None:
    #  0 ├─ complaint ──── 7 d ┤
    #      1 d ├─ complaint ────── 8 d ┤     the row says the same all the time: two reasons, held until 90 d
    #  0 ├─ case ───────────────────────────────────────────────── 90 d ┤
    desk = crowd(1).push("customers.interactions", "c00", {"id": "i1", "time": START, "kind": "complaint"})
    desk.push("customers.interactions", "c00", {"id": "i2", "time": START, "kind": "case_opened", "case_id": "k"}).at(
        DAY
    )
    again = {"id": "i3", "time": START + round(DAY * 1000), "kind": "complaint"}
    desk.push("customers.interactions", "c00", again).at(8 * DAY - 1)
    assert standing(desk)["reasons"] == ["case_open", "complaint"]
    desk.at(8 * DAY + 1)
    assert standing(desk)["reasons"] == ["case_open"]
    desk.at(90 * DAY + 1)
    assert "reasons" not in standing(desk)


def test_a_partition_says_at_the_next_tick_that_its_rows_are_behind_and_when_they_are_not() -> None:
    desk = crowd(3, AlertPolicy(fan_out_customers=1)).at(30)
    unit = desk.core.begin(START + 30_000)
    desk.core.take(unit, "outages.impact", [desk.line("o1/0", impact("o1", 1, "confirmed", ["onu-1"]))])
    desk.core.tick(unit, desk.idle)
    desk.commit(unit)
    assert desk.out("progress")[-1].value["behind"]
    desk.work()
    desk.at(31)
    assert "behind" not in desk.out("progress")[-1].value


def question(desk: DecideDesk) -> bool:
    """What a marketing system is told that asks now."""
    row = desk.out("customers.standing", "c00")[-1].value
    progress = desk.out("progress")[-1].value
    return contactable(
        desk.role.policy.alerts,
        "live",
        "c00",
        msgspec.convert(row, Standing) if row is not None else None,
        msgspec.convert(progress, Progress),
        desk.core.now,
    ).contactable


def test_the_question_and_the_gate_have_one_answer() -> None:
    desk = crowd(1, AlertPolicy(caps=()))
    case = {"id": "i1", "time": START, "kind": "case_opened", "case_id": "c1"}
    yes = [question(desk)]
    steps: tuple[Callable[[], DecideDesk], ...] = (
        lambda: desk.push("customers.interactions", "c00", case),
        lambda: desk.push("customers.interactions", "c00", {**case, "kind": "case_closed", "time": START + 1}),
        lambda: in_outage(desk),
        lambda: restored(desk).at(DAY),
        lambda: desk.at(DAY + 61),
        lambda: desk.push("customers.preferences", "c00", agreed(DAY, granted=False)),
        lambda: desk.push("customers.preferences", "c00", agreed(DAY + 61)),
        lambda: desk.push("control", "*", {"kind": "*", "paused": True, "time": START, "author": "noc"}).at(DAY + 62),
    )
    for step in steps:
        step()
        yes.append(question(desk))
        desk.push("marketing.requests", "c00", marketing(f"m{len(yes)}", desk.seconds))
        assert (f"m{len(yes)}" in approved(desk)) == yes[-1]
    assert yes == [True, False, True, False, False, True, False, True, False]
