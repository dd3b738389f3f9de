"""`forewarn demo`: on somebody's Kafka it keeps its promises and leaves no topic behind."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.conftest import KafkaAddress


@pytest.mark.timeout(300)
async def test_the_demo_keeps_its_promises_and_tidies_up(kafka: KafkaAddress) -> None:
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "forewarn", "demo", "--for", "90s", "--bootstrap", kafka.bootstrap),
        env={name: value for name, value in os.environ.items() if not name.startswith("FOREWARN_")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = (text.decode() for text in await demo.communicate())
    assert demo.returncode == 0, out + err
    assert out.count("│ yes │") == 4
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        left = [topic for topic in await admin.list_topics() if topic.startswith("demo-")]
    finally:
        await admin.close()
    assert left == []
