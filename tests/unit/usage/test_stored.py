"""What is kept of a customer: exact, small, restorable, and erased on request."""

from __future__ import annotations

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


def test_names_that_look_alike_are_different_meters() -> None:
    desk = Desk()
    desk.use("2026-07-10", 1, customer="a", bucket="b\0c")
    desk.use("2026-07-10", 2, customer="a\0b", bucket="c")

    assert desk.used("2026-07-10", "a", "b\0c") == 1
    assert desk.used("2026-07-10", "a\0b", "c") == 2


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
