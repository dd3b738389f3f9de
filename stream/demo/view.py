"""Draws the demo's board: regions, outages, alerts, e-mails, marketing and rates, on a terminal or as plain lines."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import groupby

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from forewarn.stream.demo.board import Board, News
from forewarn.stream.durations import written

_STATE = {
    "suspected": "yellow",
    "confirmed": "bold red",
    "monitoring": "cyan",
    "restored": "green",
    "unknown": "magenta",
    "flapping": "yellow",
    "planned": "blue",
}
_SIGN = {"!": "red", "+": "green", "@": "cyan", "%": "yellow", "#": "magenta"}
_BAR = 24
#: Lines of news on the screen; what does not fit is cut by the terminal.
_LINES = 24


def screen(board: Board, *, now: int, began: int | None, lasts_s: float | None, where: str, mailed: int) -> Layout:
    """The whole terminal. `now` and `began` (all roles ready) are epoch ms; `mailed`: what the mail server took."""
    layout = Layout()
    rows = max(6, len(board.regions), len(board.open_outages()) + 1)
    top = Layout(name="top", size=min(rows + 2, 16))
    layout.split_column(Layout(_head(now, began, lasts_s, where), size=1), top, Layout(name="bottom"))
    layout["top"].split_row(
        Layout(_panel("Regions", _regions(board, now)), ratio=2), Layout(_panel("Outages", _outages(board)), ratio=3)
    )
    layout["bottom"].split_row(
        Layout(_panel("What happened", news(condensed(list(board.news))[-_LINES:], began)), ratio=3),
        Layout(_panel("So far", _totals(board, mailed)), ratio=2),
    )
    return layout


def condensed(lines: list[News]) -> list[News]:
    """Lines of one group that follow each other, told as one."""
    runs = [list(run) for _, run in groupby(lines, key=lambda line: line.group or line)]
    return [run[-1].many(len(run)) for run in runs]


def news(lines: list[News], began: int | None) -> Text:
    """News, one line each, with the seconds since all roles were ready."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for line in lines:
        since = f"{max(0.0, (line.at - began) / 1000):6.1f} s" if began is not None else ""
        text.append(f"{since} ", "dim").append(f"{line.sign} {line.text}\n", _SIGN.get(line.sign, ""))
    return text


def plain(line: News, began: int) -> str:
    """One line of news without colours, for what is not a terminal."""
    return f"{max(0.0, (line.at - began) / 1000):6.1f} s  {line.sign} {line.text}"


def _panel(title: str, body: RenderableType) -> Panel:
    return Panel(body, title=title, title_align="left", border_style="dim", padding=(0, 1))


def _head(now: int, began: int | None, lasts_s: float | None, where: str) -> Text:
    text = Text.assemble((" Forewarn ", "bold reverse"))
    text.append(f"  Kafka {where}", "dim")
    if began is None:
        return text.append("  waiting until every role is ready", "yellow")
    elapsed = (now - began) / 1000
    text.append(f"  {datetime.fromtimestamp(now / 1000).astimezone():%H:%M:%S}  ", "dim")
    left = f" of {written(lasts_s)}" if lasts_s is not None else ", Ctrl-C ends it"
    return text.append(f"running for {written(elapsed)}{left}")


def _regions(board: Board, now: int) -> Table:
    table = Table.grid(padding=(0, 1))
    for name, region in sorted(board.regions.items()):
        up, known = region.up(now), len(region.heard)
        full = round(_BAR * up / known) if known else 0
        colour = "green" if up >= known * 0.95 else "red"
        bar = Text("█" * full, colour).append("░" * (_BAR - full), "dim")
        table.add_row(name, bar, f"{up}/{known} heard")
    return table


def _outages(board: Board) -> RenderableType:
    outages = board.open_outages()
    if not outages:
        return Text("none", "dim")
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for title in ("state", "element", "down", "customers", "told", "told it is over"):
        table.add_column(title, no_wrap=True)
    for one in outages[-12:]:
        state = Text(one.state, _STATE.get(one.state, ""))
        down = f"{one.devices_down}/{one.devices_expected}"
        table.add_row(state, one.element, down, str(one.customers), str(one.told), str(one.restored_told))
    return table


def _totals(board: Board, mailed: int) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_row("heartbeats", f"{board.rate('network.heartbeats'):.0f}/s")
    table.add_row("usage records", f"{board.rate('usage.records'):.0f}/s")
    table.add_row("decisions", f"{board.counts['decisions']}  ({board.rate('decisions'):.1f}/s)")
    table.add_row("usage alerts", str(board.counts["usage.alerts"]))
    table.add_row("e-mails taken", str(mailed))
    for kind, count in sorted(board.mails.items()):
        table.add_row(f"· {kind}", str(count))
    reasons = Counter(board.held.values())
    held = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()) or "none"
    table.add_row("marketing held now", held)
    table.add_row("· released after a hold", str(len(board.released)))
    table.add_row("· approved", str(board.approved))
    if board.dead_letters:
        table.add_row(Text("dead letters", "red"), str(board.dead_letters))
    return Group(table)
