"""Billing cycles of the simulated operator."""

from __future__ import annotations

from datetime import datetime

import pytest

from forewarn.stream.simulate.cycles import Cycles


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("instant", "zone", "day", "start", "end"),
    [
        ("2026-02-10T12:00+00:00", "Europe/Berlin", 31, "2026-01-31T00:00+01:00", "2026-02-28T00:00+01:00"),
        ("2026-03-30T12:00+00:00", "Europe/Berlin", 29, "2026-03-29T00:00+01:00", "2026-04-29T00:00+02:00"),
        ("2026-01-01T02:00+00:00", "America/New_York", 1, "2025-12-01T00:00-05:00", "2026-01-01T00:00-05:00"),
        ("2026-01-01T05:00+00:00", "America/New_York", 1, "2026-01-01T00:00-05:00", "2026-02-01T00:00-05:00"),
    ],
)
def test_a_cycle_runs_from_local_midnight_to_local_midnight(
    instant: str, zone: str, day: int, start: str, end: str
) -> None:
    assert Cycles().at(ms(instant), zone, day) == (ms(start), ms(end))
