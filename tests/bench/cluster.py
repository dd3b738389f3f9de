"""The bench's own hands on the broker: topics, preloading, positions, and reading a topic back.

Invariant: a preload is acknowledged by the broker, whole, before a contestant is started or told to go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Literal, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.producer.message_accumulator import BatchBuilder

from tests.bench.usage_input import Keyed

_BATCH_BYTES = 900_000
Delivery = asyncio.Future[object]


class Cluster:
    """One broker, as the bench uses it."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        self.producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, max_batch_size=_BATCH_BYTES, max_request_size=8 << 20, enable_idempotence=True
        )

    async def __aenter__(self) -> Self:
        await self._admin.start()
        await self.producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.producer.stop()
        await self._admin.close()

    async def create(self, topic: str, partitions: int, config: Mapping[str, str] | None = None) -> None:
        """Creates a topic; its records carry the broker's append time."""
        settings = {"message.timestamp.type": "LogAppendTime", **(config or {})}
        answer = await self._admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=settings)])
        for _, code, *reason in answer.topic_errors:
            if code not in (0, 36):  # 36: it exists
                raise RuntimeError(f"{topic}: error {code} {reason}")

    async def delete(self, prefix: str) -> None:
        """Deletes every topic whose name starts with the prefix."""
        names = [name for name in await self._admin.list_topics() if name.startswith(prefix)]
        if names:
            await self._admin.delete_topics(names)

    async def topics(self, prefix: str) -> list[str]:
        """Names of the topics that start with the prefix."""
        return sorted(name for name in await self._admin.list_topics() if name.startswith(prefix))

    async def stamp(self, topic: str, by: Literal["LogAppendTime", "CreateTime"]) -> None:
        """Makes the broker stamp a topic's records, so that "produced" is its clock, or keep the producer's times."""
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {"message.timestamp.type": by})
        await self._admin.alter_configs([resource])

    async def preload(self, topic: str, records: Iterable[Keyed], partitions: int) -> int:
        """Writes records in order to their partitions and returns how many there were."""
        open_batches: dict[int, BatchBuilder] = {}
        sent: list[Delivery] = []
        count, now = 0, int(time.time() * 1000)
        for partition, key, value, at in records:
            batch = open_batches.get(partition) or open_batches.setdefault(partition, self.producer.create_batch())
            if batch.append(timestamp=at or now, key=key, value=value) is None:
                sent.append(await self._send(batch, topic, partition))
                batch = open_batches[partition] = self.producer.create_batch()
                batch.append(timestamp=at or now, key=key, value=value)
            count += 1
        for partition, batch in open_batches.items():
            sent.append(await self._send(batch, topic, partition))
        await asyncio.gather(*sent)
        return count

    async def _send(self, batch: BatchBuilder, topic: str, partition: int) -> Delivery:
        batch.close()
        delivery: Delivery = await self.producer.send_batch(batch, topic, partition=partition)
        return delivery

    async def committed(self, group: str, topic: str) -> int:
        """Records of a topic that a group has committed, over all partitions; 0 before the group exists."""
        try:
            offsets = await self._admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:  # until the broker has made its offsets topic
            return 0
        return sum(max(0, at.offset) for where, at in offsets.items() if where.topic == topic)

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """Everything that a topic holds now, partition by partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, fetch_max_bytes=32 << 20)
        await consumer.start()
        try:
            where = [TopicPartition(topic, p) for p in await _known(consumer, topic)]
            ends = await consumer.end_offsets(where)
            consumer.assign(where)
            await consumer.seek_to_beginning(*where)
            found: list[ConsumerRecord] = []
            while any([await consumer.position(tp) < ends[tp] for tp in where]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += records
            return found
        finally:
            await consumer.stop()

    async def count(self, topic: str) -> int:
        """Records that a delete topic holds now."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await consumer.start()
        try:
            where = [TopicPartition(topic, p) for p in await _known(consumer, topic)]
            return sum((await consumer.end_offsets(where)).values())
        finally:
            await consumer.stop()


async def _known(consumer: AIOKafkaConsumer, topic: str) -> list[int]:
    """The partitions of a topic, whose metadata a fresh consumer has yet to ask for."""
    consumer.subscribe([topic])
    for _ in range(100):
        if found := consumer.partitions_for_topic(topic):
            consumer.unsubscribe()
            return sorted(found)
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the broker knows no topic {topic}")
