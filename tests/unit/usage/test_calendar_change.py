"""Usage is cut again when the customer's calendar becomes known, or moves."""

from __future__ import annotations

import pytest

from forewarn.stream.usage.policy import UsagePolicy
from tests.usage_desk import DAY, HOUR, Desk, account, ms


def test_usage_before_the_profile_is_judged_when_the_profile_arrives() -> None:
    desk = Desk()
    desk.use("2026-07-10", 500)
    desk.use("2026-07-12", 350)
    assert desk.percents == []
    desk.profile(account(), at="2026-07-13")
    desk.use("2026-07-14", 150)

    assert [(alert["percent"], alert["used"]) for alert in desk.alerts] == [(80, 850), (100, 1000)]


def test_only_usage_of_the_customers_own_cycle_is_judged() -> None:
    #   without a profile  [ Jul 1 ── 700 ──────── 200 ────── Aug 1 )
    #   cycle day 15       [ ────────────)[ Jul 15 ─┴──────────── Aug 15 )
    desk = Desk()
    desk.use("2026-07-14T23:50", 700)
    desk.use("2026-07-15T00:05", 200)
    desk.profile(account(day=15), at="2026-07-20")

    assert desk.percents == []
    assert desk.used("2026-07-20") == 200
    desk.use("2026-07-21", 300)
    assert desk.percents == [50]


def test_usage_of_two_months_can_be_one_cycle() -> None:
    desk = Desk()
    desk.use("2026-07-20", 300)
    desk.use("2026-07-20T01:00", 5, kind="top_up")
    desk.use("2026-08-10", 300)
    desk.profile(account(day=15), at="2026-08-11")

    assert [(alert["percent"], alert["used"], alert["allowance"]) for alert in desk.alerts] == [(50, 600, 1005)]
    assert desk.alerts[0]["cycle_start"] == "2026-07-15T00:00:00Z"


def test_the_profiles_zone_moves_usage_by_its_midnight() -> None:
    desk = Desk()
    desk.use("2026-07-31T18:10", 900)  # in Kathmandu still July
    desk.use("2026-07-31T18:20", 600)  # 00:05 of August 1 there
    desk.profile(account(zone="Asia/Kathmandu"), at="2026-08-01T06:00")

    assert [(alert["used"], alert["cycle_start"]) for alert in desk.alerts] == [
        (600, "2026-07-31T18:15:00Z"),
    ]


def test_a_cycle_that_is_over_is_not_judged_when_the_profile_arrives() -> None:
    desk = Desk()
    desk.use("2026-07-10", 2000)
    desk.profile(account(), at="2026-08-01")

    assert desk.percents == []


def test_without_a_profile_the_cycle_is_the_calendar_month() -> None:
    desk = Desk()
    desk.use("2026-07-31T23:59", 1)
    desk.use("2026-08-01", 2)

    assert desk.used("2026-07-31") == 1
    assert desk.used("2026-08-01") == 2
    desk.use("2026-07-31", 1, seen="2026-08-05")
    assert desk.refused == ["too_late"]


def test_much_usage_without_a_profile_is_merged_and_none_is_lost() -> None:
    desk = Desk(UsagePolicy(unknown_slots=4))
    for hour in range(100):
        desk.use(ms("2026-07-10") + hour * HOUR, 1)
    assert len(desk.meter().history) == 2 * 4
    desk.profile(account(day=5, allowance=100), at="2026-07-15")

    assert desk.percents == [100]
    assert desk.used("2026-07-15") == 100


def test_a_record_that_meets_a_new_account_cuts_again_first() -> None:
    desk = Desk()
    desk.use("2026-07-10", 400)
    desk.accounts["c1"] = account(day=15)  # known, and not announced yet
    desk.use("2026-07-16", 1, kind="top_up")

    assert desk.used("2026-07-16") == 0
    assert desk.percents == []


