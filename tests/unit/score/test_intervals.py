"""Intervals against figures worked out elsewhere, and against what they promise: to hold the truth 95 times in 100."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forewarn.stream.score.intervals import bootstrap, order_statistics, poisson, quantile, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(hits: int, n: int, low: float, high: float) -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998)."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_may_be_anything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (3, 0.6187, 8.7673), (10, 4.7954, 18.3904)]
)
def test_the_exact_interval_of_a_poisson_mean(count: int, low: float, high: float) -> None:
    """The table of E. S. Pearson and H. O. Hartley, "Biometrika Tables for Statisticians", 40."""
    assert poisson(count, 1.0) == pytest.approx((low, high), abs=2e-4)
    assert poisson(count, 2.0) == pytest.approx((low / 2, high / 2), abs=1e-4)


def test_a_large_count_is_nearly_normal() -> None:
    low, high = poisson(400, 1.0)
    assert (low, high) == pytest.approx((400 - 1.96 * 20, 400 + 1.96 * 20), abs=3)


def test_a_rate_without_exposure_may_be_anything() -> None:
    assert poisson(0, 0.0) == (0.0, math.inf)


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([5, 1, 4, 2, 3], 0.5) == 3
    assert quantile([1, 2, 3, 4], 0.5) == 2
    assert quantile(range(1, 101), 0.95) == 95
    assert quantile([7], 0.95) == 7


def test_the_ranks_around_a_median() -> None:
    """For 20 values the 6th and the 15th (David and Nagaraja, table in 7.1)."""
    assert order_statistics(range(1, 21), 0.5) == (6, 15)


def test_few_values_do_not_bound_a_high_quantile() -> None:
    assert order_statistics(range(58), 0.95).high == math.inf
    assert order_statistics(range(100), 0.95).high < math.inf
    assert order_statistics([], 0.95) == (-math.inf, math.inf)


def test_the_interval_of_a_quantile_holds_it_as_often_as_promised() -> None:
    draws = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        low, high = order_statistics(list(draws.exponential(size=200)), 0.95)
        held += low <= -math.log(0.05) <= high
    assert held >= 0.92 * 300


def test_a_bootstrap_is_the_same_every_time_and_holds_the_mean() -> None:
    values = np.arange(100.0)
    first, second = (bootstrap(100, lambda chosen: float(values[chosen].mean())) for _ in range(2))
    assert first == second
    assert first == pytest.approx((49.5 - 1.96 * 2.89, 49.5 + 1.96 * 2.89), abs=0.6)
    assert bootstrap(0, lambda _: 0.0) == (-math.inf, math.inf)
