"""What a device's own gaps teach."""

from __future__ import annotations

from forewarn.stream.outages.habit import Habit


def test_the_interval_is_the_median_gap() -> None:
    habit = Habit(learning=True)
    assert [habit.learn(gap, 5) for gap in (30, 31, 29, 300, 30)] == [0, 0, 0, 0, 30]
    assert not habit.learning


def test_one_long_gap_in_a_hundred_is_not_the_p99_and_two_are() -> None:
    #  |.....................|   gap of 200           |....................|   gap of 250
    habit = Habit()
    habit.long_gap(1_000, 200, span=6_000, most=600)
    assert habit.p99(0) == 0
    habit.long_gap(2_000, 250, span=6_000, most=600)
    assert habit.p99(0) == 200


def test_long_gaps_are_forgotten_and_outages_are_no_habit() -> None:
    habit = Habit()
    habit.long_gap(1_000, 200, span=6_000, most=600)
    habit.long_gap(2_000, 5_000, span=6_000, most=600)
    assert habit.p99(0) == 0
    habit.long_gap(9_000, 300, span=6_000, most=600)
    assert habit.longs == ((9_000, 300),)


def test_late_beats_in_step_with_their_arrival_show_a_slow_clock() -> None:
    habit = Habit()
    beats = [(1_000, 601_000), (61_000, 661_000), (121_000, 721_000), (181_000, 781_000)]
    assert [habit.came_late(at, arrival) for at, arrival in beats] == [False, False, False, True]
    assert habit.skew == 600_000


def test_a_replayed_backlog_is_no_slow_clock() -> None:
    habit = Habit()
    assert not any(habit.came_late(at, 900_000 + at // 1000) for at in range(0, 600_000, 60_000))
