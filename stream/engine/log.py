"""Writes record batches: one batch to a changelog, and outputs grouped by topic and partition.

aiokafka's `create_batch` is filled by hand and closed, so that nothing waits for a linger and a unit is one batch.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from forewarn.stream.engine.unit import Output

#: Bytes of one batch of outputs at most (brokers take 1 MiB by default); a single larger record goes alone.
BATCH_BYTES = 900_000


class Landing(Struct, frozen=True):
    """Where a batch landed: its base offset (-1: the broker called it a duplicate) and the broker's time, epoch ms."""

    offset: int
    timestamp: int


class Addresses(Protocol):
    """Names and partition numbers of topics on this cluster."""

    def full_name(self, topic: str) -> str: ...
    def partition_of(self, topic: str, key: bytes | None) -> int: ...


def _fill(builder: Any, records: Iterable[tuple[bytes | None, bytes | None, Sequence[Any]]], timestamp: int) -> Any:
    # The C builder underneath, without aiokafka's wrapper: half the cost per record (docs/performance.md).
    append, count = builder._builder.append, 0
    for key, value, headers in records:
        if append(count, timestamp=timestamp, key=key, value=value, headers=list(headers)) is None:
            raise ValueError(f"a batch of {count} records does not fit max_batch_size")
        count += 1
    builder._relative_offset = count
    builder.close()
    return builder


async def append(
    producer: AIOKafkaProducer,
    topic: str,
    partition: int,
    records: Iterable[tuple[bytes, bytes | None]],
    timestamp: int,
) -> Landing:
    """Appends all records as ONE batch and waits for the broker's answer. `topic` is the full name."""
    batch = _fill(producer.create_batch(), ((key, value, ()) for key, value in records), timestamp)
    landed = await (await producer.send_batch(batch, topic, partition=partition))
    return Landing(landed.offset, landed.timestamp)


async def produce(producer: AIOKafkaProducer, outputs: Sequence[Output], addresses: Addresses, timestamp: int) -> None:
    """Produces outputs, in order within each topic-partition, and waits until all are acknowledged."""
    groups: dict[tuple[str, int], list[Output]] = defaultdict(list)
    for output in outputs:
        topic, partitions = output.topic, output.partitions
        if partitions is None:
            partitions = (addresses.partition_of(topic, output.key),)
        for partition in partitions:
            groups[topic, partition].append(output)
    sent = [
        _send(producer, addresses.full_name(topic), partition, group, timestamp)
        for (topic, partition), group in groups.items()
    ]
    await asyncio.gather(*sent)


async def _send(
    producer: AIOKafkaProducer, topic: str, partition: int, outputs: Sequence[Output], timestamp: int
) -> None:
    pending = []
    for run in _runs(outputs):
        records = ((output.key, output.value, output.headers) for output in run)
        batch = _fill(producer.create_batch(), records, timestamp)
        pending.append(await producer.send_batch(batch, topic, partition=partition))
    for future in pending:
        await future


def _runs(outputs: Sequence[Output]) -> Iterable[Sequence[Output]]:
    start, size = 0, 0
    for index, output in enumerate(outputs):
        length = len(output.value or b"") + len(output.key or b"") + 64 + 64 * len(output.headers)
        if size + length > BATCH_BYTES and index > start:
            yield outputs[start:index]
            start, size = index, 0
        size += length
    if start < len(outputs):
        yield outputs[start:]
