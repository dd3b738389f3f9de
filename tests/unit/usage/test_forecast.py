"""When running out is foreseen: early, once, and only when it is likely.

slots     ▂▂▂▂▂▂▂▂▂▂▂▂│ now ............ cycle end      steady: told once it is likely
          ▁▁▁▁█▁▁▁▁▁▁▁│                                 a burst: nothing
"""

from __future__ import annotations

import pytest

from forewarn.stream.usage.policy import ForecastPolicy, UsagePolicy
from forewarn.topics.events.customers import Bucket
from tests.usage_desk import DAY, HOUR, Desk, account, ms

JULY = ms("2026-07-01")
#: Every hour weighs the same, so that a reader can follow the figures.
FLAT = UsagePolicy(forecast=ForecastPolicy(week=(1.0,) * 168))


def desk(policy: UsagePolicy = FLAT, allowance: int = 1000) -> Desk:
    """A desk at which customer c1 has so many MB of data from the first of the month on."""
    made = Desk(policy)
    made.profile(account(allowance=allowance))
    return made


def steady(at: Desk, amount: int, *, days: int, first: int = 0) -> Desk:
    """The same amount every three hours."""
    for slot in range(first * 8, (first + days) * 8):
        at.use(JULY + slot * 3 * HOUR + 60_000, amount)
    return at


def test_a_steady_pace_that_will_not_do_is_foreseen_on_the_second_day() -> None:
    one = steady(desk(), 10, days=3)  # 80 MB a day last 12.5 days
    [alert] = one.alerts_of("forecast")
    assert ms(alert["time"]) < JULY + 2 * DAY
    assert ms(alert["runs_out"]) == pytest.approx(JULY + 12.5 * DAY, abs=6 * HOUR)
    assert alert["probability"] >= 0.8
    assert (alert["percent"], alert["used"], alert["allowance"]) == (9, 90, 1000)


def test_a_pace_that_lasts_the_cycle_is_no_news() -> None:
    assert steady(desk(), 3, days=30).alerts_of("forecast") == []


def test_it_is_told_once_a_cycle_and_again_in_the_next() -> None:
    one = steady(desk(), 10, days=60)
    assert [alert["cycle_start"][:10] for alert in one.alerts_of("forecast")] == ["2026-07-01", "2026-08-01"]


def test_it_comes_before_the_threshold_that_says_the_same() -> None:
    one = steady(desk(), 6, days=25)
    [alert] = one.alerts_of("forecast")
    eighty = next(alert for alert in one.alerts if alert["percent"] == 80)
    assert ms(alert["time"]) < ms(eighty["time"])
    assert ms(eighty["runs_out"]) == pytest.approx(ms(alert["runs_out"]), abs=DAY)


def test_a_burst_is_no_pace() -> None:
    one = steady(desk(), 2, days=5)
    one.use(JULY + 5 * DAY, 300)
    assert steady(one, 2, days=3, first=5).alerts_of("forecast") == []


def test_running_out_within_a_day_is_too_late_for_a_forecast() -> None:
    one = steady(desk(), 100, days=1)
    assert one.alerts_of("forecast") == []


def test_running_out_after_the_cycle_is_no_news() -> None:
    one = desk(allowance=2600)
    assert steady(one, 10, days=31).alerts_of("forecast") == []


def test_a_threshold_crossed_at_once_carries_the_forecast_and_is_told_alone() -> None:
    one = steady(desk(), 3, days=10)
    one.use(JULY + 10 * DAY, 570)
    assert [alert["percent"] for alert in one.alerts] == [80]
    assert one.alerts[0]["probability"] is not None
    assert len([crossing for _, crossing in one.crossings]) == 1


def test_it_is_forgotten_by_no_restart() -> None:
    one = steady(desk(), 10, days=3)
    one.restart()
    assert len(steady(one, 10, days=3, first=3).alerts_of("forecast")) == 1


def test_a_top_up_puts_it_off() -> None:
    one = desk()
    one.use(JULY, 2000, kind="top_up")
    assert steady(one, 10, days=20).alerts_of("forecast") == []


def test_the_weights_of_a_plan_tell_its_weekend_from_its_week() -> None:
    """Five working days without usage are nothing to conclude from when all of it comes at week-ends."""
    weekend = (0.01,) * 120 + (1.0,) * 48
    policy = UsagePolicy(forecast=ForecastPolicy(weeks={"p1": weekend}))
    flat, weighed = desk(FLAT, 500), desk(policy, 500)
    for one in (flat, weighed):
        for slot in range(16):  # Saturday and Sunday, July 4 and 5
            one.use(JULY + 3 * DAY + slot * 3 * HOUR + 60_000, 6)
    assert len(flat.alerts_of("forecast")) == 1
    assert weighed.alerts_of("forecast") == []  # 96 MB a week-end, four of them


def test_a_bucket_without_an_allowance_has_no_forecast() -> None:
    one = Desk(FLAT)
    one.profile(account(Bucket("voice", 100, "min")))
    assert steady(one, 10, days=5).alerts_of("forecast") == []


def test_all_weights_zero_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zero"):
        ForecastPolicy(week=(0.0,) * 168)
