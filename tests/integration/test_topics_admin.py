"""`forewarn topics` on a real Kafka."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.stream import topics_admin
from forewarn.stream.engine.role import Layout
from forewarn.stream.settings import load
from forewarn.topics.catalog import TOPICS

LAYOUT = Layout(region=3, customer=2)
pytestmark = pytest.mark.asyncio(loop_scope="session")


class Address(Protocol):
    bootstrap: str


@pytest.fixture
def arguments(kafka: Address) -> dict[str, Any]:
    return {"bootstrap_servers": kafka.bootstrap}


async def test_what_apply_creates_check_finds_right(arguments: dict[str, Any], prefix: str) -> None:
    before = await topics_admin.check(arguments, prefix)
    assert len(before) == len(TOPICS)
    applied = await topics_admin.apply(arguments, LAYOUT, prefix=prefix, replication=1)
    assert len(applied.created) == len(TOPICS)
    assert await topics_admin.check(arguments, prefix) == []
    assert await topics_admin.layout_there(arguments, prefix) == LAYOUT


async def test_apply_twice_changes_nothing(arguments: dict[str, Any], prefix: str) -> None:
    await topics_admin.apply(arguments, LAYOUT, prefix=prefix, replication=1)
    assert await topics_admin.apply(arguments, LAYOUT, prefix=prefix, replication=1) == topics_admin.Applied()


async def test_apply_refuses_other_counts_than_those_there(arguments: dict[str, Any], prefix: str) -> None:
    await topics_admin.apply(arguments, LAYOUT, prefix=prefix, replication=1)
    applied = await topics_admin.apply(arguments, Layout(region=3, customer=4), prefix=prefix, replication=1)
    assert not applied.created
    assert "customer=2" in applied.refused[0]


async def test_wrong_settings_are_named_then_mended_and_the_operators_own_stay(
    arguments: dict[str, Any], prefix: str
) -> None:
    admin = AIOKafkaAdminClient(**arguments)
    await admin.start()
    try:
        own = {"cleanup.policy": "delete", "segment.bytes": "12345678"}
        await admin.create_topics([NewTopic(f"{prefix}outages", 1, 1, topic_configs=own)])
        await topics_admin.apply(arguments, LAYOUT, prefix=prefix, replication=1)
        assert await topics_admin.check(arguments, prefix) == []
        found = await topics_admin._found(admin, prefix)
    finally:
        await admin.close()
    configs = found[f"{prefix}outages"].configs
    assert configs is not None
    assert (configs["cleanup.policy"], configs["segment.bytes"]) == ("compact", "12345678")


async def test_a_wrong_count_is_named_and_left(
    kafka: Address, arguments: dict[str, Any], prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = AIOKafkaAdminClient(**arguments)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(f"{prefix}network.field", 3, 1)])
    finally:
        await admin.close()
    settings = load(None, bootstrap=kafka.bootstrap, topic_prefix=prefix)
    assert await topics_admin.run_apply(settings, "region=3,customer=2", 1) == 78
    assert await topics_admin.run_check(settings) == 78
    told = capsys.readouterr()
    assert f"{prefix}network.field has 3 partitions, its group single has 1" in told.err
    assert f"created {prefix}usage.records (2 partitions)" in told.out
