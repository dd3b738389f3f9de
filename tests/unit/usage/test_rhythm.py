"""How a week's usage spreads over its hours."""

from __future__ import annotations

import pytest

from forewarn.stream.usage.rhythm import HOURS, TYPICAL, rhythm
from tests.usage_desk import DAY, HOUR, ms

#: A Monday, taken as local time.
MONDAY = ms("2026-07-06")
#: All usage falls on Saturdays and Sundays.
WEEKEND = (0.0,) * 120 + (1.0,) * 48


def test_a_week_has_the_mass_of_its_hours() -> None:
    assert rhythm(TYPICAL).mass(MONDAY + 5 * HOUR, MONDAY + 7 * DAY + 5 * HOUR) == pytest.approx(HOURS)


def test_evenings_weigh_more_than_nights() -> None:
    typical = rhythm(TYPICAL)
    assert typical.mass(MONDAY + 20 * HOUR, MONDAY + 21 * HOUR) > 4 * typical.mass(MONDAY + 3 * HOUR, MONDAY + 4 * HOUR)


def test_hours_count_by_their_weights() -> None:
    weekend = rhythm(WEEKEND)
    assert weekend.mass(MONDAY, MONDAY + 5 * DAY) == 0
    assert weekend.mass(MONDAY + 5 * DAY, MONDAY + 6 * DAY) == pytest.approx(HOURS / 2)
    assert weekend.mass(MONDAY + 5 * DAY, MONDAY + 5 * DAY + HOUR // 2) == pytest.approx(HOURS / 48 / 2)


@pytest.mark.parametrize("mass", [0.3, 7.0, 100.0, 1000.5])
def test_the_instant_at_which_a_mass_is_reached_is_the_inverse(mass: float) -> None:
    start = MONDAY + 13 * HOUR + 1234
    reached = rhythm(TYPICAL).reached(start, mass)
    assert rhythm(TYPICAL).mass(start, reached) == pytest.approx(mass, abs=1e-5)


def test_a_time_without_weight_is_skipped() -> None:
    assert rhythm(WEEKEND).reached(MONDAY, 1.0) > MONDAY + 5 * DAY
