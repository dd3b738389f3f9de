"""The reader of changelogs, on a real broker."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from forewarn.stream.engine.changelog import Reader
from tests.conftest import KafkaAddress


async def test_topics_are_learned_of_all_at_once(
    kafka: KafkaAddress, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, the twelve sources of a role cost more than a second of each start."""
    names = [f"{prefix}{number}" for number in range(12)]
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 2, 1) for name in names])
    await admin.close()
    async with Reader({"bootstrap_servers": kafka.bootstrap}) as reader:
        client: Any = reader._consumer._client
        await reader.bounds([TopicPartition(names[0], 0)])
        asked, update = [], client._metadata_update

        async def heard(cluster: Any, topics: Any) -> Any:
            asked.append(set(topics))
            return await update(cluster, topics)

        monkeypatch.setattr(client, "_metadata_update", heard)
        tps = [TopicPartition(name, 1) for name in names]
        assert await reader.bounds(tps) == dict.fromkeys(tps, (0, 0))
        await reader.bounds(tps)
    assert asked == [set(names)]
