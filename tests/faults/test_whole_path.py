"""From a silent network to mails, with workers of every role killed, replaced and frozen meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import KafkaAddress
from tests.faults.story import tell

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

SEED = 3


async def test_an_outage_in_a_storm_of_faults_is_told_to_all_and_only_to_them(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    told = await tell(
        kafka.bootstrap, prefix, tmp_path, seed=SEED, storm_s=25.0, usage=80,
        crews={"detect": 1, "correlate": 1, "decide": 2, "deliver": 1},
    )  # fmt: skip
    assert not told.report.violations, f"seed {SEED}, {dict(told.done)}: {told.report}"
    assert told.done.total() >= 5
    assert told.report.figures["mails"] > 0
