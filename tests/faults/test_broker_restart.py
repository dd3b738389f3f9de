"""The broker goes away for some seconds: workers wait, go on by themselves, and lose nothing.

It leaves in good order, is killed, its disk is full, or it stands still.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from forewarn.deploy.local_kafka import LocalKafka
from tests.conftest import BROKER_FOR_TESTS
from tests.faults.conftest import Run, Runs
from tests.faults.restart import How, Restarted, run_restart

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

WAYS: tuple[How, ...] = ("term", "kill", "disk full", "frozen")


async def with_a_broker_of_its_own(_: str, prefix: str, folder: Path, *, how: How) -> Restarted:
    """The other runs keep theirs."""
    async with LocalKafka(folder / "kafka", BROKER_FOR_TESTS) as kafka:
        return await run_restart(kafka, prefix, folder / "place", seed=5, how=how)


RUNS: dict[str, Run] = {f"broker away: {how}": partial(with_a_broker_of_its_own, how=how) for how in WAYS}


@pytest.mark.parametrize("how", WAYS)
async def test_a_broker_that_comes_back_has_lost_nothing_and_ended_no_worker(how: How, runs: Runs) -> None:
    restarted: Restarted = await runs[f"broker away: {how}"]
    assert not restarted.report.violations, str(restarted.report)
    assert not restarted.codes, restarted.tails
