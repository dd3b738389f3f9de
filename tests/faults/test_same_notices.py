"""Kills of detect and correlate in the middle of outages change no notice: on a real Kafka, beside a twin in peace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import KafkaAddress
from tests.faults.twins import HOMES, twins

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(500)]

SEED = 7
SECONDS = 60.0


async def test_a_twin_that_is_killed_tells_the_same_as_one_left_alone(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    verdict = await twins(kafka.bootstrap, prefix, tmp_path, seed=SEED, seconds=SECONDS)
    assert verdict.kills >= 3
    assert len({notice[0] for notice in verdict.calm}) >= HOMES
    assert not verdict.differs, f"seed {SEED}: {verdict.differs}"
