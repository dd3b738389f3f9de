"""Detector B: a volume against what it usually is at this time of day."""

from __future__ import annotations

import pytest

from forewarn.stream.outages import kpi
from forewarn.stream.outages.baseline import Level
from forewarn.stream.outages.kpi import Drop
from forewarn.stream.outages.kpi_policy import KpiPolicy, KpiRule
from tests.gauges_desk import DAY, MINUTE, Desk

POLICY = KpiPolicy()
STEADY = Level(100.0, 5.0, 7)


def after(values: list[float], level: Level | None = STEADY) -> list[int]:
    """The onset that is suspected after each sample; samples at minutes 1, 2, ..."""
    state, found = Drop(), []
    for minute, value in enumerate(values, start=1):
        state = kpi.step(POLICY, state, minute, value, level, 20)
        found.append(state.open)
    return found


def test_three_low_samples_raise_and_three_high_ones_end_it() -> None:
    #  1.0 b  ●                    ● ● ●
    #  0.8 b ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─
    #                        ● ●           between the two: neither
    #  0.5 b ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─
    #             ● ● ●  ●
    assert after([100, 40, 49, 30, 10, 60, 79, 90, 90, 90]) == [0, 0, 0, 2, 2, 2, 2, 2, 2, 0]


def test_two_low_samples_or_exactly_half_are_no_drop() -> None:
    #  0.5 b ─ ●─ ─ ─●─ ●─ ●─      at the bound is not below it
    #           ● ●
    assert after([100, 49, 49, 50, 49, 49, 50, 50, 50]) == [0] * 9


def test_a_high_sample_between_begins_the_recovery_anew() -> None:
    assert after([10, 10, 10, 81, 81, 80, 81, 81, 81])[-4:] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "level",
    [
        None,
        Level(19.9, 0.1, 7),  # below the floor
        Level(100.0, 25.0, 7),  # 4 MAD or less
        Level(100.0, 1.0, 1),  # one day of history
    ],
)
def test_what_is_not_eligible_raises_nothing(level: Level | None) -> None:
    assert after([0, 0, 0, 0], level) == [0] * 4


def test_sessions_of_a_region_fall_and_come_back() -> None:
    #  1000 ───┐        ┌───       10:00 to 11:00 of the third day
    #   300    └────────┘
    desk = Desk()
    end = desk.days(2, 1000)
    desk.feed({m: 300.0 if end + 600 <= m < end + 660 else 1000.0 for m in range(end, end + 720)}, interval_s=60.0)
    assert desk.said() == [("suspect", "kpi", end + 602), ("clear", "kpi", end + 662)]
    (_, raised), (_, cleared) = desk.signals
    assert (raised["region"], raised["element"], raised["whole_region"]) == ("north", "north", True)
    assert (raised["value"], raised["threshold"], raised["window_s"]) == (pytest.approx(0.3, abs=0.01), 0.5, 180.0)
    assert raised["reason"] == "sessions"
    assert raised["onset"] == cleared["onset"] == 1_799_971_200_000 + (end + 600) * MINUTE
    assert cleared["reason"] == "recovered"


def test_less_than_two_days_of_history_judge_nothing() -> None:
    desk = Desk()
    desk.feed({m: 1000.0 if m < DAY + 600 else 0.0 for m in range(DAY + 700)})
    assert desk.signals == []


def test_no_samples_are_no_drop_and_a_gap_begins_the_counting_anew() -> None:
    #  1000 ────┐ ... nothing ...  ┌──      two low samples, an hour of silence, two low samples
    #         ● ●                ● ●
    desk = Desk()
    end = desk.days(2, 1000)
    desk.feed({end: 100.0, end + 1: 100.0})
    desk.tick(end + 60)
    desk.feed({end + 61: 100.0, end + 62: 100.0, end + 63: 1000.0})
    assert desk.signals == []


def test_a_suspicion_whose_indicator_falls_silent_ends() -> None:
    desk = Desk()
    end = desk.days(2, 1000)
    desk.feed(dict.fromkeys(range(end, end + 10), 0.0))
    desk.tick(end + 68)
    assert [signal["kind"] for _, signal in desk.signals] == ["suspect"]
    desk.tick(end + 70)
    desk.tick(end + 71)
    assert [(signal["kind"], signal["reason"]) for _, signal in desk.signals[1:]] == [("clear", "silent")]


