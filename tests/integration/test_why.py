"""`forewarn why` on a real broker: only the customer's partition, only the customer's rows."""

from __future__ import annotations

import msgspec
import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.stream import kafka as client
from forewarn.stream import why
from forewarn.stream.replay.partitions import partition_of
from forewarn.stream.settings import load
from forewarn.topics.events.messages import Decision
from tests.conftest import KafkaAddress

PARTITIONS = 4


def decision(customer: str) -> bytes:
    return msgspec.json.encode(
        Decision(
            decision_id="d1",
            time="2026-11-22T12:00:00Z",
            subject="notification",
            subject_id=f"n-{customer}",
            kind="outage",
            outcome="sent",
            reason="passed",
            policy="abc",
            incident="o1",
        )
    )


async def test_a_customer_s_story_is_read_from_kafka(
    kafka: KafkaAddress, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(bootstrap=kafka.bootstrap, topic_prefix=prefix)
    names = {topic: client.topic_name(settings, topic) for topic in why.TOPICS}
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names.values()])
    await admin.close()
    log = {"notification_id": "n-ada", "time": 1_795_348_860_000, "channel": "email", "outcome": "sent", "attempt": 1}
    async with client.producer(settings) as producer:
        for customer in ("ada", "bob", "eve"):
            number = partition_of(customer.encode(), PARTITIONS)
            await producer.send_and_wait(
                names["decisions"], decision(customer), key=customer.encode(), partition=number
            )
        number = partition_of(b"ada", PARTITIONS)
        await producer.send_and_wait(names["notifications.log"], orjson.dumps(log), key=b"ada", partition=number)
    assert await why.run(settings, "ada", as_json=True) == 0
    told = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(step["id"], step["outcome"]) for step in told] == [("n-ada", "sent"), ("n-ada", "sent")]
    assert [step["incident"] for step in told] == ["o1", "o1"]
    assert await why.run(settings, "nobody", as_json=False) == 1
    assert "Nothing is recorded about nobody" in capsys.readouterr().out
