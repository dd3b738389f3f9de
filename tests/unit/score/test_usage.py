"""Thresholds once a cycle and nothing else; forecasts that come true."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.stream.score import output, truth
from forewarn.stream.score.observe import observe
from forewarn.stream.score.sample import Sample
from tests.unit.score.handmade import Json, notice, output_file, text, truth_file, world

CYCLE, END = text(-1_000), text(1_400)


def reached(percent: int = 80, *, customer: str = "C1", minute: float = 100, notify: bool = True) -> Json:
    return {"kind": "usage", "customer": customer, "bucket": "data", "percent": percent, "time": text(minute),
            "record_id": "u1", "cycle_start": CYCLE, "notify": notify}  # fmt: skip


def alert(
    percent: float = 80, *, customer: str = "C1", minute: float = 100, number: int = 1, **more: object
) -> tuple[str, Json]:
    value: Json = {"alert_id": f"{customer}-{percent}-{number}", "time": text(minute), "bucket": "data",
                   "kind": "threshold", "percent": percent, "used": 80, "allowance": 100, "unit": "MB",
                   "cycle_start": CYCLE, "cycle_end": END}  # fmt: skip
    return customer, value | more


def told(percent: int = 80, minute: float = 101) -> tuple[str, Json]:
    return notice("C1", minute, "data/2026-01-01", kind="usage", stage="threshold", **{"class": str(percent)})


def scored(folder: Path, lines: list[Json], alerts: list[tuple[str, Json]], *notices: tuple[str, Json]) -> Sample:
    true = truth_file(folder / "truth.jsonl", world(), *lines)
    return observe(truth.read(true), output.read(str(output_file(folder / "out.jsonl", (), notices, alerts))))


def problems(sample: Sample) -> list[str | None]:
    return [one.problem for one in sample.thresholds]


def test_once_is_right(tmp_path: Path) -> None:
    assert problems(scored(tmp_path, [reached()], [alert()], told())) == [None]


def test_the_same_record_twice_is_once(tmp_path: Path) -> None:
    assert problems(scored(tmp_path, [reached()], [alert(), alert()], told(), told())) == [None]


@pytest.mark.parametrize(
    ("lines", "alerts", "notices", "problem"),
    [
        ([reached()], [], [], "missing"),
        ([], [alert()], [], "unexpected"),
        ([reached()], [alert(), alert(number=2)], [], "twice"),
        ([reached()], [alert()], [told(), told(minute=105)], "twice"),
        ([reached(notify=False)], [alert()], [told()], "unwanted"),
    ],
)
def test_everything_else_is_a_problem(
    tmp_path: Path, lines: list[Json], alerts: list[tuple[str, Json]], notices: list[tuple[str, Json]], problem: str
) -> None:
    assert problems(scored(tmp_path, lines, alerts, *notices)) == [problem]


def test_the_wrong_percentage_is_missing_and_unexpected(tmp_path: Path) -> None:
    assert problems(scored(tmp_path, [reached(100)], [alert(80)])) == ["missing", "unexpected"]


def forecast(minute: float, cycle_end: str = END) -> tuple[str, Json]:
    return alert(70, minute=minute, kind="forecast", cycle_end=cycle_end)


def test_a_forecast_that_comes_true_is_right_and_early_by_so_much(tmp_path: Path) -> None:
    sample = scored(tmp_path, [reached(100, minute=700)], [forecast(100), alert(100, minute=700)])
    assert [one.ahead_s for one in sample.warned] == [600 * 60]
    assert problems(sample) == [None]


def test_a_forecast_that_does_not_is_wrong_once_the_cycle_is_over(tmp_path: Path) -> None:
    assert [one.ahead_s for one in scored(tmp_path, [], [forecast(100)]).warned] == [None]


def test_a_forecast_whose_cycle_goes_on_is_not_judged(tmp_path: Path) -> None:
    assert scored(tmp_path, [], [forecast(100, cycle_end=text(2_000))]).warned == ()
    cut_off = [forecast(100, cycle_end=text(2_000)), alert(100, minute=700)]
    assert scored(tmp_path, [reached(100, minute=700)], cut_off).warned == ()


def test_what_ran_out_is_known_apart_from_thresholds(tmp_path: Path) -> None:
    empty: Json = {"kind": "exhausted", "customer": "C1", "bucket": "data", "time": text(400), "record_id": "u",
                   "cycle_start": CYCLE, "cycle_end": END}  # fmt: skip
    sample = scored(tmp_path, [empty], [forecast(100)])
    assert [one.ahead_s for one in sample.warned] == [300 * 60]
