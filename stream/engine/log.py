"""Writes record batches: one batch to a changelog, and outputs grouped by topic and partition.

aiokafka's `create_batch` is filled by hand and closed, so that nothing waits for a linger and a unit is one batch.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
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


def _closed(builder: Any, count: int) -> Any:
    # Filled by the C builder underneath, without aiokafka's wrapper: half the cost per record (docs/performance.md).
    builder._relative_offset = count
    builder.close()
    return builder


async def append(
    producer: AIOKafkaProducer,
    topic: str,
    partition: int,
    changes: Mapping[bytes, bytes],
    last: tuple[bytes, bytes],
    timestamp: int,
) -> Landing:
    """Appends ONE batch: every change once (an empty value is a deletion), then `last`. `topic` is the full name.

    Waits for the broker's answer. Raises ValueError when it does not fit the producer's max_batch_size.
    """
    builder = producer.create_batch()
    add, count, no_headers = builder._builder.append, 0, list[Any]()
    for key, value in chain(changes.items(), (last,)):
        if add(count, timestamp, key, value or None, no_headers) is None:
            raise ValueError(f"a unit of {len(changes)} changes does not fit one batch")
        count += 1
    landed = await (await producer.send_batch(_closed(builder, count), topic, partition=partition))
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
        builder = producer.create_batch()
        add = builder._builder.append
        for count, output in enumerate(run):
            if add(count, timestamp, output.key, output.value, list(output.headers)) is None:
                raise ValueError(f"an output of {len(output.value or b'')} bytes does not fit one batch")
        pending.append(await producer.send_batch(_closed(builder, len(run)), topic, partition=partition))
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
