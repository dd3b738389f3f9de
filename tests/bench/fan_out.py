"""Job (d): one outage of very many customers on Kafka, while usage goes on.

    usage.records, an open loop ───────────> worker decide ──> usage.alerts: how long each took
    outages.impact: confirmed, one record ─>               └─> notifications: one a customer; first to last

Invariant: a run in which a customer was not told, or told twice, or an alert is not the oracle's, says so. The broker's
clock stamps notifications and alerts; the group wait of the default policy passes before the first.
"""

from __future__ import annotations

import asyncio
import time

import msgspec
from msgspec import Struct

from tests.bench.contestant import Trial, stop
from tests.bench.contestants.forewarn_worker import Forewarn
from tests.bench.latency import AHEAD, FREQUENT, reached, waits
from tests.bench.measure import Stalled, memory_mb, quantile
from tests.bench.pacing import pace
from tests.bench.throughput import clear, judge, settled
from tests.bench.usage_input import UsageInput

#: Element and region of every customer of the input.
ELEMENT, REGION = "olt-000-00", "r000"
#: Usage records a second; when the outage is published; how long is fed: the group wait of 30 s lies in between.
RATE, OUTAGE_S, SECONDS = 1_000.0, 5.0, 60.0


class FanOut(Struct, frozen=True):
    """Customers told and how fast; 99th percentiles in ms of usage alerts before, and from first to last notice."""

    customers: int
    told: int
    seconds: float
    per_second: float
    alerts: int
    p99_before: float
    p50_during: float
    p99_during: float
    worst_during: float
    memory_mb: float
    verdict: str


async def run(trial: Trial) -> FanOut:
    """Prepared, fed, one outage, settled, judged, cleared away."""
    ours, cluster = Forewarn(), trial.cluster
    source = UsageInput(AHEAD + int(RATE * SECONDS), customers=trial.customers, big=FREQUENT)
    await ours.prepare(trial)
    notices = trial.prefix + "notifications"
    await cluster.stamp(notices, "LogAppendTime")
    records = list(source.keyed(trial.partitions))
    await cluster.preload(trial.input, records[:AHEAD], trial.partitions)
    worker = await ours.start(trial)
    try:
        await reached(ours, trial, AHEAD, lambda: worker.returncode is None)
        begin = time.time() + 0.5
        feeding = asyncio.ensure_future(pace(cluster, trial.input, iter(records[AHEAD:]), RATE, begin))
        await asyncio.sleep(0.5 + OUTAGE_S)
        value = _confirmed()
        impact = [(number, b"o1/0", value, None) for number in range(trial.partitions)]
        await cluster.preload(trial.prefix + "outages.impact", impact, trial.partitions)
        await feeding
        await settled(trial, notices)
        memory = memory_mb(worker.pid)
    finally:
        await stop(worker)
    outage = [r for r in await cluster.read(notices) if r.value and b'"kind":"outage"' in r.value]
    found = await cluster.read(ours.output(trial))
    verdict = "; ".join(filter(None, (_judge(trial.customers, [r.key for r in outage]), judge(ours, source, found))))
    times = sorted(record.timestamp / 1000 for record in outage)
    took = waits(ours, source, found, begin, RATE)
    await clear(trial)
    if len(times) < 2:
        raise Stalled("nobody was told of the outage")
    before = sorted(wait for at, wait in took if begin + OUTAGE_S / 2 < at < times[0] - 1)
    during = sorted(wait for at, wait in took if times[0] <= at <= times[-1])
    if not (before and during):
        raise Stalled(f"no alert to time: {len(before)} before, {len(during)} during the fan-out")
    seconds = times[-1] - times[0]
    return FanOut(
        trial.customers, len(times), seconds, len(times) / max(seconds, 0.001), len(during), quantile(before, 0.99),
        quantile(during, 0.5), quantile(during, 0.99), during[-1], memory, verdict,
    )  # fmt: skip


def _confirmed() -> bytes:
    now = round(time.time() * 1000)
    chunk = {
        "type": "impact",
        "outage_id": "o1",
        "revision": 1,
        "time": now,
        "state": "confirmed",
        "region": REGION,
        "element": ELEMENT,
        "started": now,
        "elements_revision": 1,
        "chunk": 0,
        "chunks": 1,
        "elements": [ELEMENT],
    }
    return msgspec.json.encode(chunk)


def _judge(customers: int, told: list[bytes]) -> str:
    missing, doubled = customers - len(set(told)), len(told) - len(set(told))
    return f"{missing} customers not told, {doubled} told twice" if missing or doubled else ""
