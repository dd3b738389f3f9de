"""Where a simulated world goes: a file of kcat lines, or Kafka, at the pace asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import IO, Any

import orjson
from aiokafka import AIOKafkaProducer

from forewarn.stream.kafka import partitions_of
from forewarn.stream.replay.partitions import partition_of
from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.world import World

#: A world for a file is made this much at a time.
FILE_SLICE_MS = 60_000
#: A world in real time goes out in steps of this length, wall time.
STEP_S = 0.1
#: Records that may wait for the broker's answer.
IN_FLIGHT = 20_000


def line(event: Event, prefix: str = "") -> bytes:
    """A record as one line of `kcat -J`; partition and offset are left to the reader."""
    fields = {"topic": prefix + event.topic, "ts": event.ts, "key": event.key, "payload": event.value.decode()}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def to_file(
    world: World, file: IO[bytes], truth: IO[bytes] | None, progress: Callable[[int], None], prefix: str = ""
) -> int:
    """Writes the whole world; returns the number of records. `progress` hears epoch ms of the world."""
    count = 0
    if truth is not None:
        truth.writelines(world.planned_truth())
    for events in world.slices(FILE_SLICE_MS):
        file.writelines(line(event, prefix) for event in events)
        count += len(events)
        if truth is not None:
            truth.writelines(world.reached_truth())
        if events:
            progress(events[-1].ts)
    return count


class KafkaSink:
    """Produces records by key, as any producer of the contract does."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str) -> None:
        self._producer = producer
        self._prefix = prefix
        self._counts: dict[str, int] = {}
        self._sent: list[asyncio.Future[Any]] = []
        self.count = 0

    async def send(self, events: Iterable[Event]) -> None:
        """Hands records to the producer; waits when too many are unanswered. A failed one raises."""
        for event in events:
            key = event.key.encode()
            partitions = self._counts.get(event.topic) or await self._count(event.topic)
            future = await self._producer.send(
                self._prefix + event.topic, event.value, key=key, partition=partition_of(key, partitions)
            )
            self._sent.append(future)
            self.count += 1
            if len(self._sent) >= IN_FLIGHT:
                await self.flush()
        answered = [future for future in self._sent if future.done()]
        self._sent = [future for future in self._sent if not future.done()]
        for future in answered:
            future.result()

    async def flush(self) -> None:
        """Waits until every record is with the broker."""
        await self._producer.flush()
        for future in self._sent:
            await future
        self._sent = []

    async def _count(self, topic: str) -> int:
        partitions = await partitions_of(self._producer, self._prefix + topic)
        self._counts[topic] = len(partitions)
        return len(partitions)


async def to_kafka(
    world: World,
    sink: KafkaSink,
    *,
    speed: float | None,
    truth: IO[bytes] | None,
    progress: Callable[[int], None],
) -> None:
    """Sends the whole world, `speed` times as fast as it plays (None: as fast as the broker takes it).

    What is known beforehand goes first and at once. `progress` hears epoch ms of the world.
    """
    if truth is not None:
        truth.writelines(world.planned_truth())
        truth.flush()
    start, end = world.setting.span
    await sink.send(world.until(start))
    await sink.flush()
    began, at = time.monotonic(), start
    while at < end:
        if speed is None:
            at = min(end, at + FILE_SLICE_MS)
        else:
            await asyncio.sleep(STEP_S)
            at = min(end, start + int((time.monotonic() - began) * 1000 * speed))
        await sink.send(world.until(at))
        if truth is not None:
            truth.writelines(world.reached_truth())
            truth.flush()
        progress(at)
    await sink.flush()
