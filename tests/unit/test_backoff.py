"""Pauses between attempts."""

from __future__ import annotations

from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.backoff import backoff


@given(st.text(max_size=20), st.integers(1, 100))
def test_a_pause_is_repeatable_and_never_longer_than_the_cap(name: str, attempt: int) -> None:
    pause = backoff(name, attempt, base=1000, cap=60_000)
    assert 0 <= pause < min(60_000, 1000 * 2 ** (attempt - 1)) + 1
    assert pause == backoff(name, attempt, base=1000, cap=60_000)


def test_pauses_spread_over_the_whole_range() -> None:
    pauses = [backoff(f"n{i}", 4, base=1000, cap=60_000) for i in range(2000)]
    assert 3800 < mean(pauses) < 4200
    assert min(pauses) < 100
    assert max(pauses) > 7900
