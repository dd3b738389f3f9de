"""Waits until a run has come to rest, then lets the oracle judge it."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from forewarn.alerts.smsc import SmscSink
from tests.faults import ledger
from tests.faults.model import Model
from tests.faults.oracle import Report, judge
from tests.faults.place import Place
from tests.faults.seen import Seen


async def verdict(
    place: Place,
    *roles: str,
    mail: Path | None = None,
    smsc: SmscSink | None = None,
    timeout_s: float = 40.0,
    settle_s: float = 60.0,
) -> Report:
    """The oracle's report once `roles` have nothing left to read and nothing is missing.

    What is missing may still come (a mail in the queue, a retry, a marketing review); what is wrong stays wrong: when
    nothing has got better for `timeout_s`, it is told.
    """
    await place.settle(*roles, timeout_s=settle_s)
    model = Model(await asyncio.to_thread(lambda: list(ledger.read(place.folder / "ledger.jsonl"))))
    seen = Seen(place, mail=mail, smsc=smsc)
    least, deadline = sys.maxsize, 0.0
    while True:
        await seen.more()
        report = judge(model, seen, mailed=mail is not None)
        if len(report.violations) < least:
            least, deadline = len(report.violations), time.monotonic() + timeout_s
        if not least or time.monotonic() > deadline:
            return report
        await asyncio.sleep(1.0)
