"""Durations on the command line."""

from __future__ import annotations

import pytest

from forewarn.stream.durations import seconds, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("2m", 120),
        ("1h30m", 5400),
        ("1d", 86400),
        ("500ms", 0.5),
        ("45", 45),
        ("1.5h", 5400),
        ("1H 5M", 3900),
    ],
)
def test_what_people_write_is_understood(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "5x", "-3s", "0", "0s", "3s3", "s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|no time"):
        seconds(text)


@pytest.mark.parametrize(("duration", "expected"), [(90, "1m 30s"), (3600, "1h"), (90061, "1d 1h"), (0.2, "0s")])
def test_a_duration_is_written_in_its_two_largest_units(duration: float, expected: str) -> None:
    assert written(duration) == expected
