"""Kafka for everything outside the engine: connection arguments, and reading a topic from its start to its end now.

The engine has its own hot path; commands (`why`, `doctor`, `demo`), the console and tests read through `read_to_end`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from forewarn.stream.settings import Settings, secret

#: Bytes fetched at once, per partition.
_FETCH_BYTES = 1 << 20
#: How long a consumer may take to stop before it is told again, seconds.
_STOP_AGAIN_S = 0.5


class Received(Protocol):
    """A record as aiokafka gives it; `timestamp` is the broker's, epoch ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class NoSuchTopic(LookupError):
    """The cluster has no such topic, or not that partition."""


def connection(settings: Settings) -> dict[str, Any]:
    """aiokafka's keyword arguments for a client: `bootstrap_servers` and everything about security."""
    security = settings.kafka_security or "PLAINTEXT"
    arguments: dict[str, Any] = {"bootstrap_servers": settings.bootstrap, "security_protocol": security}
    if security in ("SSL", "SASL_SSL"):
        arguments["ssl_context"] = tls_context(settings)
    if security.startswith("SASL") and settings.kafka_password_file is not None:
        arguments["sasl_mechanism"] = settings.kafka_sasl
        arguments["sasl_plain_username"] = settings.kafka_user
        arguments["sasl_plain_password"] = secret(settings.kafka_password_file)
    return arguments


def tls_context(settings: Settings) -> ssl.SSLContext:
    """TLS with verified certificates and host names, and the client's own certificate if there is one."""
    context = ssl.create_default_context(cafile=settings.kafka_ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.kafka_certificate is not None:
        context.load_cert_chain(settings.kafka_certificate, settings.kafka_key)
    return context


def topic_name(settings: Settings, topic: str) -> str:
    """A catalog name with the prefix of this deployment."""
    return settings.topic_prefix + topic


def group_name(settings: Settings, role: str) -> str:
    """The consumer group of a role."""
    return f"{settings.topic_prefix}forewarn-{role}"


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """An idempotent producer that waits for all replicas."""
    async with AIOKafkaProducer(
        **connection(settings), enable_idempotence=True, acks="all", max_request_size=32 << 20
    ) as one:
        yield one


@asynccontextmanager
async def reader(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group: it assigns partitions to itself and commits nothing."""
    consumer = AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=50,  # the last fetch of one topic must not hold up the first of the next
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await stop(consumer)


async def stop(consumer: AIOKafkaConsumer) -> None:
    """Stops a consumer, for certain.

    aiokafka 0.14's own `stop` can wait for ever: its fetcher swallows the cancellation that is to end it when that
    arrives while the tasks of an old assignment are awaited. So it is cancelled again until it has gone.
    """
    # In a task of its own: stopping a consumer that has only just started raises the CancelledError of its own
    # coordinator task, which must not be taken for a cancellation of ours.
    stopping = asyncio.create_task(consumer.stop())
    while not (await asyncio.wait([stopping], timeout=_STOP_AGAIN_S))[0]:
        if (fetcher := consumer._fetcher) is not None:
            fetcher._fetch_task.cancel()


async def read_to_end(
    consumer: AIOKafkaConsumer, topic: str, partitions: Iterable[int] | None = None
) -> AsyncIterator[Received]:
    """All records that a topic (full name) holds when called, or some partitions of it; in order within a partition.

    Takes the consumer's assignment for itself. Raises NoSuchTopic.
    """
    tps = await _partitions(consumer, topic, partitions)
    consumer.assign(tps)
    ends = await consumer.end_offsets(tps)
    positions = await consumer.beginning_offsets(tps)
    for tp, start in positions.items():
        consumer.seek(tp, start)
    left = {tp for tp in tps if positions[tp] < ends[tp]}
    while left:
        fetched = await consumer.getmany(timeout_ms=1000)
        for tp, records in fetched.items():
            for record in records:
                if record.offset < ends[tp]:
                    yield record
        # `position` moves past control records and compacted-away offsets too.
        left = {tp for tp in left if await consumer.position(tp) < ends[tp]}


async def delete_topics(settings: Settings, topics: list[str]) -> None:
    """Deletes topics by their full names."""
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        await admin.delete_topics(topics)
    finally:
        await admin.close()


async def partitions_of(client: AIOKafkaConsumer | AIOKafkaProducer, topic: str) -> list[int]:
    """The partition numbers of a topic (full name). Raises NoSuchTopic."""
    inner = client.client if isinstance(client, AIOKafkaProducer) else client._client
    cluster = await inner.fetch_all_metadata()  # the public calls would create the topic, or give names only
    there = cluster.partitions_for_topic(topic)
    if not there:
        raise NoSuchTopic(f"there is no topic {topic}")
    return sorted(there)


async def _partitions(consumer: AIOKafkaConsumer, topic: str, partitions: Iterable[int] | None) -> list[TopicPartition]:
    there = await partitions_of(consumer, topic)
    wanted = there if partitions is None else sorted(partitions)
    if absent := [number for number in wanted if number not in there]:
        raise NoSuchTopic(f"{topic} has no partition {absent[0]}")
    return [TopicPartition(topic, number) for number in wanted]
