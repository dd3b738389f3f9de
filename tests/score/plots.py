"""The plots of docs/score.md, as SVG. The same sample gives the same bytes: no date, no random ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forewarn.stream.score.figures import Found, by_size, precise_by_size
from forewarn.stream.score.intervals import wilson
from forewarn.stream.score.promises import Kept, covers
from forewarn.stream.score.sample import Sample

#: Dark, middle and light, and one for what is asked for.
BLUE, SEA, GREY, TARGET = "#1f4e79", "#2a9d8f", "#8d99a6", "#c8553d"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "forewarn",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
}


def draw(sample: Sample, folder: Path) -> None:
    """Writes score-delay.svg, score-size.svg and score-etr.svg."""
    with mpl.rc_context(STYLE):
        for name, figure in (("delay", _delay(sample)), ("size", _size(sample)), ("etr", _etr(sample.kept))):
            figure.savefig(folder / f"score-{name}.svg", metadata={"Date": None})


def _figure(columns: int, height: float) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(8, height), layout="constrained")
    axes = figure.subplots(1, columns)
    return figure, [axes] if columns == 1 else list(axes)


# -- how soon


def _delay(sample: Sample) -> Figure:
    """How many of the outages found were suspected, confirmed and told so long after their start."""
    figure, (axes,) = _figure(1, 3.6)
    found = [one for one in sample.sought if one.found]
    silence = max((one.silence_s for one in found), default=180.0)
    limit = silence + 330
    _limits(axes, silence)
    for name, colour, values in (
        ("suspected", SEA, [one.suspected_s for one in found]),
        ("confirmed", BLUE, [one.confirmed_s for one in found]),
        ("first customer told", GREY, [one.told_s for one in found]),
    ):
        known = sorted(value for value in values if value is not None)
        if known:
            steps = [100 * number / len(known) for number in range(len(known) + 1)]
            axes.step([0, *known, limit], [*steps, steps[-1]], where="post", color=colour, lw=2, label=name)
    axes.set(xlim=(0, limit), ylim=(0, 102), xlabel="seconds after the outage began",
             ylabel="% of the outages found", title=f"How soon, {len(found)} outages")  # fmt: skip
    if found:
        axes.legend(loc="lower right")
    return figure


def _limits(axes: Axes, silence: float) -> None:
    """The silence time-out, and until when to suspect and to confirm."""
    axes.axvline(silence, color="#bbbbbb", lw=1, ls=":")
    _upright(axes, silence, "silence time-out", "#777777")
    for after, what in ((60, "95 % suspected by here"), (180, "95 % confirmed by here")):
        axes.plot([silence + after] * 2, [0, 95], color=TARGET, lw=1, ls="--")
        axes.plot([silence + after], [95], marker="v", color=TARGET, ms=6)
        _upright(axes, silence + after, what, TARGET)


def _upright(axes: Axes, at: float, text: str, colour: str) -> None:
    axes.text(at + 3, 4, text, rotation=90, ha="left", va="bottom", color=colour, fontsize=8)


# -- of which size


def _size(sample: Sample) -> Figure:
    """Recall and precision by size, with their intervals."""
    figure, (left, right) = _figure(2, 3.4)
    _bars(left, by_size(sample), "Recall", "devices that were out", 90)
    _bars(right, precise_by_size(sample), "Precision", "devices said to be out", 95)
    return figure


def _bars(axes: Axes, rows: Sequence[Found], title: str, xlabel: str, target: float) -> None:
    for place, row in enumerate(rows):
        if row.of:
            share, (low, high) = 100 * row.found / row.of, row.interval
            spread = [[max(0.0, share - 100 * low)], [max(0.0, 100 * high - share)]]
            axes.bar(place, share, width=0.6, color=SEA if share >= target else GREY)
            axes.errorbar(place, share, yerr=spread, color="#333333", capsize=3, lw=1.2)
        axes.text(place, 3, f"n={row.of}", ha="center", fontsize=8, color="white" if row.of else "#777777")
    axes.axhline(target, color=TARGET, lw=1, ls="--")
    axes.text(len(rows) - 0.45, target, f"{target:g}", color=TARGET, fontsize=8, va="center")
    axes.set(title=f"{title} by size, %", xlabel=xlabel, ylim=(0, 105), xlim=(-0.6, len(rows) - 0.4))
    axes.set_xticks(range(len(rows)), [row.name for row in rows])


# -- until when


def _etr(kept: Sequence[Kept]) -> Figure:
    """How often service was back by p10, p50 and p90; and each estimate beside what came true."""
    figure, (left, right) = _figure(2, 3.8)
    _calibration(left, kept)
    _estimates(right, kept)
    return figure


def _calibration(axes: Axes, kept: Sequence[Kept]) -> None:
    axes.plot([0, 100], [0, 100], color="#bbbbbb", lw=1, ls=":")
    for quantile, pick in ((10, "low"), (50, "middle"), (90, "high")):
        back = sum(one.restored <= getattr(one.said, pick) for one in kept)
        low, high = wilson(back, len(kept))
        share = 100 * back / max(1, len(kept))
        axes.plot([quantile] * 2, [100 * low, 100 * high], color="#333333", lw=1.2)
        axes.plot(quantile, share, marker="o", ms=7, color=BLUE)
        axes.annotate(
            f"{share:.0f} %", (quantile, share), (7, 4 if share < 15 else -11), textcoords="offset points", fontsize=8
        )
    covered = 100 * sum(covers(one.said, one.restored) for one in kept) / max(1, len(kept))
    axes.set(title=f"Calibration, {len(kept)} outages", xlim=(0, 100), ylim=(0, 100),
             xlabel="promised: back by then in % of cases", ylabel="came true, %")  # fmt: skip
    axes.text(3, 95, f"{covered:.0f} % back between p10 and p90", fontsize=9, va="top")
    axes.set_xticks((0, 10, 50, 90, 100))


def _estimates(axes: Axes, kept: Sequence[Kept]) -> None:
    """Minutes from the outage's start, both axes logarithmic."""
    for one in kept:
        inside = covers(one.said, one.restored)
        colour = SEA if inside else TARGET
        actual, low, middle, high = (
            max(1.0, value / 60) for value in (one.restored, one.said.low, one.said.middle, one.said.high)
        )
        axes.plot([actual, actual], [low, high], color=colour, lw=0.8, alpha=0.35)
        axes.plot(actual, middle, marker="o", ms=3, color=colour)
    ends = [max(1.0, value / 60) for one in kept for value in (one.restored, one.said.low, one.said.high)] or [1, 100]
    span = (min(ends) * 0.9, max(ends) * 1.1)
    axes.plot(span, span, color="#bbbbbb", lw=1, ls=":")
    axes.set(xscale="log", yscale="log", xlim=span, ylim=span, title="First estimates, p10 to p90",
             xlabel="minutes it took", ylabel="minutes said")  # fmt: skip
    ticks = [tick for tick in (5, 10, 30, 60, 120, 300, 600, 1440) if span[0] <= tick <= span[1]]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(mpl.ticker.FixedLocator(ticks))
        axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(mpl.ticker.NullLocator())
