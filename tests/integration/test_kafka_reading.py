"""Reading a topic to its end, on a real broker."""

from __future__ import annotations

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.stream import kafka as client
from forewarn.stream.settings import Settings, load
from tests.conftest import KafkaAddress


async def topic_with(settings: Settings, name: str, partitions: int, values: list[bytes]) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1)])
    await admin.close()
    async with client.producer(settings) as producer:
        for number, value in enumerate(values):
            await producer.send_and_wait(name, value, partition=number % partitions)
    return name


async def read(settings: Settings, topic: str, partitions: list[int] | None = None) -> list[bytes | None]:
    async with client.reader(settings) as consumer:
        return [record.value async for record in client.read_to_end(consumer, topic, partitions)]


async def test_everything_is_read_in_order_within_a_partition(kafka: KafkaAddress, prefix: str) -> None:
    settings = load(bootstrap=kafka.bootstrap)
    values = [b"%d" % number for number in range(50)]
    topic = await topic_with(settings, prefix + "t", 2, values)
    read_back = await read(settings, topic)
    assert [value for value in read_back if value and int(value) % 2 == 0] == values[::2]
    assert sorted(read_back, key=lambda value: int(value or b"")) == values
    assert await read(settings, topic, [1]) == values[1::2]


async def test_an_empty_topic_ends_at_once(kafka: KafkaAddress, prefix: str) -> None:
    settings = load(bootstrap=kafka.bootstrap)
    assert await read(settings, await topic_with(settings, prefix + "t", 3, [])) == []


async def test_a_topic_or_partition_that_is_not_there_is_an_error(kafka: KafkaAddress, prefix: str) -> None:
    settings = load(bootstrap=kafka.bootstrap)
    with pytest.raises(client.NoSuchTopic, match="no topic"):
        await read(settings, prefix + "absent")
    with pytest.raises(client.NoSuchTopic, match="no partition 7"):
        await read(settings, await topic_with(settings, prefix + "t", 1, []), [7])
