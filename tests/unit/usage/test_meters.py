"""Meters of one partition: what is told, when, and what is kept."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.usage.alert import Crossing
from forewarn.stream.usage.policy import UsagePolicy
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


def test_a_late_record_counts_in_the_cycle_of_its_start(desk: Desk) -> None:
    desk.use("2026-07-31T20:00", 400)
    desk.use("2026-08-01T01:00", 100)
    desk.use("2026-07-31T23:59", 450, seen="2026-08-03T23:00")

    assert desk.used("2026-07-31") == 850
    assert desk.used("2026-08-01") == 100
    assert [(alert["percent"], alert["cycle_start"][:10]) for alert in desk.alerts] == [(80, "2026-07-01")]


def test_a_record_of_a_cycle_never_seen_is_taken_while_it_may_be_late(desk: Desk) -> None:
    desk.use("2026-08-01T01:00", 100)
    desk.use("2026-07-31T23:59", 450, seen="2026-08-01T02:00")

    assert desk.used("2026-07-31") == 450
    assert desk.used("2026-08-01") == 100


@pytest.mark.parametrize(
    ("start", "seen", "refused"),
    [
        ("2026-07-31T23:59", "2026-08-04T00:00", []),  # closed for 72 h exactly
        ("2026-07-31T23:59", "2026-08-04T00:01", ["too_late"]),
        ("2026-05-10", "2026-08-04", ["too_late"]),
        ("1969-12-31", "1970-01-01T12:00", ["too_late"]),
        ("9999-06-01", "9999-06-01", ["future"]),
    ],
)
def test_a_record_is_too_late_when_its_cycle_was_closed_long_before_kafka_had_it(
    desk: Desk, start: str, seen: str, refused: list[str]
) -> None:
    desk.use(start, 1, seen=seen)

    assert desk.refused == refused


def test_lateness_is_judged_by_kafkas_time_however_late_the_record_is_read(desk: Desk) -> None:
    desk.now = ms("2026-08-20")  # the worker was down

    desk.use("2026-07-31T23:00", 900, seen="2026-08-01T01:00")

    assert desk.refused == []
    assert desk.percents == [80]


def test_what_was_dropped_is_not_begun_again(desk: Desk) -> None:
    desk.use("2026-07-30", 400)
    desk.use("2026-08-10", 1)
    assert len(desk.meter().cycles) == 1

    desk.use("2026-07-31", 1, seen="2026-08-01")  # Kafka's time went back

    assert desk.refused == ["too_late"]


def test_a_dead_letter_is_the_record_itself(desk: Desk) -> None:
    record = desk.record("2026-05-10", 1, seen="2026-08-04")
    desk.take([record])

    [letter] = [out for out in desk.outputs if out.topic == "dead.letters"]
    headers = dict(letter.headers)
    assert letter.value == record.value
    assert headers["dlq.path"] == b"$.start"
    assert headers["dlq.partition"] == b"3"


def test_a_refused_record_may_be_sent_again_mended(desk: Desk) -> None:
    desk.use("2026-05-10", 1, id="x", seen="2026-08-04")
    desk.use("2026-08-04", 1, id="x")

    assert desk.used("2026-08-04") == 1


def test_an_amount_that_cannot_be_counted_with_is_refused_and_its_neighbours_are_not(desk: Desk) -> None:
    desk.take([desk.record("2026-07-10", 1), desk.record("2026-07-10", "1e-25"), desk.record("2026-07-10", 2)])

    assert desk.refused == ["number_out_of_range"]
    assert desk.used("2026-07-10") == 3


def test_fractions_add_up_exactly(desk: Desk) -> None:
    for minute in range(10):
        desk.use(ms("2026-07-10") + minute * 60_000, "50.1")
    assert desk.used("2026-07-10") == 501
    desk.use("2026-07-10T01:00", "0.0000001")
    desk.use("2026-07-10T01:10", 2)

    assert desk.used("2026-07-10") == Decimal("503.0000001")
    assert [(alert["percent"], alert["used"]) for alert in desk.alerts] == [(50, 501)]


def test_a_fraction_is_written_digit_by_digit(desk: Desk) -> None:
    desk.use("2026-07-10", "800.30000000000000004")

    [output] = [out for out in desk.outputs if out.topic == "usage.alerts"]
    assert b'"used":800.30000000000000004,' in (output.value or b"")


def test_sums_beyond_64_bits_stay_exact() -> None:
    desk = Desk()
    desk.profile(account(allowance=2**63 - 1))
    for hour in range(5):
        desk.use(ms("2026-07-10") + hour * HOUR, 2**63 - 1)
        desk.restart()
    desk.use("2026-07-10T05:00", "0.30000000000000004")
    desk.use("2026-07-10T05:01", 1)

    assert desk.used("2026-07-10") == 5 * (2**63 - 1) + 1 + Decimal("0.30000000000000004")
    assert desk.percents == [100]


def test_what_is_told_of_a_sum_beyond_64_bits_can_be_stored_and_sent() -> None:
    desk = Desk()
    desk.profile(account(allowance=2**63 - 1))
    desk.take([desk.record("2026-07-10", 2**62 - 10), desk.record("2026-07-10", 2**63 - 1)])

    [(_, crossing)] = desk.crossings
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(crossing), type=Crossing) == crossing
    assert desk.alerts[0]["used"] == 2**62 - 10 + 2**63 - 1


def test_far_below_zero_is_exact_too(desk: Desk) -> None:
    for minute in range(3):
        desk.use(ms("2026-07-10") + minute * 60_000, -(2**63), kind="correction")

    assert desk.used("2026-07-10") == -3 * 2**63


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


def test_names_that_look_alike_are_different_meters() -> None:
    desk = Desk()
    desk.use("2026-07-10", 1, customer="a", bucket="b\0c")
    desk.use("2026-07-10", 2, customer="a\0b", bucket="c")

    assert desk.used("2026-07-10", "a", "b\0c") == 1
    assert desk.used("2026-07-10", "a\0b", "c") == 2


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


def test_the_same_profile_again_writes_nothing(desk: Desk) -> None:
    desk.use("2026-07-10", 400)
    desk.profile(account())

    assert desk.written[-1] == {}


def test_erasing_a_customer_leaves_nothing_of_theirs(desk: Desk) -> None:
    desk.use("2026-07-10", 400)
    desk.use("2026-07-10", 4, bucket="sms")
    desk.use("2026-07-10", 4, customer="c2")
    desk.erase()
    desk.erase("nobody")

    left = [key for key in desk.core.table if not key.startswith(b"d/")]
    assert len(left) == 3
    assert all(b"c2" in key for key in left)


def test_after_a_restart_all_goes_on_as_before(desk: Desk) -> None:
    for hour, amount in enumerate((300, 300, 300, 300)):
        desk.use(ms("2026-07-10") + hour * HOUR, amount, id=f"x{hour}")
        desk.restart()
        desk.use(ms("2026-07-10") + hour * HOUR, amount, id=f"x{hour}")  # delivered again

    assert desk.percents == [50, 80, 100]
    assert desk.used("2026-07-10") == 1200


def test_a_plain_record_writes_little_and_asks_for_no_account(desk: Desk) -> None:
    desk.use("2026-07-10T00:00", 1)
    asked = desk.lookups
    desk.use("2026-07-10T00:01", 1)
    desk.use("2026-07-10T04:00", 1)  # the next history slot

    plain = {key: value for key, value in desk.written[-2].items() if not key.startswith(b"d/")}
    assert [len(value) for value in plain.values()] == [26]
    assert desk.lookups == asked


def test_a_customer_with_three_buckets_stays_below_a_kilobyte() -> None:
    desk = Desk()
    buckets = ("data", "voice", "roaming:eu")
    desk.profile(account(*(Bucket(name, 50_000_000_000, "B", True) for name in buckets), day=15, zone="Europe/Berlin"))
    for slot in range(200):
        for name in buckets:
            desk.use(ms("2026-07-01") + slot * 3 * HOUR, 3_999_999_999, bucket=name)

    state = [value for key, value in desk.core.table.items() if not key.startswith(b"d/")]
    assert sum(map(len, state)) <= 1000


def test_the_history_holds_the_burn_rate_of_three_days(desk: Desk) -> None:
    for slot in range(100):
        desk.use(ms("2026-07-10") + slot * HOUR, 1)

    history = desk.meter().history
    assert len(history) == 2 * 24
    assert history[1::2] == (3,) * 23 + (1,)


def test_time_alone_changes_nothing(desk: Desk) -> None:
    desk.use("2026-07-10", 400)
    desk.now += 100 * DAY
    desk.tick()

    assert desk.written[-1] == {}


def test_the_meters_know_no_timers(desk: Desk) -> None:
    with pytest.raises(LookupError, match=r"usage\.x"):
        desk.meters.fire(Unit({}, {}, 0), Timer(1, "c1", "usage.x"))


def test_very_many_bucket_names_are_metered_all_the_same() -> None:
    desk = Desk(UsagePolicy())
    desk.take([desk.record("2026-07-10", 1, bucket=f"b{n}", customer=f"c{n}") for n in range(4100)])

    assert desk.used("2026-07-10", "c4099", "b4099") == 1


def test_a_record_of_the_newest_cycle_can_be_too_late_as_well(desk: Desk) -> None:
    desk.use("2026-07-31T22:00", 400)
    desk.use("2026-07-31T23:00", 1, seen="2026-08-04T01:00")  # nothing of August yet

    assert desk.refused == ["too_late"]
    assert desk.used("2026-07-31") == 400
