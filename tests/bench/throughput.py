"""Jobs (a) and (b): a preloaded input, read to its end; records per worker-CPU-second after the warm-up.

Invariant: a run whose alerts differ from the oracle's has no figure.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import ConsumerRecord

from tests.bench.contestant import Contestant, Trial, stop
from tests.bench.heartbeat_input import HeartbeatInput
from tests.bench.measure import Run, follow, memory_mb, summarise
from tests.bench.usage_input import UsageInput

Input = UsageInput | HeartbeatInput
#: Seconds without a new output after which a contestant has said all it has to say.
QUIET = 3.0


#: Looks at a trial's topics before they are deleted; gets the number of input records too.
Inspect = Callable[[Contestant, Trial, int], Awaitable[None]]


async def run(contestant: Contestant, trial: Trial, source: Input, broker: int, inspect: Inspect) -> Run:
    """One repetition: prepared, preloaded, started, followed to the end, judged, inspected, and cleared away."""
    await contestant.prepare(trial)
    records = await trial.cluster.preload(trial.input, source.keyed(trial.partitions), trial.partitions)
    worker = await contestant.start(trial)
    try:
        group = contestant.group(trial)
        samples = await follow(
            lambda: trial.cluster.committed(group, trial.input),
            worker.pid,
            broker,
            records,
            alive=lambda: worker.returncode is None,
        )
        peak = memory_mb(worker.pid)
        await settled(trial, contestant.output(trial))
    finally:
        await stop(worker)
    verdict = judge(contestant, source, await trial.cluster.read(contestant.output(trial)))
    await inspect(contestant, trial, records)
    await clear(trial)
    return summarise(contestant.name, samples, peak, verdict)


async def settled(trial: Trial, topic: str) -> None:
    """Returns once a topic has stopped growing for `QUIET` seconds."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET:
        count = await trial.cluster.count(topic)
        if count != last:
            last, since = count, time.monotonic()
        await asyncio.sleep(0.3)


def judge(contestant: Contestant, source: Input, found: Sequence[ConsumerRecord]) -> str:
    """Empty if the outputs are what the oracle says, else how they differ."""
    if isinstance(source, HeartbeatInput):
        elements, sick = contestant.failed(found), source.expected()
        return "" if elements == sick else f"{len(sick - elements)} outages missed, {len(elements - sick)} invented"
    alerts, expected = contestant.alerts(found), source.expected()
    missing, extra = expected - alerts, alerts - expected
    if not missing and not extra:
        return ""
    repeated = sum(count for alert, count in extra.items() if alert in expected)
    return f"{missing.total()} alerts missing, {extra.total()} extra ({repeated} of them repeated)"


async def clear(trial: Trial) -> None:
    """Deletes a trial's topics and state; its log stays."""
    await trial.cluster.delete(trial.prefix)
    for name in ("state", "data"):
        shutil.rmtree(trial.folder / name, ignore_errors=True)
