"""The broker goes away for some seconds, in good order: workers wait, go on by themselves, and lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.deploy.local_kafka import LocalKafka
from tests.conftest import BROKER_FOR_TESTS
from tests.faults.conftest import Run, Runs
from tests.faults.restart import Restarted, run_restart

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]


async def with_a_broker_of_its_own(_: str, prefix: str, folder: Path) -> Restarted:
    """The other runs keep theirs."""
    async with LocalKafka(folder / "kafka", BROKER_FOR_TESTS) as kafka:
        return await run_restart(kafka, prefix, folder / "place", seed=5)


RUNS: dict[str, Run] = {"broker restart": with_a_broker_of_its_own}


async def test_a_broker_restart_loses_nothing_and_ends_no_worker(runs: Runs) -> None:
    restarted: Restarted = await runs["broker restart"]
    assert not restarted.report.violations, str(restarted.report)
    assert not restarted.codes, restarted.tails
