"""What a meter tells: thresholds, allowances, plans, rollover."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from forewarn.topics.events.customers import Bucket
from tests.usage_desk import DAY, HOUR, Desk, account, ms


@pytest.fixture
def desk() -> Desk:
    """A desk at which customer c1 has 1000 MB of data from the first of the month on."""
    desk = Desk()
    desk.profile(account())
    return desk


def test_each_threshold_is_told_once_as_it_is_reached(desk: Desk) -> None:
    for hour, amount in enumerate((499, 1, 299, 1, 199, 1, 500)):
        desk.use(ms("2026-07-10") + hour * HOUR, amount)

    assert desk.percents == [50, 80, 100]
    assert [alert["used"] for alert in desk.alerts] == [500, 800, 1000]


def test_an_alert_says_all_that_the_contract_names(desk: Desk) -> None:
    desk.use("2026-07-10T12:00", 512, seen="2026-07-10T12:00:03")

    [output] = [out for out in desk.outputs if out.topic == "usage.alerts"]
    assert output.key == b"c1"
    assert output.partitions == (desk.partition,)
    alert = json.loads(output.value or b"")
    assert len(alert.pop("alert_id")) == 32
    assert alert == {
        "time": "2026-07-10T12:00:03Z",
        "bucket": "data",
        "kind": "threshold",
        "percent": 50,
        "used": 512,
        "allowance": 1000,
        "unit": "MB",
        "cycle_start": "2026-07-01T00:00:00Z",
        "cycle_end": "2026-08-01T00:00:00Z",
    }


def test_what_is_told_goes_to_the_pipeline_too(desk: Desk) -> None:
    desk.profile(account(day=15, zone="Europe/Berlin"))
    desk.use("2026-07-20T12:00", 850)

    [(customer, crossing)] = desk.crossings
    assert customer == "c1"
    assert crossing.alert_id == desk.alerts[0]["alert_id"]
    assert (crossing.percent, crossing.used, crossing.allowance, crossing.unit) == (80, 850, 1000, "MB")
    assert crossing.incident == "data/2026-07-15"
    assert crossing.cycle_start == ms("2026-07-15T00:00+02:00")
    assert crossing.cycle_end == ms("2026-08-15T00:00+02:00")
    assert crossing.time == desk.now


def test_a_burst_across_several_thresholds_tells_the_highest_only(desk: Desk) -> None:
    desk.use("2026-07-10", 900)
    desk.use("2026-07-11", 50)

    assert desk.percents == [80]


def test_a_threshold_crossed_again_after_a_correction_is_not_told_again(desk: Desk) -> None:
    desk.use("2026-07-10T01:00", 820)
    desk.use("2026-07-10T02:00", -600, kind="correction")
    assert desk.used("2026-07-10") == 220
    desk.use("2026-07-10T02:10", 400)
    desk.use("2026-07-10T02:20", 200)
    desk.use("2026-07-10T02:30", 180)

    assert desk.percents == [80, 100]


def test_a_correction_upwards_can_cross_a_threshold(desk: Desk) -> None:
    desk.use("2026-07-10T01:00", 450)
    desk.use("2026-07-10T01:10", 60, kind="correction")

    assert desk.percents == [50]


def test_a_top_up_raises_the_allowance_of_its_cycle_alone(desk: Desk) -> None:
    desk.use("2026-07-10", 1000, kind="top_up")
    desk.use("2026-07-11", 800)
    assert desk.percents == []
    desk.use("2026-07-12", 200)
    desk.use("2026-08-02", 800)

    assert [(alert["percent"], alert["allowance"]) for alert in desk.alerts] == [(50, 2000), (80, 1000)]


def test_after_a_top_up_a_percentage_is_not_told_twice_in_the_cycle(desk: Desk) -> None:
    desk.use("2026-07-10", 800)
    desk.use("2026-07-11", 1000, kind="top_up")
    desk.use("2026-07-12", 800)
    desk.use("2026-07-13", 400)

    assert desk.percents == [80, 100]


def test_many_top_ups_are_added_up(desk: Desk) -> None:
    for day in range(20):
        desk.use(ms("2026-07-05") + day * DAY, 10, kind="top_up")

    assert desk.cycle("2026-07-10").allowance == 1200
    assert len(desk.cycle("2026-07-10").top_ups) == 8


def test_a_new_cycle_starts_from_nothing(desk: Desk) -> None:
    desk.use("2026-07-31T23:59:59", 900)
    desk.use("2026-08-01", 600)

    assert desk.percents == [80, 50]
    assert [alert["cycle_start"] for alert in desk.alerts] == ["2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("rollover", "carried"),
    [(None, 0), (False, 0), (True, 700), (200, 200), (Decimal("99.5"), Decimal("99.5")), (0, 0)],
)
def test_unused_allowance_rolls_over_up_to_its_cap(rollover: bool | int | Decimal | None, carried: Decimal) -> None:
    desk = Desk()
    desk.profile(account(rollover=rollover))
    desk.use("2026-07-10", 300)
    desk.use("2026-08-10", 1000 + carried)

    [alert] = desk.alerts
    assert (alert["percent"], alert["allowance"]) == (100, pytest.approx(float(1000 + carried)))


def test_rollover_gathers_over_cycles_without_usage() -> None:
    desk = Desk()
    desk.profile(account(rollover=True))
    desk.use("2026-07-10", 300)
    desk.use("2026-10-10", 1)  # August and September were not touched

    assert desk.cycle("2026-10-10").allowance == 1000 + 700 + 2000


def test_top_ups_do_not_roll_over() -> None:
    desk = Desk()
    desk.profile(account(rollover=True))
    desk.use("2026-07-10", 500, kind="top_up")
    desk.use("2026-07-10T01:00", 1200)
    desk.use("2026-08-10", 1)

    assert desk.cycle("2026-08-10").allowance == 1000


def test_a_late_record_takes_from_what_rolled_over() -> None:
    desk = Desk()
    desk.profile(account(rollover=True))
    desk.use("2026-07-31", 100)
    desk.use("2026-08-01T01:00", 790)
    assert desk.cycle("2026-08-01").allowance == 1900
    desk.use("2026-07-31T23:00", 900, seen="2026-08-01T02:00")

    assert desk.cycle("2026-08-01").allowance == 1000
    # 790 of 1000 is beyond 50 %; July's 1000 is its all.
    assert [(alert["percent"], alert["cycle_start"][5:7]) for alert in desk.alerts] == [(100, "07"), (50, "08")]


def test_buckets_are_metered_apart() -> None:
    desk = Desk()
    desk.profile(account(Bucket("data", 1000, "MB"), Bucket("voice", 100, "min"), Bucket("roaming:eu", 10, "MB")))
    desk.use("2026-07-10", 400)
    desk.use("2026-07-10", 90, bucket="voice", line="2")
    desk.use("2026-07-10", 9, bucket="roaming:eu", zone="roaming:eu")

    assert [(alert["bucket"], alert["percent"]) for alert in desk.alerts] == [("voice", 80), ("roaming:eu", 80)]


def test_usage_abroad_draws_on_the_bucket_that_the_record_names(desk: Desk) -> None:
    desk.use("2026-07-10", 300)
    desk.use("2026-07-10T01:00", 300, zone="roaming:eu", line="2")

    assert desk.percents == [50]


def test_a_bucket_that_the_plan_lacks_is_metered_and_not_judged(desk: Desk) -> None:
    desk.use("2026-07-10", 10**6, bucket="sms")
    assert desk.percents == []
    assert desk.used("2026-07-10", bucket="sms") == 10**6

    desk.profile(account(Bucket("sms", 2 * 10**6, "sms")), at="2026-07-11")

    assert desk.percents == [50]


def test_an_allowance_of_nothing_or_beyond_counting_is_not_judged() -> None:
    desk = Desk()
    desk.profile(account(allowance=0))
    desk.use("2026-07-10", 5)
    desk.profile(account(allowance=Decimal("1E+50")))
    desk.use("2026-07-11", 5)
    desk.profile(account(rollover=Decimal("1E+50")))
    desk.use("2026-07-12", 490)

    assert desk.percents == [50]


def test_a_customer_chooses_thresholds_per_bucket(desk: Desk) -> None:
    desk.profile(account(thresholds={"data": (90.0, 33.3)}))
    for hour, amount in enumerate((333, 500, 67, 100)):
        desk.use(ms("2026-07-10") + hour * HOUR, amount)

    assert desk.percents == [33.3, 90]


def test_a_threshold_chosen_later_is_judged_at_once(desk: Desk) -> None:
    desk.use("2026-07-10", 850)
    desk.profile(account(thresholds={"data": (60.0, 84.0)}), at="2026-07-11")
    desk.profile(account(thresholds={"data": (60.0, 84.0)}), at="2026-07-12")

    assert desk.percents == [80, 84]


def test_a_larger_plan_in_mid_cycle_moves_the_next_threshold(desk: Desk) -> None:
    desk.use("2026-07-10", 600)
    desk.profile(account(allowance=2000), at="2026-07-11")
    desk.use("2026-07-12", 900)
    desk.use("2026-07-13", 100)

    assert [(alert["percent"], alert["used"]) for alert in desk.alerts] == [(50, 600), (80, 1600)]


def test_a_smaller_plan_in_mid_cycle_is_judged_at_once(desk: Desk) -> None:
    desk.use("2026-07-10", 400)
    desk.profile(account(allowance=500), at="2026-07-11")

    assert [(alert["percent"], alert["allowance"]) for alert in desk.alerts] == [(80, 500)]


def test_a_plan_change_leaves_cycles_that_are_over_alone(desk: Desk) -> None:
    desk.use("2026-07-31", 400)
    desk.profile(account(allowance=500), at="2026-08-01T01:00")
    assert desk.percents == []
    desk.use("2026-08-01T02:00", 400)

    assert [(alert["percent"], alert["cycle_start"][5:7]) for alert in desk.alerts] == [(80, "08")]
