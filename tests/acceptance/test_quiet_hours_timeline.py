"""Timelines of a night: what waits for the morning, what passes, and what the morning no longer needs.

12:00       22:00                       07:00
──┬───────────┬───────────────────────────┬────> UTC, from the start of the desk
  └─ START    └─ NIGHT (10 h)             └─ MORNING (19 h)
"""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.policy import Policy
from tests.decide_desk import START, DecideDesk, impact, profile

HOUR = 3600.0
NIGHT, MORNING = 10 * HOUR, 19 * HOUR
PLAN = {
    "plan_id": "m",
    "name": "M",
    "price": 20,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [{"bucket": "data", "allowance": 1000, "unit": "MB"}],
}


def quiet(start: str = "22:00", end: str = "07:00") -> dict[str, Any]:
    return {"quiet_hours": {"start": start, "end": end}}


def asleep(policy: Policy | None = None, **more: Any) -> DecideDesk:
    """Ada, who sleeps from ten to seven."""
    desk = DecideDesk(policy).push("customers.profiles", "ada", profile("onu-1", plan=PLAN, **more))
    return desk.push("customers.subscriptions", "ada", quiet())


def falls(desk: DecideDesk, at: float, outage: str = "o1") -> DecideDesk:
    chunk = impact(outage, 1, "confirmed", ["onu-1"], started=START + int(at * 1000), time=START + int(at * 1000))
    return desk.at(at).push("outages.impact", f"{outage}/0", chunk)


def returns(desk: DecideDesk, at: float, outage: str = "o1") -> DecideDesk:
    time = START + int(at * 1000)
    over = impact(outage, 2, "restored", elements_revision=1, restored=time, time=time)
    return desk.at(at).push("outages.impact", f"{outage}/0", over)


def uses(desk: DecideDesk, at: float, amount: int) -> DecideDesk:
    record = {"record_id": f"r{at}", "bucket": "data", "amount": amount, "start": START + int(at * 1000)}
    return desk.at(at).push("usage.records", "ada", record)


def told(desk: DecideDesk) -> list[tuple[float, str]]:
    return [(row.at, row.value["stage"]) for row in desk.out("notifications", "ada")]


def test_an_outage_of_the_night_that_lasts_is_told_in_the_morning() -> None:
    desk = falls(asleep(), NIGHT + HOUR).at(MORNING - 1)
    assert told(desk) == []
    assert desk.out("customers.standing", "ada")[-1].value["pending"]
    desk.at(MORNING)
    assert told(desk) == [(MORNING, "confirmed")]
    assert desk.decisions("ada") == [("confirmed", "deferred", "quiet_hours"), ("confirmed", "sent", "passed")]
    assert not desk.out("customers.standing", "ada")[-1].value.get("pending")
    assert not [key for key in desk.core.table if key.endswith(b"/deferral.due")]


def test_an_outage_that_the_night_swallowed_is_told_to_nobody_and_its_wait_has_an_end() -> None:
    desk = returns(falls(asleep(), NIGHT + HOUR), NIGHT + 2 * HOUR).at(MORNING + HOUR)
    assert told(desk) == []
    assert desk.decisions("ada") == [
        ("confirmed", "deferred", "quiet_hours"),
        ("restored", "dropped", "not_told"),
        ("confirmed", "dropped", "expired"),
    ]


def test_an_end_that_is_owed_waits_for_the_morning_and_is_never_dropped() -> None:
    policy = Policy(alerts=AlertPolicy(lease_s=15, told_kept_s=15, restored_valid_s=600))
    desk = falls(asleep(policy), NIGHT - HOUR)
    desk.at(NIGHT - HOUR + 60).log("ada", "delivered")
    returns(desk, NIGHT + HOUR).at(MORNING - 1)
    assert [stage for _, stage in told(desk)] == ["confirmed"]
    desk.at(MORNING + HOUR)
    assert told(desk)[1:] == [(MORNING, "restored")]
    assert not any(key.startswith((b"o/", b"n/", b"t/")) for key in desk.core.table if b"standing" not in key)


def test_who_cannot_switch_it_off_is_told_at_night() -> None:
    desk = falls(asleep(segment="vulnerable"), NIGHT + HOUR).at(NIGHT + HOUR + 31)
    assert [stage for _, stage in told(desk)] == ["confirmed"]


def test_a_threshold_crossed_at_night_is_told_in_the_morning_once() -> None:
    desk = uses(asleep(), NIGHT + HOUR, 850).at(NIGHT + 2 * HOUR)
    assert told(desk) == []
    desk.at(MORNING + HOUR)
    assert told(desk) == [(MORNING, "threshold")]


def test_a_threshold_that_is_stale_by_the_morning_is_dropped_there() -> None:
    policy = Policy(alerts=AlertPolicy(usage_valid_s=HOUR))
    desk = uses(asleep(policy), NIGHT + HOUR, 850).at(MORNING + HOUR)
    assert told(desk) == []
    assert desk.decisions("ada") == [("threshold", "deferred", "quiet_hours"), ("threshold", "dropped", "expired")]


def test_who_gives_up_quiet_hours_is_told_at_once() -> None:
    desk = uses(falls(asleep(), NIGHT + HOUR), NIGHT + 1.5 * HOUR, 850).at(NIGHT + 2 * HOUR)
    patch = {"time": desk.core.now, "source": "page", **quiet("12:00", "12:00")}
    desk.push("customers.preferences", "ada", patch)
    assert sorted(stage for _, stage in told(desk)) == ["confirmed", "threshold"]
    desk.at(MORNING + HOUR)
    assert len(told(desk)) == 2


def test_who_moves_to_another_zone_waits_for_the_morning_there() -> None:
    desk = falls(asleep(), NIGHT + HOUR).at(NIGHT + 2 * HOUR)
    desk.push("customers.profiles", "ada", profile("onu-1", plan=PLAN, time_zone="America/New_York"))
    assert [stage for _, stage in told(desk)] == ["confirmed"]
    desk.at(MORNING + HOUR)
    assert [stage for _, stage in told(desk)] == ["confirmed"]


def test_a_restart_in_the_night_loses_no_wait() -> None:
    desk = uses(falls(asleep(), NIGHT + HOUR), NIGHT + 1.5 * HOUR, 850).at(NIGHT + 2 * HOUR).restart().at(MORNING)
    assert sorted(told(desk)) == [(MORNING, "confirmed"), (MORNING, "threshold")]


def test_who_is_deleted_at_night_leaves_no_timer() -> None:
    desk = uses(falls(asleep(), NIGHT + HOUR), NIGHT + 1.5 * HOUR, 850).at(NIGHT + 2 * HOUR)
    desk.push("customers.profiles", "ada", None)
    assert not [key for key in desk.core.table if b"ada" in key]
    desk.at(MORNING + HOUR)
    assert told(desk) == []


@pytest.mark.parametrize("pause_at", [NIGHT - HOUR, NIGHT + 2 * HOUR])
def test_a_night_that_ends_while_sending_is_paused_waits_for_the_resume(pause_at: float) -> None:
    desk = asleep()
    word = {"kind": "*", "time": START, "author": "noc"}
    for at, what in sorted([(pause_at, "pause"), (NIGHT + HOUR, "fall")]):
        if what == "pause":
            desk.at(at).push("control", "*", {**word, "paused": True})
        else:
            falls(desk, at)
    desk.at(MORNING + HOUR)
    assert told(desk) == []
    desk.push("control", "*", {**word, "paused": False})
    assert [stage for _, stage in told(desk)] == ["confirmed"]
