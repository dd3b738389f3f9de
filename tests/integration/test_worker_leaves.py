"""SIGTERM: a worker gives its partitions up, leaves the group and ends, on a real Kafka."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.conftest import KafkaAddress
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.place import Place

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_a_worker_told_to_stop_ends_with_zero_and_soon(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        await Feeder(place, Generator(3, customers=3)).base()
        worker = await place.start("decide", name="first")
        await place.settle("decide")
        begun = time.monotonic()
        assert await worker.end() == 0
        assert time.monotonic() - begun < 10.0
        assert list((tmp_path / "data").glob("decide-*")) == []


async def test_what_a_killed_worker_left_on_the_disk_goes_with_the_next_start(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        await Feeder(place, Generator(3, customers=3)).base()
        for name in ("first", "second"):
            worker = await place.start("decide", name=name)
            await place.settle("decide")
            await worker.kill()
        assert len(list((tmp_path / "data").glob("decide-*"))) == 1


async def test_one_told_to_stop_while_it_restores_ends_with_zero_too(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    async with Place(kafka.bootstrap, prefix, tmp_path) as place:
        worker = await place.start("decide", name="first")
        async with asyncio.timeout(60):
            while "Restoration]: Resuming flow" not in worker.tail(100):  # noqa: ASYNC110  it is a log of another process
                await asyncio.sleep(0.01)
        assert await worker.end() == 0
