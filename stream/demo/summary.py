"""The demo's closing summary: four promises, judged by what the topics and the mail server's ledger hold. Pure.

    outages.revisions ─┐                                          ┌─ an outage was detected and confirmed
    notifications ─────┤                                          ├─ its customers were mailed, and told of restoration
    notifications.log ─┼─> judge ──> Verdict ──> text, exit code ─┤
    usage.alerts ──────┤                                          ├─ a near-allowance alert was mailed
    marketing.* ───────┘                                          └─ a marketing request was held, later approved
    mail ledger

Invariant: an e-mail counts only when the mail server has it (by its Message-ID), whatever a topic says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

#: From this share of an allowance on, a customer is near it.
NEAR_PERCENT = 80.0

#: What is read back.
TOPICS = (
    "outages.revisions",
    "notifications",
    "notifications.log",
    "usage.alerts",
    "marketing.held",
    "marketing.approved",
    "decisions",
    "dead.letters",
)

#: Rows of a topic: (key, decoded value), in the order of their partition.
Rows = Sequence[tuple[str, Any]]


class Finding(Struct, frozen=True):
    """One promise: whether it was kept, and what shows it."""

    promise: str
    kept: bool
    evidence: str


class Verdict(Struct, frozen=True):
    """All promises, and figures beside them."""

    findings: tuple[Finding, ...]
    figures: tuple[tuple[str, str], ...]

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return all(finding.kept for finding in self.findings)


class _Told(Struct):
    """Who was sent, and who was really mailed, what of one incident: stage -> customers."""

    sent: dict[str, set[str]] = msgspec.field(default_factory=lambda: defaultdict(set))
    mailed: dict[str, set[str]] = msgspec.field(default_factory=lambda: defaultdict(set))


def decode(topic: str, records: Iterable[tuple[bytes | None, bytes | None]]) -> Rows:
    """Rows of a topic's records; dead letters are not decoded, for they are no events."""
    rows = []
    for key, value in records:
        if topic == "dead.letters":
            rows.append(((key or b"").decode(errors="replace"), None))
        elif value is not None:
            rows.append(((key or b"").decode(), msgspec.json.decode(value)))
    return rows


def judge(topics: Mapping[str, Rows], message_ids: Iterable[str]) -> Verdict:
    """Judges a run. `message_ids`: what the mail server took, `<notification id@domain>` each."""
    in_ledger = [message_id.strip("<>").rpartition("@")[0] for message_id in message_ids]
    mailed = set(in_ledger)
    told = _told(topics["notifications"], mailed)
    findings = (
        _detected(topics["outages.revisions"]),
        _customers_told(topics["outages.revisions"], told),
        _near_allowance(topics["usage.alerts"], topics["notifications"], mailed),
        _released(topics["marketing.held"], topics["marketing.approved"]),
    )
    return Verdict(findings, tuple(_figures(topics, in_ledger, mailed)))


def show(verdict: Verdict, console: Console) -> None:
    """Prints the summary."""
    table = Table(title="Read back from the topics and the mail server", title_justify="left", show_header=False)
    for finding in verdict.findings:
        mark = "[green]yes[/]" if finding.kept else "[red]no[/]"
        table.add_row(mark, finding.promise, finding.evidence)
    console.print(table)
    for name, figure in verdict.figures:
        console.print(f"{name:<24} {figure}", markup=False)


def _told(notifications: Rows, mailed: set[str]) -> Mapping[str, _Told]:
    told: dict[str, _Told] = defaultdict(_Told)
    for customer, row in notifications:
        if row["kind"] != "outage" or row["channel"] != "email":
            continue
        one = told[row["incident"]]
        one.sent[row["stage"]].add(customer)
        if row["notification_id"] in mailed:
            one.mailed[row["stage"]].add(customer)
    return told


def _detected(revisions: Rows) -> Finding:
    confirmed = {row["outage_id"]: row for _, row in revisions if row["state"] == "confirmed"}
    evidence = "; ".join(f"{row['element']} in {row['region']}" for row in list(confirmed.values())[:3])
    return Finding("an outage was detected", bool(confirmed), evidence or "no outage was confirmed")


def _customers_told(revisions: Rows, told: Mapping[str, _Told]) -> Finding:
    """Of one restored outage at least: all whom it was to be told were mailed, and all of them that it is over."""
    promise = "its customers were mailed, and told of restoration"
    over = {row["outage_id"] for _, row in revisions if row["state"] in ("restored", "closed")}
    short = "no outage with customers was restored"
    for outage_id in sorted(over & set(told)):
        one = told[outage_id]
        expected, mailed, pairs = one.sent["confirmed"], one.mailed["confirmed"], one.mailed["restored"]
        if mailed and mailed == expected and mailed == pairs:
            return Finding(promise, True, f"{len(mailed)} customers of outage {outage_id}")
        short = f"outage {outage_id}: {len(mailed)} of {len(expected)} mailed, {len(pairs)} told of restoration"
    return Finding(promise, False, short)


def _near_allowance(alerts: Rows, notifications: Rows, mailed: set[str]) -> Finding:
    near = {customer: row for customer, row in alerts if row["percent"] >= NEAR_PERCENT}
    usage = [(customer, row) for customer, row in notifications if row["kind"] == "usage"]
    reached = sorted({customer for customer, row in usage if row["notification_id"] in mailed} & set(near))
    if not reached:
        return Finding("a near-allowance alert was mailed", False, f"{len(near)} customers are near, none was mailed")
    one = near[reached[0]]
    evidence = f"{len(reached)} customers, one at {one['percent']:g} % of {one['bucket']}"
    return Finding("a near-allowance alert was mailed", True, evidence)


def _released(held: Rows, approved: Rows) -> Finding:
    reasons = {row["request_id"]: row["reason"] for _, row in held if not row["final"]}
    freed = [reasons[row["request_id"]] for _, row in approved if row["request_id"] in reasons]
    evidence = f"{len(reasons)} were held, {len(freed)} released"
    if freed:
        evidence += " (" + ", ".join(f"{count} {reason}" for reason, count in Counter(freed).most_common()) + ")"
    return Finding("a marketing request was held, and later released", bool(freed), evidence)


def _figures(topics: Mapping[str, Rows], in_ledger: Sequence[str], mailed: set[str]) -> Iterable[tuple[str, str]]:
    revisions, log = topics["outages.revisions"], topics["notifications.log"]
    yield "outages", f"{len({row['outage_id'] for _, row in revisions})} in {len(revisions)} revisions"
    yield "e-mails", f"{len(in_ledger)} taken by the mail server, {len(in_ledger) - len(mailed)} of them twice"
    outcomes = Counter(row["outcome"] for _, row in log)
    yield "delivery", ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()) or "nothing"
    decided = Counter(f"{row['outcome']} {row['reason']}" for _, row in topics["decisions"])
    yield "decisions", ", ".join(f"{count} {what}" for what, count in decided.most_common(6)) or "none"
    yield "usage alerts", str(len(topics["usage.alerts"]))
    yield "dead letters", str(len(topics["dead.letters"]))
