"""Detector F: penalties of RFC 2439. Minutes of event time; half-life 15 min, suppress 3000, reuse 750."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import flapping
from forewarn.stream.outages.flapping import Flappers, Flaps
from forewarn.stream.outages.policy import OutagePolicy

POLICY = OutagePolicy()
MINUTE = 60_000


def flap(*minutes: float) -> Flaps:
    state: Flaps | None = None
    for minute in minutes:
        state = flapping.step(POLICY, state, round(minute * MINUTE))
    assert state is not None
    return state


def test_a_penalty_halves_every_quarter_of_an_hour() -> None:
    #  1000 ── 15 min ── 500 ── 15 min ── 250
    state = flap(0)
    assert [flapping.penalty(POLICY, state, minute * MINUTE) for minute in (0, 15, 30)] == [1000, 500, 250]


def test_four_flaps_within_minutes_suppress_and_three_do_not() -> None:
    #  0    2    4    6 min
    #  ●    ●    ●    ●
    assert not flap(0, 2, 4).suppressed
    assert flap(0, 2, 4, 6).suppressed


def test_flaps_each_six_minutes_suppress_and_each_quarter_of_an_hour_never_do() -> None:
    assert flap(0, 6, 12, 18, 24).suppressed
    assert not flap(*(15 * number for number in range(50))).suppressed


def test_suppression_ends_at_the_reuse_limit_and_at_most_an_hour_after_the_last_flap() -> None:
    few, many = flap(0, 1, 2, 3), flap(*(number / 10 for number in range(200)))
    assert flapping.penalty(POLICY, few, flapping.due(POLICY, few)) == POLICY.flap_reuse
    assert flapping.due(POLICY, many) - many.time == 60 * MINUTE


def test_a_late_flap_counts_as_of_the_newest() -> None:
    assert flapping.step(POLICY, flap(0, 10), 5 * MINUTE) == flapping.step(POLICY, flap(0, 10), 10 * MINUTE)


class Book:
    """Flappers over one table."""

    def __init__(self) -> None:
        self.unit = Unit({}, {}, 0)
        self.flappers = Flappers(POLICY)

    def restart(self) -> None:
        self.flappers = Flappers(POLICY)
        self.flappers.restore({key: value for key, value in self.unit.dirty.items() if value})


@pytest.mark.parametrize("restart", [False, True])
def test_an_element_is_suppressed_once_reused_once_and_then_forgotten(restart: bool) -> None:
    book = Book()
    book.flappers.first(book.unit, "cpe", 0)
    news = []
    for minute in (2, 4, 6, 8):
        if restart:
            book.restart()
        news.append(book.flappers.again(book.unit, "cpe", minute * MINUTE))
    assert news == [False, False, True, False]
    assert book.flappers.suppressed == {"cpe"}
    ends = []
    for minute in range(8, 80):
        if restart:
            book.restart()
        ends += [(minute, element) for element in book.flappers.reuse(book.unit, minute * MINUTE)]
    ((minute, element),) = ends
    assert element == "cpe"
    assert 8 + 30 < minute < 8 + 45
    assert book.flappers.flaps == {}
    assert set(book.unit.dirty.values()) == {b""}


def test_one_fall_leaves_a_trace_for_a_while_only_and_a_fall_without_a_trace_leaves_none() -> None:
    book = Book()
    assert not book.flappers.again(book.unit, "cpe", 0)
    assert book.flappers.flaps == {}
    book.flappers.first(book.unit, "cpe", 0)
    assert list(book.flappers.reuse(book.unit, 22 * MINUTE)) == []
    assert book.flappers.flaps == {}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_a_penalty_never_rises_by_itself_nor_above_its_ceiling_and_always_ends(minutes: list[int]) -> None:
    state = flap(*minutes)
    values = [flapping.penalty(POLICY, state, state.time + minute * MINUTE) for minute in range(0, 121, 5)]
    assert values == sorted(values, reverse=True)
    assert values[0] <= 12_000
    end = flapping.due(POLICY, state)
    assert state.time <= end <= state.time + 75 * MINUTE
