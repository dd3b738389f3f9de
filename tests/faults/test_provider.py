"""A relay that is away for half an hour, a second for a minute: only mail waits, nothing is lost, memory is bounded."""

from __future__ import annotations

from functools import partial

import pytest

from tests.faults.conftest import Run, Runs
from tests.faults.provider import Away, relay_away

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

SEED, AWAY_S = 13, 30.0
#: MB that the messages of the time may take in the worker.
GROWTH_MB = 40.0
RUNS: dict[str, Run] = {"relay away": partial(relay_away, seed=SEED, seconds=AWAY_S)}


async def test_a_relay_that_is_away_delays_mail_alone_and_loses_nothing(runs: Runs) -> None:
    away: Away = await runs["relay away"]
    assert not away.report.violations, f"seed {SEED}: {away.report}"
    assert away.report.figures["texts twice"] == 0
    assert away.longest_s["email"] >= AWAY_S * 0.9
    assert away.longest_s["sms"] < AWAY_S / 2  # generous: the machine is busy with other runs
    assert away.restarts == 0


async def test_what_waits_for_a_relay_takes_little_memory(runs: Runs) -> None:
    away: Away = await runs["relay away"]
    before, after = away.memory_mb
    assert after - before < GROWTH_MB
