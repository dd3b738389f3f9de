"""An open loop: records leave at intended times, whatever the contestant does.

    intended   | . . . . . | . . . . . |      one record every 1/rate s
    sent             ^           ^            all that is due, at most every SLOT_S

A record that leaves late is timed from when it should have left, so a slow producer counts against the figure, never
for it (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import islice

from tests.bench.cluster import Cluster
from tests.bench.usage_input import Keyed

SLOT_S = 0.002


async def pace(cluster: Cluster, topic: str, records: Iterator[Keyed], rate: float, begin: float) -> float:
    """Sends the records, the n-th intended at `begin` + n / rate (epoch s); returns the greatest lateness (s)."""
    sent, latest = 0, 0.0
    waiting: set[asyncio.Future[object]] = set()
    while True:
        due = int((time.time() - begin) * rate) - sent
        if due <= 0:
            await asyncio.sleep(max(SLOT_S, begin - time.time()))
            continue
        batch = list(islice(records, due))
        if not batch:
            break
        latest = max(latest, time.time() - begin - sent / rate)
        sent += len(batch)
        waiting |= set(await _send(cluster, topic, batch))
        waiting = {future for future in waiting if not future.done() or future.result() is None}
        await asyncio.sleep(SLOT_S)
    await asyncio.gather(*waiting)
    return latest


async def _send(cluster: Cluster, topic: str, records: list[Keyed]) -> list[asyncio.Future[object]]:
    producer, now = cluster.producer, int(time.time() * 1000)
    batches = {partition: producer.create_batch() for partition in {record[0] for record in records}}
    for partition, key, value, _ in records:
        if batches[partition].append(timestamp=now, key=key, value=value) is None:
            raise RuntimeError(f"{len(records)} records were due at once: the producer cannot hold this rate")
    for batch in batches.values():
        batch.close()
    return [await producer.send_batch(batch, topic, partition=partition) for partition, batch in batches.items()]
