"""Working days: when so many full ones are over, by the clock of a place. Pure.

    Thu 15:00 fault ── Fri (1) ── Sat, Sun, bank holiday ── Tue (2) ──┤ Wed 00:00

The day on which something happens counts for nothing, as it is no full one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Whether people work on a day: Monday to Friday, holidays apart."""
    return day.weekday() < SATURDAY and day not in holidays


def after(instant: int, days: int, zone: ZoneInfo, holidays: Collection[date]) -> int:
    """The midnight (epoch ms) at which `days` full working days after an instant (epoch ms) are over."""
    day = local_date(instant, zone)
    while days:
        day += timedelta(days=1)
        days -= is_working_day(day, holidays)
    return midnight(day + timedelta(days=1), zone)


def local_date(instant: int, zone: ZoneInfo) -> date:
    """The date at an instant (epoch ms)."""
    return datetime.fromtimestamp(instant / 1000, UTC).astimezone(zone).date()


def midnight(day: date, zone: ZoneInfo) -> int:
    """Epoch ms of the beginning of a day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000
