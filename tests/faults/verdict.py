"""Waits until a run has come to rest, then lets the oracle judge it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tests.faults import ledger
from tests.faults.model import Model
from tests.faults.oracle import Report, judge
from tests.faults.place import Place
from tests.faults.seen import Seen


async def verdict(
    place: Place, *roles: str, mail: Path | None = None, timeout_s: float = 40.0, settle_s: float = 60.0
) -> Report:
    """The oracle's report once `roles` have nothing left to read and nothing is missing, or after `timeout_s`.

    What is missing may still come (a retry, a marketing review); what is wrong stays wrong.
    """
    await place.settle(*roles, timeout_s=settle_s)
    model = Model(await asyncio.to_thread(lambda: list(ledger.read(place.folder / "ledger.jsonl"))))
    seen = Seen(place, mail=mail)
    deadline = time.monotonic() + timeout_s
    while True:
        await seen.more()
        report = judge(model, seen, mailed=mail is not None)
        if not report.violations or time.monotonic() > deadline:
            return report
        await asyncio.sleep(1.0)
