"""When full working days are over, and whether the dated bank holidays are those of the calendar's own rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from forewarn.stream.regulator.pack import RegulatorPolicy, load
from forewarn.stream.regulator.working_days import after

LONDON = ZoneInfo("Europe/London")
(OFCOM,) = load(RegulatorPolicy(packs=("uk-ofcom-compensation",)))
HOLIDAYS = frozenset(OFCOM.holidays["england-and-wales"])


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp() * 1000)


@pytest.mark.parametrize(
    ("fault", "days", "over"),
    [
        # an ordinary Monday: Tuesday and Wednesday are full, Thursday counts
        ("2026-11-02T09:00", 2, "2026-11-05T00:00"),
        ("2026-11-02T23:59", 2, "2026-11-05T00:00"),
        ("2026-11-02T09:00", 0, "2026-11-03T00:00"),
        # Thursday: Friday, then Monday
        ("2026-11-05T15:00", 2, "2026-11-10T00:00"),
        # a Saturday counts for nothing
        ("2026-11-07T10:00", 2, "2026-11-11T00:00"),
        # Christmas: 25 December 2026 is a Friday, the substitute for Boxing Day Monday the 28th
        ("2026-12-23T10:00", 2, "2026-12-30T00:00"),
        # Easter 2026: Good Friday 3 April to Easter Monday 6 April
        ("2026-04-02T10:00", 2, "2026-04-09T00:00"),
        # across the leap of the clock, 29 March 2026
        ("2026-03-27T10:00", 2, "2026-04-01T00:00"),
    ],
)
def test_full_working_days_after_a_fault(fault: str, days: int, over: str) -> None:
    assert after(ms(fault), days, LONDON, HOLIDAYS) == ms(over)


def easter(year: int) -> date:
    """The Gregorian computus (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def bank_holidays(year: int) -> set[date]:
    """By rule: Banking and Financial Dealings Act 1971; what falls on a weekend moves to the next free weekday."""
    monday = timedelta(days=1)
    sunday = easter(year)

    def first(month: int) -> date:
        day = date(year, month, 1)
        return day + timedelta(days=-day.weekday() % 7)

    def last(month: int) -> date:
        day = date(year, month, 31)
        return day - timedelta(days=day.weekday())

    found = {sunday - timedelta(days=2), sunday + monday, first(5), last(5), last(8)}
    for day in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while day.weekday() > 4 or day in found:
            day += timedelta(days=1)
        found.add(day)
    return found


@pytest.mark.parametrize("year", sorted({day.year for day in HOLIDAYS}))
def test_the_dated_holidays_are_those_of_the_rule(year: int) -> None:
    assert {day for day in HOLIDAYS if day.year == year} == bank_holidays(year)


def test_holidays_are_known_for_the_years_to_come() -> None:
    assert max(day.year for day in HOLIDAYS) >= datetime.now(UTC).year + 1
