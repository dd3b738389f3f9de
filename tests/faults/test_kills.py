"""Deliver is killed at random moments while it hands over: nothing is lost, and nothing is doubled unlisted."""

from __future__ import annotations

from functools import partial

import pytest

from tests.faults.child import KILLED
from tests.faults.conftest import Run, Runs
from tests.faults.kills import Killed, kill_deliver

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

SEED, KILLS = 20_261_123, 5
RUNS: dict[str, Run] = {
    "deliver killed": partial(kill_deliver, seed=SEED, kills=KILLS),
    "deliver killed, unlisted": partial(kill_deliver, seed=SEED, kills=KILLS, mutant="unlisted"),
}


async def test_mail_and_texts_are_all_taken_and_what_is_taken_twice_is_listed(runs: Runs) -> None:
    killed: Killed = await runs["deliver killed"]
    assert not killed.report.violations, f"seed {SEED}: {killed.report}"
    assert killed.codes[KILLED] >= KILLS
    figures = killed.report.figures
    assert figures["mails"] > 20
    assert figures["texts"] > 20
    assert figures["mails twice"] + figures["texts twice"] <= figures["ambiguous listed"]
    assert figures["ambiguous listed"] > 0, "no kill hit a message under way"


async def test_a_worker_that_sends_again_what_it_does_not_list_is_found(runs: Runs) -> None:
    killed: Killed = await runs["deliver killed, unlisted"]
    assert "mail twice" in killed.report.kinds
