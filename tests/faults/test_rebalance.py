"""Three workers of a role share four partitions while they are killed, replaced and frozen at random."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.faults.conftest import Run, Runs
from tests.faults.crew import Crew, storm
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.verdict import verdict

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

SEED = 11
STORM_S = 30.0


async def three_in_a_storm(bootstrap: str, prefix: str, folder: Path) -> tuple[Counter[str], Report]:
    """What was done to the workers, and what the oracle says."""
    async with Place(bootstrap, prefix, folder, customer=4) as place:
        feeder = Feeder(place, Generator(SEED), usage=200, requests=1)
        await feeder.base()
        async with Crew(place, "decide", 3) as crew:
            await place.settle("decide")
            async with feeder:
                await storm([crew], Random(SEED), STORM_S)
            return crew.done, await verdict(place, "decide", timeout_s=60.0)


RUNS: dict[str, Run] = {"three in a storm": three_in_a_storm}


async def test_three_workers_in_a_storm_lose_nothing(runs: Runs) -> None:
    done, report = await runs["three in a storm"]
    assert not report.violations, f"seed {SEED}, {dict(done)}: {report}"
    assert done.total() >= 8
    assert report.figures["events"] > 3_000
