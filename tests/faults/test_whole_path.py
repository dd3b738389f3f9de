"""From a silent network to mails, with workers of every role killed, replaced and frozen meanwhile."""

from __future__ import annotations

from functools import partial

import pytest

from tests.faults.conftest import Run, Runs
from tests.faults.story import Told, tell

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

SEED = 3
CREWS = {"detect": 1, "correlate": 1, "decide": 2, "deliver": 1}
RUNS: dict[str, Run] = {"whole path": partial(tell, seed=SEED, storm_s=25.0, usage=80, crews=CREWS)}


async def test_an_outage_in_a_storm_of_faults_is_told_to_all_and_only_to_them(runs: Runs) -> None:
    told: Told = await runs["whole path"]
    assert not told.report.violations, f"seed {SEED}, {dict(told.done)}: {told.report}"
    assert told.done.total() >= 5
    assert told.report.figures["mails"] > 0
