"""`forewarn pause` and `resume`, by the command line and a real Kafka, and what decide and deliver make of it."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import orjson
import pytest

from forewarn.stream import kafka as client
from forewarn.stream import topics_admin
from forewarn.stream.engine.role import Layout
from forewarn.stream.settings import Settings, load
from tests.conftest import KafkaAddress
from tests.decide_desk import DecideDesk, agreed, impact, marketing, profile
from tests.delivering import Post, notification

pytestmark = pytest.mark.asyncio(loop_scope="session")
PARTITIONS = 3


@pytest.fixture
def settings(kafka: KafkaAddress, prefix: str) -> Settings:
    return load(bootstrap=kafka.bootstrap, topic_prefix=prefix)


async def forewarn(settings: Settings, *arguments: str) -> tuple[int, str]:
    """Runs the command line against the test's own topics: exit code and standard output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOREWARN_")}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "forewarn", *arguments),
        *("--bootstrap", settings.bootstrap, "--topic-prefix", settings.topic_prefix),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode or 0, out.decode()


async def words(settings: Settings) -> list[tuple[int, str, dict[str, Any]]]:
    """All that stands in `control`: partition, key, word."""
    async with client.reader(settings) as consumer:
        topic = client.topic_name(settings, "control")
        return [
            (record.partition, (record.key or b"").decode(), orjson.loads(record.value or b"null"))
            async for record in client.read_to_end(consumer, topic)
        ]


def of_partition_0(said: list[tuple[int, str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Key and word, in their order; partitions are read in any order."""
    return [(key, word) for partition, key, word in said if partition == 0]


async def test_a_pause_reaches_every_partition_and_a_resume_frees_what_waits(settings: Settings) -> None:
    arguments = {"bootstrap_servers": settings.bootstrap}
    await topics_admin.apply(
        arguments, Layout(region=1, customer=PARTITIONS), prefix=settings.topic_prefix, replication=1
    )
    assert await forewarn(settings, "pause", "marketing", "--author", "noc") == (
        0,
        f"marketing is paused in {PARTITIONS} partitions\n",
    )
    assert (await forewarn(settings, "pause"))[0] == 0
    said = await words(settings)
    assert sorted((partition, key) for partition, key, _ in said) == [
        (partition, key) for partition in range(PARTITIONS) for key in ("*", "marketing")
    ]
    assert {word["author"] for _, key, word in said if key == "marketing"} == {"noc"}

    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.push("customers.preferences", "ada", agreed()).at(10)
    post = Post()
    pauses = of_partition_0(said)
    for key, word in pauses:
        desk.push("control", key, word)
        post.control(word["kind"], paused=word["paused"])
    desk.push("marketing.requests", "ada", marketing("m1", 10))
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-2"])).at(60)
    post.push(notification("n1"))
    assert [row.value["reason"] for row in desk.out("marketing.held")] == ["paused"]
    assert post.sends == []

    assert (await forewarn(settings, "resume", "everything"))[0] == 0
    assert (await forewarn(settings, "resume", "marketing"))[1] == f"marketing is resumed in {PARTITIONS} partitions\n"
    for key, word in of_partition_0(await words(settings))[len(pauses) :]:
        desk.push("control", key, word)
        post.control(word["kind"], paused=word["paused"])
    desk.at(400)
    assert [row.value["request_id"] for row in desk.out("marketing.approved")] == ["m1"]
    assert [send.message.to for send in post.sends] == ["ada@example.com"]


async def test_what_cannot_be_paused_is_refused_with_the_list_of_what_can(settings: Settings) -> None:
    code, _ = await forewarn(settings, "pause", "teapots")
    assert code == 2
