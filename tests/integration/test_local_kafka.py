"""The embedded Kafka: a real broker that starts, restarts with its data, and says why when it cannot start."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Literal

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.deploy.local_kafka import KafkaFailed, LocalKafka
from tests.conftest import BROKER_FOR_TESTS, KafkaAddress


async def create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, value)


async def read_first(bootstrap: str, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 0)
        value: bytes | None = (await asyncio.wait_for(consumer.getone(), 20)).value
        return value


async def test_what_is_produced_is_read_back(kafka: KafkaAddress, prefix: str) -> None:
    await create_topic(kafka.bootstrap, prefix + "t")
    await produce(kafka.bootstrap, prefix + "t", b"hello")
    assert await read_first(kafka.bootstrap, prefix + "t") == b"hello"


@pytest.mark.parametrize("how", ["term", "kill"])
async def test_a_restarted_broker_has_its_address_and_its_data(tmp_path: Path, how: Literal["term", "kill"]) -> None:
    async with LocalKafka(tmp_path, BROKER_FOR_TESTS) as broker:
        await create_topic(broker.bootstrap, "t")
        await produce(broker.bootstrap, "t", b"kept")
        before, pid = broker.bootstrap, broker.pid
        await broker.restart(how)
        assert broker.bootstrap == before
        assert broker.pid != pid
        assert await read_first(broker.bootstrap, "t") == b"kept"


async def test_a_stopped_broker_leaves_no_process_and_no_temporary_folder() -> None:
    async with LocalKafka() as broker:
        pid, folder = broker.pid, broker.data_dir
        assert pid is not None
    assert not Path(f"/proc/{pid}").exists()
    assert not folder.exists()


async def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(KafkaFailed, match=r"process\.roles"):
        async with LocalKafka(tmp_path, {"process.roles": "teapot"}):
            pass


async def test_the_broker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, pathlib, sys\n"
        "from forewarn.deploy.local_kafka import LocalKafka\n"
        "async def main():\n"
        "    async with LocalKafka(pathlib.Path(sys.argv[1])) as kafka:\n"
        "        print(kafka.pid, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert parent.stdout is not None
    broker = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    for _ in range(100):
        if not Path(f"/proc/{broker}").exists():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the broker outlived its parent")
