"""What cannot work refuses to start: code 78, the command that mends it, and nothing consumed."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka.admin import NewPartitions
from aiokafka.structs import TopicPartition

from forewarn.stream.engine import fatal
from forewarn.stream.engine.marker import MARKER
from tests.conftest import KafkaAddress
from tests.faults.feeder import now
from tests.faults.generator import Generator
from tests.faults.place import Place

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(90)]


async def refusal(place: Place, role: str = "decide") -> tuple[int, str]:
    """How a worker ends, and what it says."""
    child = await place.start(role)
    return await child.wait(30), child.tail(60)


async def test_a_missing_topic_is_named_with_the_command(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        await place.produce(Generator(1, customers=2).base(now()))
        await place.admin.delete_topics([f"{prefix}usage.alerts"])
        code, said = await refusal(place)
        assert code == fatal.CONFIGURATION
        assert f"{prefix}usage.alerts" in said
        assert "forewarn topics apply" in said
        assert await place.lag("decide") > 0


async def test_a_wrong_partition_count_is_named(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        await place.produce(Generator(1, customers=2).base(now()))
        await place.admin.create_partitions({f"{prefix}usage.records": NewPartitions(3)})
        code, said = await refusal(place)
        assert code == fatal.CONFIGURATION
        assert f"{prefix}usage.records" in said
        assert "forewarn topics" in said
        assert await place.lag("decide") > 0


async def test_a_changelog_of_a_newer_release_stops_the_worker_and_says_so(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        await place.produce(Generator(1, customers=2).base(now()))
        changelog = f"{prefix}forewarn-decide-changelog"
        await place.producer.send_and_wait(changelog, b"\x63newer", key=MARKER, partition=0)
        code, said = await refusal(place)
        assert code == fatal.CONFIGURATION
        assert f"{changelog}[0] at offset 0" in said
        assert "schema 99" in said
        assert "start the release that wrote it" in said
        assert await place.lag("decide") > 0


async def test_a_damaged_changelog_stops_the_worker_and_says_how_to_start_anew(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        changelog = f"{prefix}forewarn-decide-changelog"
        await place.producer.send_and_wait(changelog, b"\x01damaged", key=MARKER, partition=1)
        code, said = await refusal(place)
        assert code == fatal.CONFIGURATION
        assert f"{changelog}[1] at offset 0: a marker is damaged" in said
        assert f"delete {changelog} and run `forewarn topics apply`" in said


async def test_input_deleted_before_it_was_applied_is_not_passed_over_in_silence(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path, customer=1) as place:
        generator = Generator(1, customers=4)
        await place.produce([*generator.base(now()), *generator.usage(50, now())])
        first = await place.start("decide")
        await place.settle("decide")
        await first.kill()
        await place.produce(generator.usage(50, now()))
        await place.admin.delete_records(
            {TopicPartition(f"{prefix}usage.records", 0): _records_to_delete(90)}
        )  # fmt: skip
        code, said = await refusal(place)
        assert code == fatal.CONFIGURATION
        assert "--accept-loss" in said


def _records_to_delete(before: int) -> object:
    from aiokafka.admin import RecordsToDelete

    return RecordsToDelete(before_offset=before)
