"""A simulated world on a real Kafka: every record, in the partition that its key belongs to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.stream import kafka as client
from forewarn.stream.policy import Policy
from forewarn.stream.replay.partitions import partition_of
from forewarn.stream.settings import Settings, load
from forewarn.stream.simulate.command import Request, simulate_to_kafka
from forewarn.stream.simulate.incidents import MINUTE
from forewarn.stream.simulate.world import World
from forewarn.topics.catalog import READ
from tests.conftest import KafkaAddress

START = 1_767_571_200_000
PARTITIONS = 3
REQUEST = Request(
    seed=5, hours=0.2, regions=2, devices=40, customers=20, start=START, policy=Policy()
)  # fmt: skip


async def make_topics(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(settings.topic_prefix + topic.name, PARTITIONS, 1) for topic in READ])
    await admin.close()


async def test_all_records_arrive_where_their_keys_belong(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    settings = load(bootstrap=kafka.bootstrap, topic_prefix=prefix)
    await make_topics(settings)
    truth = tmp_path / "truth.jsonl"
    async with client.producer(settings) as producer:
        count = await simulate_to_kafka(REQUEST, producer, prefix, truth)
    expected = Counter(
        (event.topic, event.key.encode(), event.value)
        for events in World(REQUEST.setting(0)).slices(MINUTE)
        for event in events
    )
    assert count == expected.total()
    arrived: Counter[tuple[str, bytes, bytes]] = Counter()
    async with client.reader(settings) as consumer:
        for topic in READ:
            async for record in client.read_to_end(consumer, prefix + topic.name):
                assert record.key is not None
                assert record.value is not None
                assert record.partition == partition_of(record.key, PARTITIONS)
                arrived[topic.name, record.key, record.value] += 1
    assert arrived == expected
    assert orjson.loads(truth.read_bytes().splitlines()[0])["kind"] == "world"


async def test_a_missing_topic_is_named(kafka: KafkaAddress, prefix: str) -> None:
    settings = load(bootstrap=kafka.bootstrap, topic_prefix=prefix)
    async with client.producer(settings) as producer:
        with pytest.raises(client.NoSuchTopic, match=r"network\.inventory"):
            await simulate_to_kafka(REQUEST, producer, prefix, None)
