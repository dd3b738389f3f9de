"""The binomial tail."""

from __future__ import annotations

from math import comb

import pytest

from forewarn.stream.outages.surprise import surprise


@pytest.mark.parametrize(("n", "k", "p"), [(10, 4, 0.1), (30, 3, 0.001), (500, 50, 0.02), (7, 7, 0.3), (3, 1, 0.2)])
def test_the_tail_is_the_exact_sum(n: int, k: int, p: float) -> None:
    exact = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
    assert surprise(n, k, p) == pytest.approx(exact, rel=1e-9)


def test_what_is_not_above_the_mean_is_no_surprise() -> None:
    assert surprise(100, 10, 0.1) == 1.0
    assert surprise(100, 0, 0.0) == 1.0


def test_anything_that_never_happens_is_a_full_surprise() -> None:
    assert surprise(100, 1, 0.0) == 0.0


def test_a_large_group_is_summed_without_overflow() -> None:
    assert 0 <= surprise(500_000, 100_000, 0.001) < 1e-300
    assert surprise(500_000, 600, 0.001) < 1e-3
