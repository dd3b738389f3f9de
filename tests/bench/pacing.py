"""An open loop: records leave at intended times, whatever the contestant does.

    intended   | . . . . . | . . . . . |      one record every 1/rate s
    sent             ^           ^            all that is due, at most every SLOT_S

A record that leaves late is timed from when it should have left, so a slow producer counts against the figure, never
for it (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from tests.bench.cluster import Cluster
from tests.bench.usage_input import Keyed

SLOT_S = 0.002


async def pace(cluster: Cluster, topic: str, records: Iterator[Keyed], rate: float, begin: float) -> list[float]:
    """Sends the records, the n-th intended at `begin` + n / rate (epoch s); returns how late each sending was (s)."""
    sent, late = 0, list[float]()
    waiting: set[asyncio.Future[object]] = set()
    gc.collect()
    gc.freeze()  # a collection that walks a million waiting records would stop the feed, not the contestant
    while True:
        due = int((time.time() - begin) * rate) - sent
        if due <= 0:
            await asyncio.sleep(max(SLOT_S, begin - time.time()))
            continue
        batch = list(islice(records, due))
        if not batch:
            break
        late.append(time.time() - begin - sent / rate)
        sent += len(batch)
        waiting |= set(await _send(cluster, topic, batch))
        waiting = {future for future in waiting if not future.done() or future.result() is None}
        await asyncio.sleep(SLOT_S)
    await asyncio.gather(*waiting)
    gc.unfreeze()
    return late


async def _send(cluster: Cluster, topic: str, records: Sequence[Keyed]) -> list[asyncio.Future[object]]:
    # The C builder underneath aiokafka's own: a feed that is late for itself says nothing of the contestant.
    producer, now, none = cluster.producer, int(time.time() * 1000), list[Any]()
    by_partition: dict[int, list[Keyed]] = defaultdict(list)
    for record in records:
        by_partition[record[0]].append(record)
    batches = {partition: producer.create_batch() for partition in by_partition}
    for partition, batch in batches.items():
        add = batch._builder.append
        for count, (_, key, value, _) in enumerate(by_partition[partition]):
            if add(count, now, key, value, none) is None:
                raise RuntimeError(f"{len(records)} records were due at once: the producer cannot hold this rate")
        batch._relative_offset = len(by_partition[partition])
        batch.close()
    return [await producer.send_batch(batch, topic, partition=partition) for partition, batch in batches.items()]
