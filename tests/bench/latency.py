"""Job (g): from the intended send time of a usage record to the broker's time of the alert that it caused.

Invariant: latencies count only if the alerts are the oracle's. The broker stamps in whole milliseconds, rounded down;
one millisecond is added.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from aiokafka import ConsumerRecord
from msgspec import Struct

from tests.bench.contestant import Contestant, Trial, stop
from tests.bench.measure import Stalled, quantile
from tests.bench.pacing import pace
from tests.bench.throughput import clear, judge, settled
from tests.bench.usage_input import UsageInput

#: Records that show that the contestant is up; they are not timed, nor is the first fifth of the paced ones.
AHEAD = 1_000
#: One record of so many is big at a low rate, so that there are enough alerts for a 99th percentile.
FREQUENT = 16


class Latency(Struct, frozen=True):
    """Latencies in milliseconds at one rate; `lateness_ms` is the producer's own, the 99th percentile."""

    contestant: str
    rate: float
    alerts: int
    p50: float
    p95: float
    p99: float
    worst: float
    lateness_ms: float
    verdict: str


async def run(contestant: Contestant, trial: Trial, rate: float, seconds: float, big: int) -> Latency:
    """One open-loop run at a fixed rate; one of `big` records is big."""
    source = UsageInput(AHEAD + int(rate * seconds), customers=trial.customers, big=big)
    await contestant.prepare(trial)
    records = list(source.keyed(trial.partitions))
    await trial.cluster.preload(trial.input, records[:AHEAD], trial.partitions)
    worker = await contestant.start(trial)
    try:
        await reached(contestant, trial, AHEAD, lambda: worker.returncode is None)
        begin = time.time() + 0.5
        late = await pace(trial.cluster, trial.input, iter(records[AHEAD:]), rate, begin)
        await settled(trial, contestant.output(trial))
    finally:
        await stop(worker)
    found = await trial.cluster.read(contestant.output(trial))
    verdict = judge(contestant, source, found)
    timed = sorted(wait for at, wait in waits(contestant, source, found, begin, rate) if at > begin + seconds / 5)
    await clear(trial)
    if not timed:
        raise Stalled(f"{contestant.name} produced no alert to time")
    p50, p95, p99 = (quantile(timed, share) for share in (0.5, 0.95, 0.99))
    return Latency(
        contestant.name, rate, len(timed), p50, p95, p99, timed[-1], quantile(sorted(late), 0.99) * 1000, verdict
    )


def waits(
    contestant: Contestant, source: UsageInput, found: Sequence[ConsumerRecord], begin: float, rate: float
) -> list[tuple[float, float]]:
    """For every alert found: when the record behind it was to be sent (epoch s), and how long the alert took (ms)."""
    produced = {next(iter(contestant.alerts([record])), None): record.timestamp for record in found}
    causes = ((alert, begin + (number - AHEAD) / rate) for alert, number in source.causes() if number >= AHEAD)
    return [(at, produced[alert] + 1 - at * 1000) for alert, at in causes if alert in produced]


async def reached(contestant: Contestant, trial: Trial, position: int, alive: object, patience: float = 120.0) -> None:
    """Returns once the contestant has committed `position` records; raises Stalled when it ends or takes too long."""
    assert callable(alive)
    deadline = time.monotonic() + patience
    while await trial.cluster.committed(contestant.group(trial), trial.input) < position:
        if not alive():
            raise Stalled(f"{contestant.name} ended; see {trial.folder}/worker.log")
        if time.monotonic() > deadline:
            raise Stalled(f"{contestant.name} did not reach {position:,} records in {patience:.0f} s")
        await asyncio.sleep(0.1)
