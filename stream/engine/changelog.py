"""Reads topics outside the group: a changelog from its start to a takeover, a gap, a stretch of a source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from forewarn.stream.engine.role import Record
from forewarn.stream.engine.transport import chunks
from forewarn.stream.kafka import stop

#: Record batches taken from the fetcher in one call at most.
BATCHES = 64


class Reader:
    """A consumer without a group, whose records come as whole record batches."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._consumer = AIOKafkaConsumer(
            **connection,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            key_deserializer=chunks,
            max_partition_fetch_bytes=8 << 20,
            fetch_max_bytes=64 << 20,
            fetch_max_wait_ms=50,
        )

    async def __aenter__(self) -> Reader:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop(self._consumer)

    async def bounds(self, tps: Sequence[TopicPartition]) -> Mapping[TopicPartition, tuple[int, int]]:
        """First offset and end offset of each partition."""
        await self._learn({tp.topic for tp in tps})
        first = await self._consumer.beginning_offsets(tps)
        ends = await self._consumer.end_offsets(tps)
        return {tp: (first[tp], ends[tp]) for tp in tps}

    async def _learn(self, topics: Set[str]) -> None:
        """Asks for all their metadata at once: aiokafka learns of unknown topics one by one, 0.1 s apart."""
        client = self._consumer._client
        await client.set_topics(client._topics | topics)

    async def at_time(self, tps: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int | None]:
        """For each partition the first offset whose record is at or after a time (epoch ms); None: there is none."""
        found = await self._consumer.offsets_for_times(dict(tps))
        return {tp: None if at is None else at.offset for tp, at in found.items()}

    async def read(
        self, ranges: Mapping[TopicPartition, tuple[int, int]]
    ) -> AsyncIterator[tuple[TopicPartition, Sequence[Record]]]:
        """Record batches of each partition from its start offset until `end` (exclusive) has been passed.

        A batch may run past `end`; compacted offsets are skipped.
        """
        left = {tp: end for tp, (start, end) in ranges.items() if start < end}
        consumer = self._consumer
        consumer.assign(list(left))
        for tp in left:
            consumer.seek(tp, ranges[tp][0])
        while left:
            fetched = await consumer.getmany(*left, timeout_ms=200, max_records=BATCHES)
            for tp, batches in fetched.items():
                for batch in filter(None, batches):
                    yield tp, batch
            for tp in tuple(left):
                if await consumer.position(tp) >= left[tp]:
                    del left[tp]
