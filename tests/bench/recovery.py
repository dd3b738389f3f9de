"""Job (f): from kill -9 to the first correct output, with many keys of state.

    start on nothing ─> first output            = start-up
    fill with K keys, stop, start ─> first      = start-up + restore
    kill -9, start ─> first                     = detection + start-up + restore

So restore = clean restart - start-up, and detection = killed - clean. A probe is a record whose alert is right only if
the customer's earlier usage is still there: 40 % before, 15 % now, so 50 % is crossed at exactly 55 %. On nothing, the
probe itself is 55 %.

Invariant: every answered probe must be right; a wrong total fails the job.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from tests.bench.contestant import Contestant, Trial, stop
from tests.bench.latency import reached
from tests.bench.measure import Stalled
from tests.bench.throughput import clear
from tests.bench.usage_input import ALLOWANCE, Alert, Keyed, customer_keys, encode, partition_of

#: Customers asked in each of the three starts, one every `EVERY_S` seconds.
PROBES = 1_000
EVERY_S = 0.05
BASE, PROBE = ALLOWANCE * 40 // 100, ALLOWANCE * 15 // 100


class Recovery(Struct, frozen=True):
    """Seconds from each start (or kill) to the first correct output, and what follows from them."""

    contestant: str
    keys: int
    start_up_s: float
    clean_s: float
    killed_s: float
    restore_s: float
    detection_s: float
    keys_per_s: float
    verdict: str


async def run(contestant: Contestant, trial: Trial, keys: int) -> Recovery:
    """The three starts in turn; `trial.customers` (the reference data) must be 3 x PROBES."""
    assert trial.customers == 3 * PROBES
    await contestant.prepare(trial)
    worker = await contestant.start(trial)
    try:
        start_up, first = await _first_answer(contestant, trial, range(PROBES), BASE + PROBE, keys)
        probed = await trial.cluster.count(trial.input)
        total = probed + await trial.cluster.preload(
            trial.input, _records(trial, range(PROBES, keys), BASE, keys), trial.partitions
        )
        await reached(contestant, trial, total, lambda: worker.returncode is None, patience=600)
        await asyncio.sleep(3)
        await stop(worker)
        worker = await contestant.start(trial)
        clean, second = await _first_answer(contestant, trial, range(PROBES, 2 * PROBES), PROBE, keys)
        await asyncio.sleep(3)
        worker.kill()
        await worker.wait()
        worker = await contestant.start(trial)
        killed, third = await _first_answer(contestant, trial, range(2 * PROBES, 3 * PROBES), PROBE, keys)
    finally:
        await stop(worker)
    wrong = sum(1 for alert in {*first, *second, *third} if alert[1:] != (50, BASE + PROBE))
    await clear(trial)
    restore = max(clean - start_up, 1e-3)
    verdict = f"{wrong} of the answers were wrong" if wrong else ""
    return Recovery(contestant.name, keys, start_up, clean, killed, restore, killed - clean, keys / restore, verdict)


async def _first_answer(
    contestant: Contestant, trial: Trial, customers: range, amount: int, keys: int, patience: float = 300.0
) -> tuple[float, set[Alert]]:
    """Seconds from now to the broker's time of the first alert about these customers, and all alerts about them."""
    begin = time.time()
    names = {f"c{number:07d}" for number in customers}
    asking = asyncio.ensure_future(_ask(trial, customers, amount, keys))
    try:
        while time.time() - begin < patience:
            await asyncio.sleep(0.5)
            records = [r for r in await trial.cluster.read(contestant.output(trial)) if r.timestamp >= begin * 1000 - 1]
            answers = {a: r.timestamp for r in records for a in contestant.alerts([r]) if a[0] in names}
            if answers:
                return min(answers.values()) / 1000 - begin, set(answers)
        raise Stalled(f"{contestant.name} gave no answer in {patience:.0f} s")
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking


async def _ask(trial: Trial, customers: Iterable[int], amount: int, keys: int) -> None:
    for number in customers:
        await trial.cluster.preload(trial.input, _records(trial, [number], amount, keys), trial.partitions)
        await asyncio.sleep(EVERY_S)


def _records(trial: Trial, customers: Iterable[int], amount: int, keys: int) -> Iterable[Keyed]:
    """One record a customer."""
    names = customer_keys(keys)
    where = partition_of(names, trial.partitions)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    for number in customers:
        record = number if amount == BASE else keys + number  # a customer is asked once, so ids are unique
        yield where[number], names[number], encode(record, names[number], amount, now, now), None
