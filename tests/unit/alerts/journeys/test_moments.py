"""Moments by a field of an event: exact hours, calendar days in the customer's zone, and clock times."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from forewarn.alerts.journeys.moments import Span, moment, span

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("written", "start", "expected"),
    [
        ("start", "2026-06-10T09:00", "2026-06-10T09:00"),
        ("start - 24h", "2026-06-10T09:00", "2026-06-09T09:00"),
        ("start-2h", "2026-06-10T09:00", "2026-06-10T07:00"),
        ("start + 1h30m", "2026-06-10T09:00", "2026-06-10T10:30"),
        # Clocks go forward on 29 March 2026 at 2:00: 24 hours before nine is eight o'clock, a day before it is nine.
        ("start - 24h", "2026-03-29T09:00", "2026-03-28T08:00"),
        ("start - 1d", "2026-03-29T09:00", "2026-03-28T09:00"),
        ("start - 40d at 10:00", "2026-06-10T00:00", "2026-05-01T10:00"),
        ("start at 08:15", "2026-06-10T17:00", "2026-06-10T08:15"),
        # 2:30 is left out that night: the leap.
        ("start - 1d at 02:30", "2026-03-30T12:00", "2026-03-29T03:00"),
    ],
)
def test_a_moment_is_counted_from_its_field(written: str, start: str, expected: str) -> None:
    assert moment(written).instant({"start": ms(start)}, BERLIN) == ms(expected)


def test_a_day_is_the_customers_own() -> None:
    kiritimati = ZoneInfo("Pacific/Kiritimati")
    at = moment("due - 3d at 09:00").instant({"due": ms("2026-12-04T00:00", kiritimati)}, kiritimati)
    assert at == ms("2026-12-01T09:00", kiritimati)


def test_a_field_that_the_event_lacks_is_no_moment() -> None:
    assert moment("start - 2h").instant({"end": 1}, BERLIN) is None
    assert moment("start - 2h").instant({"start": "soon"}, BERLIN) is None


@pytest.mark.parametrize("written", ["", "24h before start", "start - soon", "start -", "start at 25:00", "start at 9"])
def test_what_is_no_moment_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match=r"write "):
        moment(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("90s", Span(0, 90_000)), ("1h30m", Span(0, 5_400_000)), ("40d", Span(40)), ("1d12h", Span(1, 43_200_000))],
)
def test_a_length_of_time(written: str, expected: Span) -> None:
    assert span(written) == expected


@pytest.mark.parametrize(
    ("written", "why"),
    [("0s", "no time at all"), ("401d", "longer than 400 days"), ("1 h", "no length"), ("", "no length")],
)
def test_a_length_out_of_bounds_is_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        span(written)
