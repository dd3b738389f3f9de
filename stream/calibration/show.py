"""The calibration of estimates on a terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from forewarn.stream.calibration.table import CALIBRATED, PARTS, Calibration, Report, Share

#: What p10 to p90 is to cover, and what ours are to save of the errors of history's.
COVERED, SAVED = (0.75, 0.85), 0.15
#: Width of the histogram's longest bar, in characters.
BAR = 40
#: Fewer estimates than this judge nothing: the interval of the coverage is wider than the target.
ENOUGH = 250


def show(report: Report, console: Console) -> None:
    """Prints the report."""
    console.print(_table(report))
    console.print()
    _histogram(report.first, console)
    console.print()
    crews = report.crews
    if crews.kept.n:
        error = _minutes(crews.median_error_s)
        console.print(f"Crews' first words: {crews.kept.n:,}, kept {_share(crews.kept)}, median error {error}.")
    else:
        console.print("Crews gave no time for any of these outages.")


def _table(report: Report) -> Table:
    table = Table(
        title=f"Estimated times of restoration: {report.outages:,} outages",
        caption="First estimate of each outage. Saved: of what the quantiles of the outages\n"
        "over by then would have missed, on the n outages that ten were over before.",
        box=SIMPLE_HEAD,
        pad_edge=False,
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("cause", no_wrap=True)
    for name in ("n", "p10-p90\ncovers", "median\nerror", "\nsaved", "interval\nscore", "\nsaved", "on\nn"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report.by_cause:
        table.add_row(*_row(row))
    table.add_section()
    table.add_row(*_row(report.first), style="bold")
    table.add_row(*_row(report.all))
    return table


def _row(row: Calibration) -> tuple[str | Text, ...]:
    return (
        row.of,
        f"{row.coverage.n:,}",
        _covers(row.coverage),
        _minutes(row.median_error_s),
        _saved(row.error_s, row.history_error_s, row.compared),
        _minutes(row.score_s),
        _saved(row.score_s, row.history_score_s, row.compared),
        f"{row.compared:,}",
    )


def _covers(coverage: Share) -> Text:
    """The coverage: green in the target, red when its interval excludes the target, else as it is."""
    if coverage.value is None:
        return Text("-")
    inside = COVERED[0] <= coverage.value <= COVERED[1]
    outside = coverage.high < COVERED[0] or coverage.low > COVERED[1]
    return Text(_share(coverage), style="green" if inside else "red" if outside else "")


def _saved(ours: float | None, theirs: float | None, n: int) -> Text:
    if ours is None or not theirs:
        return Text("-")
    saved = 1 - ours / theirs
    return Text(f"{saved:+.0%}", style="" if n < ENOUGH else "green" if saved >= SAVED else "red")


def _share(share: Share) -> str:
    return "-" if share.value is None else f"{share.value:.0%} ({share.low * 100:.0f}-{share.high:.0%})"


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:,.0f}m"


def _histogram(row: Calibration, console: Console) -> None:
    """Where outages were restored in their estimate's interval, with a mark where a calibrated one's bar ends."""
    n = row.coverage.n
    console.print("Restored within the interval of the first estimate (| = calibrated)")
    longest = max([*CALIBRATED, *(part / n for part in row.parts if n)])
    for name, count, wanted in zip(PARTS, row.parts, CALIBRATED, strict=True):
        found = count / n if n else 0.0
        bar = "█" * round(BAR * found / longest)
        mark = round(BAR * wanted / longest)
        line = bar.ljust(BAR + 1)
        line = line[:mark] + "|" + line[mark + 1 :]
        console.print(f"  {name:<11} [cyan]{line}[/] {found:>4.0%} of {wanted:.0%}", highlight=False)