def test_a_later_cycle_day_ends_the_running_cycle_early() -> None:
    #   cycle day 1    [ Aug 1 ── 900 ──────── 50 ──)
    #   cycle day 5    [ Aug 1 ──────)[ Aug 5 ─┴─────── Sep 5 )
    desk = Desk()
    desk.profile(account())
    desk.use("2026-08-04", 900)
    desk.use("2026-08-06", 50)
    desk.profile(account(day=5), at="2026-08-06T12:00")

    assert desk.used("2026-08-04") == 900
    assert desk.used("2026-08-06") == 50
    assert (desk.cycle("2026-08-04").start, desk.cycle("2026-08-04").end) == (ms("2026-08-01"), ms("2026-08-05"))
    assert desk.percents == [80]
    desk.use("2026-08-07", 450)
    assert desk.percents == [80, 50]


def test_an_earlier_cycle_day_shortens_the_running_cycle() -> None:
    #   cycle day 15   [ Jul 15 ── 800 ────────────── Aug 15 )
    #   cycle day 10   [ Jul 15 ───┴────── Aug 10 )[ ...
    desk = Desk()
    desk.profile(account(day=15))
    desk.use("2026-07-01", 10)
    desk.use("2026-07-16", 800)
    desk.use("2026-07-18", 1)
    desk.profile(account(day=10), at="2026-07-18T01:00")
    desk.profile(account(day=10, allowance=1100), at="2026-08-02")  # nothing is cut twice

    assert (desk.cycle("2026-07-18").start, desk.cycle("2026-07-18").end) == (ms("2026-07-15"), ms("2026-08-10"))
    desk.use("2026-07-30", 200)
    desk.use("2026-08-11", 1)
    assert desk.percents == [80]
    assert desk.used("2026-08-11") == 1


def test_what_is_older_than_the_history_counts_as_used_just_before_it() -> None:
    desk = Desk()
    desk.profile(account())
    desk.use("2026-07-02", 450)  # out of the history by July 20
    desk.use("2026-07-20", 60)
    desk.profile(account(day=5), at="2026-07-20T01:00")

    assert desk.used("2026-07-20") == 510


def test_a_move_to_another_zone_tells_nothing_twice() -> None:
    desk = Desk()
    desk.profile(account())
    desk.use("2026-07-10", 850)
    desk.profile(account(zone="America/New_York"), at="2026-07-11")
    desk.use("2026-07-12", 10)
    desk.profile(account(zone="Asia/Tokyo"), at="2026-07-13")
    desk.use("2026-07-14", 10)

    assert desk.percents == [80]
    assert desk.used("2026-07-14") == 870


def test_a_changed_calendar_waits_for_a_cycle_that_is_over() -> None:
    desk = Desk()
    desk.profile(account())
    desk.use("2026-07-20", 600)
    desk.profile(account(day=15), at="2026-08-03")
    desk.use("2026-08-03T01:00", 1)

    # July is closed as it was; what follows runs from there to the next 15th.
    assert (desk.cycle("2026-08-03").start, desk.cycle("2026-08-03").end) == (ms("2026-08-01"), ms("2026-08-15"))
    assert desk.used("2026-08-03") == 1


def test_a_customer_whose_profile_is_gone_is_metered_on() -> None:
    desk = Desk()
    desk.profile(account(day=15))
    desk.use("2026-07-20", 400)
    desk.profile(None, at="2026-07-21")
    desk.use("2026-07-22", 400)
    assert desk.percents == []
    desk.profile(account(day=15), at="2026-07-23")

    assert desk.percents == [80]


def test_a_plan_without_cycle_day_has_calendar_months() -> None:
    desk = Desk()
    desk.profile(account(allowance=None))
    desk.use("2026-07-20", 400)

    assert desk.cycle("2026-07-20").end == ms("2026-08-01")
    assert desk.percents == []


@pytest.mark.parametrize("gap", [1, 40, 400])
def test_a_profile_after_a_long_silence_starts_a_fresh_cycle(gap: int) -> None:
    desk = Desk()
    desk.use("2026-07-10", 600)
    desk.profile(account(), at=ms("2026-08-10") + gap * DAY)
    desk.use(ms("2026-08-10") + gap * DAY, 500)

    assert desk.percents == [50]
    assert desk.alerts[0]["used"] == 500
