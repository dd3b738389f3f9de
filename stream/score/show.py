"""The score as a table for people, or as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
from rich.console import Console
from rich.table import Table

from forewarn.stream.score.figures import Figure, Found, by_kind, by_size, figures, silence
from forewarn.stream.score.intervals import Interval
from forewarn.stream.score.sample import Sample
from forewarn.stream.score.targets import Target, Verdict, targets
from forewarn.stream.score.worst import worst

COLOURS = {Verdict.PASS: "green", Verdict.MISS: "red", Verdict.SMALL: "yellow"}


def number(value: float | None, unit: str) -> str:
    """A value with its unit; a dash for none, and the sign of infinity where nothing bounds it."""
    if value is None:
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value * 100:.1f} %" if unit == "%" else f"{value:.4g}{unit}"


def bounds(interval: Interval, unit: str) -> str:
    """An interval in words."""
    return f"{number(interval.low, unit)} to {number(interval.high, unit)}"


def wanted(target: Target) -> str:
    """What the target asks for."""
    low, high = number(target.least, target.unit), number(target.most, target.unit)
    if target.least == target.most:
        return low
    if math.isinf(target.most) or (target.unit == "%" and target.most == 1.0):
        return f"≥ {low}"
    return f"≤ {high}" if target.least == 0.0 else f"{low} to {high}"


def verdict(target: Target) -> str:
    """The verdict, and the gap where there is one."""
    if target.verdict is not Verdict.MISS:
        return target.verdict.value
    return f"MISS by {number(target.gap, target.unit)}"


def count(n: float) -> str:
    """How many observations; region-days need not be whole."""
    return f"{n:,.0f}"


def table(sample: Sample, console: Console, cases: int) -> None:
    """Prints targets, figures and the worst cases."""
    console.print(_targets(targets(sample), sample.pairs))
    console.print(_figures(figures(sample)))
    for title, rows in (
        ("found, by devices", by_size(sample)),
        ("found, by what broke", by_kind(sample)),
        ("kept silent, by what it was", silence(sample)),
    ):
        if any(row.of for row in rows):
            console.print(_found(title, rows))
    listed = worst(sample, cases)
    if listed:
        found = Table("what", "seed", "time", "where", "why", title="Worst cases")
        for case in listed:
            found.add_row(case.what, str(case.seed), case.time, case.where, case.detail)
        console.print(found)


def _targets(rows: Iterable[Target], pairs: int) -> Table:
    found = Table("target", "value", "95 % interval", "n", "wanted", "verdict", title=f"Targets, {pairs} pairs pooled")
    for row in rows:
        found.add_row(row.name, number(row.value, row.unit), bounds(row.interval, row.unit), count(row.n), wanted(row),
                      f"[{COLOURS[row.verdict]}]{verdict(row)}[/]")  # fmt: skip
    return found


def _figures(rows: Iterable[Figure]) -> Table:
    found = Table("figure", "value", "95 % interval", "n", title="Figures")
    for row in rows:
        found.add_row(row.name, number(row.value, row.unit), bounds(row.interval, row.unit), str(row.n))
    return found


def _found(title: str, rows: Iterable[Found]) -> Table:
    found = Table(title, "share", "95 % interval", "n")
    for row in rows:
        if row.of:
            found.add_row(row.name, number(row.found / row.of, "%"), bounds(row.interval, "%"), str(row.of))
    return found


def as_json(sample: Sample, cases: int) -> bytes:
    """Everything that the table says, as one JSON object; what is unbounded is null."""
    rows = [
        {
            "target": row.key,
            "name": row.name,
            "value": row.value,
            "interval": [_finite(bound) for bound in row.interval],
            "n": row.n,
            "n_min": row.n_min,
            "least": row.least,
            "most": _finite(row.most),
            "unit": row.unit.strip(),
            "verdict": row.verdict,
            "gap": row.gap,
        }
        for row in targets(sample)
    ]
    return msgspec.json.encode(
        {
            "pairs": sample.pairs,
            "targets": rows,
            "figures": [msgspec.structs.asdict(row) for row in figures(sample)],
            "worst": [msgspec.structs.asdict(case) | {"time": case.time} for case in worst(sample, cases)],
        }
    )


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else value
