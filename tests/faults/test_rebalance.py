"""Three workers of a role share four partitions while they are killed, replaced and frozen at random."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.conftest import KafkaAddress
from tests.faults.crew import Crew, storm
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.place import Place
from tests.faults.verdict import verdict

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

SEED = 11
STORM_S = 30.0


async def test_three_workers_in_a_storm_lose_nothing(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    random = Random(SEED)
    async with Place(kafka.bootstrap, prefix, tmp_path, customer=4) as place:
        feeder = Feeder(place, Generator(SEED), usage=200, requests=1)
        await feeder.base()
        async with Crew(place, "decide", 3) as crew:
            await place.settle("decide")
            async with feeder:
                await storm([crew], random, STORM_S)
            report = await verdict(place, "decide", timeout_s=60.0)
    assert not report.violations, f"seed {SEED}, {dict(crew.done)}: {report}"
    assert crew.done.total() >= 8
    assert report.figures["events"] > 3_000
