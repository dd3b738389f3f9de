"""Late records, and records that are refused."""

from __future__ import annotations

import pytest

from forewarn.stream.usage.policy import UsagePolicy
from tests.usage_desk import Desk, account, ms


@pytest.fixture
def desk() -> Desk:
    """A desk at which customer c1 has 1000 MB of data from the first of the month on."""
    desk = Desk()
    desk.profile(account())
    return desk


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


def test_a_record_of_the_newest_cycle_can_be_too_late_as_well(desk: Desk) -> None:
    desk.use("2026-07-31T22:00", 400)
    desk.use("2026-07-31T23:00", 1, seen="2026-08-04T01:00")  # nothing of August yet

    assert desk.refused == ["too_late"]
    assert desk.used("2026-07-31") == 400


def test_a_late_record_two_cycles_back_fills_the_one_between() -> None:
    desk = Desk(UsagePolicy(late_s=100 * 86_400.0))
    desk.profile(account(rollover=True))
    desk.use("2026-08-10", 1)
    desk.use("2026-06-10", 300, seen="2026-08-11")

    assert [cycle.carried for cycle in desk.meter().cycles] == [0, 700, 1700]
