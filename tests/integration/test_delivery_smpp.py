"""Texts on a real Kafka: a worker of role deliver, an SMS centre, and what comes back to topics after a kill.

notifications ──> worker ──> SMS centre ──> receipt, STOP ──> another worker ──> delivery.receipts, preferences
                    ✝ killed
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from forewarn.alerts.smsc import SmscSink
from forewarn.stream import kafka as client
from forewarn.stream.demo.stage import until_ready
from forewarn.stream.settings import Settings, load
from forewarn.topics import partitioner
from forewarn.topics.instants import to_rfc3339
from tests.conftest import KafkaAddress
from tests.integration.test_compose_commands import host

NUMBER = "4915112345678"


async def rows(settings: Settings, topic: str) -> list[tuple[str, Any]]:
    """Everything in a topic: key and value."""
    async with client.reader(settings) as consumer:
        records = [record async for record in client.read_to_end(consumer, settings.topic_prefix + topic)]
    return [((record.key or b"").decode(), orjson.loads(record.value or b"null")) for record in records]


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Waits for a condition, which may be asynchronous, and gives its value."""
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            value = await value if asyncio.iscoroutine(value) else value
            if value:
                return value
            await asyncio.sleep(0.2)


async def text(settings: Settings, customer: str) -> None:
    """A notification by SMS, as decide writes it."""
    now = round(time.time() * 1000)
    value = {
        "notification_id": f"n-{customer}",
        "time": to_rfc3339(now),
        "kind": "outage",
        "stage": "confirmed",
        "incident": "o1",
        "channel": "sms",
        "to": f"+{NUMBER}",
        "locale": "en",
        "text": "Outage in Linden.",
        "valid_until": to_rfc3339(now + 3_600_000),
        "critical": False,
    }
    async with client.producer(settings) as producer:
        topic = settings.topic_prefix + "notifications"
        count = len(await client.partitions_of(producer, topic))
        partition = partitioner.partition(customer.encode(), count)
        await producer.send_and_wait(topic, orjson.dumps(value), key=customer.encode(), partition=partition)


@pytest.mark.timeout(180)
async def test_receipts_and_replies_find_their_customer_also_after_the_sender_was_killed(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with host(kafka, prefix, tmp_path) as here:
        smsc: SmscSink = here.smsc
        settings = load(bootstrap=kafka.bootstrap, topic_prefix=prefix)
        async with here.service("deliver") as worker:
            await until_ready(worker, 60, ("deliver",))
            await text(settings, "ada")
            await until(lambda: smsc.texts)
            await until(lambda: _has(settings, "delivery.inbound", 1))
            assert worker._process is not None
            worker._process.kill()
            await worker.ended()
        smsc.receipt(smsc.taken[0], "DELIVRD")  # nobody is bound: it is brought until it is taken
        smsc.reply(NUMBER, "stop")
        async with here.service("deliver") as other:
            await until_ready(other, 60, ("deliver",))
            await until(lambda: _has(settings, "delivery.receipts", 1), 60)
            await until(lambda: _has(settings, "customers.preferences", 1), 60)
        [(customer, receipt)] = await rows(settings, "delivery.receipts")
        assert (customer, receipt["notification_id"], receipt["status"]) == ("ada", "n-ada", "delivered")
        [(customer, patch)] = await rows(settings, "customers.preferences")
        assert (customer, patch["consents"][0]["granted"]) == ("ada", False)
        assert [reply["text"] for _, reply in await rows(settings, "customers.interactions")] == ["stop"]


async def _has(settings: Settings, topic: str, count: int) -> bool:
    return len(await rows(settings, topic)) >= count
