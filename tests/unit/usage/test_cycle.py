"""Cycles by cycle day and zone: where one ends and the next begins."""

from __future__ import annotations

import pytest

from forewarn.stream.usage.cycle import EARLIEST, LATEST, Calendar, Span, calendar, exists
from tests.usage_desk import HOUR, ms


@pytest.mark.parametrize(
    ("day", "zone", "instant", "start", "end"),
    [
        (1, "UTC", "2026-07-10", "2026-07-01", "2026-08-01"),
        (15, "UTC", "2026-07-14T23:59", "2026-06-15", "2026-07-15"),
        (15, "UTC", "2026-07-15", "2026-07-15", "2026-08-15"),
        (31, "UTC", "2026-02-27T23:59", "2026-01-31", "2026-02-28"),
        (31, "UTC", "2026-02-28", "2026-02-28", "2026-03-31"),
        (31, "UTC", "2028-02-28", "2028-01-31", "2028-02-29"),
        (30, "UTC", "2026-03-01", "2026-02-28", "2026-03-30"),
        (29, "UTC", "2028-02-29", "2028-02-29", "2028-03-29"),
        (31, "UTC", "2026-04-30", "2026-04-30", "2026-05-31"),
        (1, "UTC", "2026-12-31T23:59", "2026-12-01", "2027-01-01"),
        # Local midnight, not UTC's.
        (1, "Europe/Berlin", "2026-07-31T22:30", "2026-08-01T00:00+02:00", "2026-09-01T00:00+02:00"),
        (1, "Asia/Kathmandu", "2026-07-10", "2026-07-01T00:00+05:45", "2026-08-01T00:00+05:45"),
        (1, "Pacific/Kiritimati", "2026-07-31T10:00", "2026-08-01T00:00+14:00", "2026-09-01T00:00+14:00"),
        # The clocks change inside the cycle: it is an hour shorter, or longer.
        (15, "Europe/Berlin", "2026-03-20", "2026-03-15T00:00+01:00", "2026-04-15T00:00+02:00"),
        (15, "America/New_York", "2026-10-20", "2026-10-15T00:00-04:00", "2026-11-15T00:00-05:00"),
        # Beirut skips from 00:00 to 01:00 on 2026-03-29: the day begins at the change.
        (29, "Asia/Beirut", "2026-03-30", "2026-03-28T22:00", "2026-04-29T00:00+03:00"),
        # Havana goes from 01:00 back to 00:00 on 2026-11-01: midnight comes twice, the first one counts.
        (1, "America/Havana", "2026-11-02", "2026-11-01T00:00-04:00", "2026-12-01T00:00-05:00"),
    ],
)
def test_a_cycle_runs_from_local_midnight_of_its_day_to_the_next(
    day: int, zone: str, instant: str, start: str, end: str
) -> None:
    assert Calendar(day, zone).cycle(ms(instant)) == Span(ms(start), ms(end))


def test_the_end_is_exclusive() -> None:
    july = Calendar(1, "UTC").cycle(ms("2026-07-10"))

    assert july.holds(july.start)
    assert july.holds(july.end - 1)
    assert not july.holds(july.end)
    assert not july.holds(july.start - 1)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"])
@pytest.mark.parametrize("day", [1, 28, 29, 30, 31])
def test_cycles_tile_the_time_line(day: int, zone: str) -> None:
    cycles = Calendar(day, zone)
    span = cycles.cycle(ms("2009-12-20"))
    for _ in range(60):
        following = cycles.cycle(span.end)
        assert following.start == span.end
        assert cycles.cycle(span.end - 1) == span
        assert 27 * 24 * HOUR <= following.end - following.start <= 32 * 24 * HOUR
        span = following


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
def test_the_ends_of_the_time_line_have_cycles(zone: str) -> None:
    for instant in (EARLIEST, LATEST):
        assert Calendar(31, zone).cycle(instant).holds(instant)


@pytest.mark.parametrize("zone", ["Nowhere/Atlantis", "../etc/passwd", "Europe", "", "Europe/Berlin\0"])
def test_a_zone_that_does_not_exist_gives_way_to_the_default(zone: str) -> None:
    assert not exists(zone)
    assert calendar(5, zone, "Europe/Berlin") == Calendar(5, "Europe/Berlin")


def test_a_cycle_day_out_of_range_is_the_nearest_one() -> None:
    assert calendar(0, "UTC", "UTC").day == 1
    assert calendar(40, "UTC", "UTC").day == 31


def test_the_date_of_a_cycle_is_local() -> None:
    berlin = Calendar(1, "Europe/Berlin")

    assert str(berlin.date(berlin.cycle(ms("2026-07-10")).start)) == "2026-07-01"
