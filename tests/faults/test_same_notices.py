"""Kills of detect, correlate and decide in the middle of outages change no notice: beside a twin left in peace."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import KafkaAddress
from tests.faults.twin_feed import HOMES
from tests.faults.twins import ROLES, twins

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(500)]

SEED = 7
SECONDS = 60.0


async def test_a_twin_that_is_killed_tells_the_same_as_one_left_alone(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    verdict = await twins(kafka.bootstrap, prefix, tmp_path, seed=SEED, seconds=SECONDS)
    assert all(verdict.kills[role] for role in ROLES), dict(verdict.kills)
    stages = Counter(notice[3] for notice in verdict.calm.elements())
    assert stages["confirmed"] >= HOMES
    assert stages["threshold"] > 0
    assert verdict.requests > 0
    assert not verdict.differs, f"seed {SEED}: {verdict.differs}"
