"""How estimates of restoration are scored, on figures small enough to check by hand."""

from __future__ import annotations

import pytest

from forewarn.stream.score.promises import (
    HISTORY,
    Forecast,
    Kept,
    covers,
    error_skill,
    history,
    interval_score,
    interval_skill,
)

HOUR = Forecast(1800, 3600, 7200)


@pytest.mark.parametrize(
    ("restored", "score"),
    [(1800, 5400), (7200, 5400), (1700, 5400 + 10 * 100), (7300, 5400 + 10 * 100)],
)
def test_what_is_left_out_costs_ten_times_its_distance(restored: float, score: float) -> None:
    """Width, plus 2/a = 10 for every second outside."""
    assert interval_score(HOUR, restored) == score
    assert covers(HOUR, restored) == (score == 5400)


def test_history_is_the_quantiles_of_what_was_and_never_lies_in_the_past() -> None:
    durations = [float(100 * number) for number in range(1, 12)]
    assert history(durations, 0) == Forecast(200, 600, 1000)
    assert history(durations, 700) == Forecast(700, 700, 1000)


def test_a_short_history_is_none() -> None:
    assert history([60.0] * (HISTORY - 1), 0) is None


def kept(error: float, reference: float) -> Kept:
    """Restored after an hour; both forecasts are as wide, and wrong by so much."""
    said, past = (Forecast(3600 - 10 + e, 3600 + e, 3600 + 10 + e) for e in (error, reference))
    return Kept(said=said, restored=3600, history=past)


def test_skill_is_how_much_smaller_than_historys() -> None:
    pairs = [kept(error, 2 * error) for error in (60, 120, 180)]
    skill = error_skill(pairs)
    assert skill is not None
    assert skill.value == pytest.approx(0.5)
    assert skill.n == 3
    assert skill.interval.low <= 0.5 <= skill.interval.high
    spread = interval_skill(pairs)
    assert spread is not None
    assert spread.value == pytest.approx(1 - (20 + 10 * 110) / (20 + 10 * 230))


def test_what_has_no_history_is_not_compared() -> None:
    alone = Kept(said=HOUR, restored=3600, history=None)
    assert error_skill([alone]) is None
    assert interval_skill([]) is None
    skill = error_skill([alone, kept(1, 2)])
    assert skill is not None
    assert skill.n == 1


def test_as_good_as_history_is_no_skill_and_worse_is_less_than_none() -> None:
    same, worse = error_skill([kept(60, 60)] * 5), error_skill([kept(90, 60)] * 5)
    assert same is not None
    assert worse is not None
    assert (same.value, worse.value) == (0.0, -0.5)
