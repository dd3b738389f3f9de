"""Forecasts of simulated customers come true, and early: the targets of docs/scoring.md on a world of one seed."""

from __future__ import annotations

from tests.score.forecast import measure


def test_forecasts_come_true_and_come_early() -> None:
    figures = measure(4, people=100, days=40)
    assert len(figures.ahead) >= 10
    assert figures.precision >= 0.8
    assert figures.warning >= 48
    assert figures.found >= 0.5
