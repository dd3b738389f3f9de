"""Cuts a month in parts that are judged side by side: each has the whole network, and its share of the customers.

    in.jsonl, more.jsonl ──> part 0: network + customers 0 ──> replay ──> checker ──┐
                         └─> part 1: network + customers 1 ──> replay ──> checker ──┴─> one report

What holds of each customer hangs on the network and on that customer, so nothing is lost but counts over all customers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from zlib import crc32

from tests.month.check import KEPT, Judged, Report

_KEY = b'"key":"'
_NETWORK = b'{"topic":"network.'


def cut(file: Path, parts: Sequence[Path]) -> None:
    """Writes each line to the part of its key's customer, what the network says to all."""
    with ExitStack() as stack:
        lines = stack.enter_context(file.open("rb"))
        files = [stack.enter_context(part.open("wb", buffering=1 << 20)) for part in parts]
        writes = [one.write for one in files]
        for line in lines:
            if line.startswith(_NETWORK):
                for write in writes:
                    write(line)
            else:
                start = line.index(_KEY) + len(_KEY)
                writes[crc32(line[start : line.index(b'"', start)]) % len(writes)](line)


def together(reports: Iterable[Report]) -> Report:
    """One report of several parts."""
    reports = tuple(reports)
    rules = []
    for same in zip(*(report.rules for report in reports), strict=True):
        examples = tuple(example for one in same for example in one.examples)[:KEPT]
        tested, violations = sum(one.tested for one in same), sum(one.violations for one in same)
        rules.append(Judged(same[0].name, same[0].says, tested, violations, examples))
    rows, reasons, messages = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for report in reports:
        rows.update(report.rows)
        reasons.update(report.reasons)
        messages.update(report.messages)
    return Report(tuple(rules), rows, reasons, messages)