def test_what_rises_and_falls_every_day_is_no_drop() -> None:
    #  night 100, day 1000, three days: the slot of the day before says what is usual
    desk = Desk()
    desk.feed({m: 1000.0 if 480 <= m % DAY < 1320 else 100.0 for m in range(3 * DAY)})
    assert desk.signals == []


def test_an_element_has_its_own_suspicion_and_two_indicators_share_one() -> None:
    desk = Desk()
    both = ("sessions", "attach_attempts")
    for m in range(2 * DAY + 30):
        low = 2 * DAY + 5 <= m < 2 * DAY + 15
        for name in both:
            desk.sample(m, 10.0 if low else 100.0, name=name, element="olt-1")
        desk.tick(m + 0.5)
    kinds = [(signal["kind"], signal["element"], signal.get("whole_region", False)) for _, signal in desk.signals]
    assert kinds == [("suspect", "olt-1", False), ("clear", "olt-1", False)]


def both(desk: Desk, region: range, element: range, end: int) -> list[tuple[str, str, str, int]]:
    """(kind, element, reason, minute after two quiet days) while a region and an element of it are low."""
    start = desk.days(2, 1000)
    desk.days(2, 100, element="olt-1")
    for minute in range(end):
        desk.sample(start + minute, 300 if minute in region else 1000)
        desk.sample(start + minute, 30 if minute in element else 100, element="olt-1")
        desk.tick(start + minute + 0.5)
    return [(one["kind"], one["element"], one["reason"], int(minute) - start) for minute, one in desk.signals]


def test_the_drop_of_a_region_explains_that_of_its_element() -> None:
    #  region   ────┐5             25┌────
    #  element  ───────┐8          27└──┐30     part of it from the beginning to its own end
    assert both(Desk(), range(5, 25), range(8, 30), 40) == [
        ("suspect", "north", "sessions", 7),
        ("clear", "north", "recovered", 27),
    ]


def test_an_element_that_dropped_first_is_explained_when_its_region_follows() -> None:
    assert both(Desk(), range(10, 20), range(2, 30), 40) == [
        ("suspect", "olt-1", "sessions", 4),
        ("suspect", "north", "sessions", 12),
        ("clear", "olt-1", "absorbed", 12),
        ("clear", "north", "recovered", 22),
    ]


def test_an_element_that_drops_again_later_is_told_of() -> None:
    low = both(Desk(), range(5, 15), range(40, 50), 60)
    assert [one[:2] for one in low] == [
        ("suspect", "north"),
        ("clear", "north"),
        ("suspect", "olt-1"),
        ("clear", "olt-1"),
    ]


def test_intervals_are_learned_where_samples_name_none() -> None:
    desk = Desk()
    end = desk.days(2, 1000, every=15)
    desk.feed(dict.fromkeys(range(end, end + 60, 15), 100.0))
    assert [signal["window_s"] for _, signal in desk.signals] == [3 * 900.0]


def test_figures_that_are_not_watched_or_cannot_be_leave_no_trace() -> None:
    desk = Desk()
    desk.sample(0, 5, name="fan_speed")
    desk.sample(0, -1)
    desk.sample(0, 1.5, name="loss_ratio")
    assert desk.table == {}


def test_a_sample_from_the_future_is_left_out() -> None:
    desk = Desk()
    desk.sample(0, 100)
    before = dict(desk.table)
    desk.sample(60, 100, arrival=desk.clock)
    assert desk.table == before


def test_an_indicator_that_a_new_policy_does_not_watch_leaves_no_suspicion_open() -> None:
    desk = Desk()
    end = desk.days(2, 1000)
    desk.feed(dict.fromkeys(range(end, end + 5), 0.0))
    desk.policy = type(desk.policy)(kpi=KpiPolicy(watched=(KpiRule("loss_ratio", "loss", 0.001),)))
    desk.open()
    desk.tick(end + 6)
    assert [(signal["kind"], signal["reason"]) for _, signal in desk.signals[1:]] == [("clear", "unwatched")]


def test_an_indicator_that_is_no_more_is_forgotten() -> None:
    desk = Desk()
    end = desk.days(1, 1000)
    assert desk.table
    desk.tick(end + 31 * DAY)
    assert desk.table == {}
    assert desk.gauges.series == {}
