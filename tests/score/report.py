"""Writes docs/score.md: the targets, the plots, the figures, and the worst cases with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from forewarn.stream.score.figures import Found, by_kind, by_size, figures, silence
from forewarn.stream.score.sample import Sample
from forewarn.stream.score.show import bounds, count, number, verdict, wanted
from forewarn.stream.score.targets import Verdict, targets
from forewarn.stream.score.worst import worst
from tests.score.plots import draw
from tests.score.run import LONG, Size

#: Worst cases of each kind.
CASES = 8
HEAD = """# Score

Written by `make score`; what every target means is in [scoring.md](scoring.md).
"""


class About(Struct, frozen=True, kw_only=True):
    """What was scored; `long`: worlds of ten days, `quiet`: region-days of quiet worlds besides."""

    commit: str
    dirty: bool
    size: Size
    seeds: Sequence[int]
    long: int
    quiet: int
    minutes: float


def write(sample: Sample, about: About, folder: Path) -> None:
    """Writes score.md into `folder` and the plots into its images/."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    draw(sample, images)
    (folder / "score.md").write_text(page(sample, about), encoding="utf-8")


def page(sample: Sample, about: About) -> str:
    """The page."""
    return "\n".join([HEAD, _about(sample, about), _targets(sample), _plots(), _figures(sample), _worst(sample)])


def _about(sample: Sample, about: About) -> str:
    size = about.size
    dirty = ", with changes that are not committed" if about.dirty else ""
    return (
        f"Commit {about.commit[:12]}{dirty}. {len(about.seeds)} seeds, {size.hours:g} h each, {size.regions} regions, "
        f"{size.devices:,} devices, {size.customers:,} customers, default policy: {len(sample.sought)} outages to be "
        f"found, {len(sample.hush)} things that must stay silent. With these: {about.long} worlds of ten days, "
        f"{LONG.regions} regions and {LONG.devices} devices, and {about.quiet:,} region-days in which nothing happens. "
        f"Seeds: {', '.join(map(str, about.seeds))}. It took {about.minutes:.0f} min.\n"
    )


def _targets(sample: Sample) -> str:
    rows = [
        (row.name, number(row.value, row.unit), bounds(row.interval, row.unit), count(row.n), wanted(row),
         f"**{verdict(row)}**" if row.verdict is Verdict.MISS else verdict(row))
        for row in targets(sample)
    ]  # fmt: skip
    return "## Targets\n\n" + table(("target", "value", "95 % interval", "n", "wanted", "verdict"), rows)


def _plots() -> str:
    return (
        "![How soon outages are suspected, confirmed and told](images/score-delay.svg)\n\n"
        "![Recall and precision by size](images/score-size.svg)\n\n"
        "![Calibration of estimated times of restoration](images/score-etr.svg)\n"
    )


def _figures(sample: Sample) -> str:
    rows = [(row.name, number(row.value, row.unit), bounds(row.interval, row.unit), row.n) for row in figures(sample)]
    parts = ["## Figures\n", table(("figure", "value", "95 % interval", "n"), rows)]
    for title, found in (
        ("found, by devices", by_size(sample)),
        ("found, by what broke", by_kind(sample)),
        ("kept silent, by what it was", silence(sample)),
    ):
        parts.append(table((title, "share", "95 % interval", "n"), _shares(found)))
    return "\n".join(parts)


def _shares(rows: Iterable[Found]) -> list[tuple[object, ...]]:
    return [(row.name, number(row.found / row.of, "%"), bounds(row.interval, "%"), row.of) for row in rows if row.of]


def _worst(sample: Sample) -> str:
    rows = [(case.what, case.seed, case.time, case.where, case.detail) for case in worst(sample, CASES)]
    if not rows:
        return "## Worst cases\n\nNone.\n"
    return f"## Worst cases\n\nUp to {CASES} of every kind.\n\n" + table(("what", "seed", "time", "where", "why"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
