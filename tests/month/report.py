"""The report of a month: every rule with how often it was judged, what tempted it, and what broke it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.month.check import Report

#: Why something was kept back: what a month must hold for its rules to mean anything.
TEMPTATIONS = (
    ("deferred", "quiet_hours"),
    ("deferred", "frequency_cap"),
    ("dropped", "duplicate"),
    ("dropped", "not_told"),
    ("dropped", "opted_out"),
    ("dropped", "served_otherwise"),
    ("dropped", "digested"),
    ("dropped", "muted"),
    ("held", "outage"),
    ("held", "lease"),
    ("held", "frequency_cap"),
    ("held", "expired"),
    ("held", "no_consent"),
)


def show(report: Report, console: Console) -> None:
    """Prints a report."""
    console.print(_rules(report))
    console.print(_tempted(report))
    console.print(_said(report))
    for rule in report.rules:
        if rule.violations:
            console.print(f"[bold]{rule.name}[/bold], broken {rule.violations} times, first:", highlight=False)
            for example in rule.examples:
                console.print(f"  {example}", highlight=False, markup=False, soft_wrap=True)
    console.print("every rule holds" if not report.broken else f"broken: {', '.join(sorted(report.broken))}")


def _rules(report: Report) -> Table:
    table = Table("rule", "what holds", title="a month", title_justify="left")
    table.add_column("judged", justify="right")
    table.add_column("broken", justify="right")
    for rule in report.rules:
        table.add_row(rule.name, rule.says, f"{rule.tested:,}", f"{rule.violations:,}" if rule.violations else "-")
    return table


def _tempted(report: Report) -> Table:
    table = Table("kept back", "reason", title="what tempted the rules", title_justify="left")
    table.add_column("times", justify="right")
    for (outcome, reason), count in sorted(report.reasons.items(), key=lambda item: (item[0][0], -item[1])):
        if outcome in ("deferred", "dropped", "held"):
            table.add_row(outcome, reason, f"{count:,}")
    return table


def _said(report: Report) -> Table:
    table = Table("kind", "stage", title="what was said", title_justify="left")
    table.add_column("messages", justify="right")
    for (kind, stage), count in sorted(report.messages.items()):
        table.add_row(kind, stage, f"{count:,}")
    table.add_row("marketing", "approved", f"{report.rows['marketing.approved']:,}")
    return table
