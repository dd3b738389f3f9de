"""Feeds the demo's board from Kafka, and reads everything back for the summary. Reads topics as any consumer may."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from aiokafka import AIOKafkaConsumer, TopicPartition

from forewarn.stream import kafka
from forewarn.stream.demo.board import Board
from forewarn.stream.demo.summary import TOPICS, Rows, decode
from forewarn.stream.settings import Settings

#: Only counted, for rates and totals.
COUNTED = ("usage.records", "decisions", "marketing.requests")


class Feed:
    """A consumer of its own, without a group, from the end of each topic on."""

    def __init__(self, settings: Settings, board: Board) -> None:
        self._settings = settings
        self._board = board

    async def run(self, started: asyncio.Event) -> None:
        """Feeds until cancelled; `started` is set once nothing can be missed any more."""
        names = {kafka.topic_name(self._settings, topic): topic for topic in (*self._board.topics, *COUNTED)}
        async with kafka.reader(self._settings) as consumer:
            await _to_ends(consumer, names)
            started.set()
            while True:
                fetched = await consumer.getmany(timeout_ms=200)
                for tp, records in fetched.items():
                    topic = names[tp.topic]
                    for record in records:
                        self._board.take(topic, record.timestamp, record.key, record.value)
                self._board.tick(int(time.time() * 1000))


async def _to_ends(consumer: AIOKafkaConsumer, names: dict[str, str]) -> None:
    tps = [TopicPartition(name, number) for name in names for number in await kafka.partitions_of(consumer, name)]
    consumer.assign(tps)
    for tp, end in (await consumer.end_offsets(tps)).items():
        consumer.seek(tp, end)


async def read_back(settings: Settings, since: int) -> dict[str, Rows]:
    """Everything in the summary's topics that is not older than `since` (epoch ms, broker time)."""
    found: dict[str, list[tuple[bytes | None, bytes | None]]] = defaultdict(list)
    async with kafka.reader(settings) as consumer:
        for topic in TOPICS:
            async for record in kafka.read_to_end(consumer, kafka.topic_name(settings, topic)):
                if record.timestamp >= since:
                    found[topic].append((record.key, record.value))
    return {topic: decode(topic, found[topic]) for topic in TOPICS}
