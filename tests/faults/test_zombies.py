"""Zombies: a worker is stopped at the worst places, another takes over, then the first goes on and knows nothing.

What it writes must not survive; what it had decided before it lost the partition must be told once, in the same bytes.
"""

from __future__ import annotations

from functools import partial

import pytest

from forewarn.stream.engine import fatal
from tests.faults.conftest import Run, Runs
from tests.faults.haunting import Haunting, haunt_decide, haunt_deliver

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

#: The takeovers of both partitions are committed first: these are units with records.
DECIDE = ("takeover:1", "append.before:6", "append.after:6", "install:7", "outputs.before:6", "outputs.after:8")
DELIVER = ("deliver.attempt:3", "deliver.data:3")
RUNS: dict[str, Run] = {
    **{f"zombie at {point}": partial(haunt_decide, point=point) for point in DECIDE},
    **{f"zombie at {point}": partial(haunt_deliver, point=point) for point in DELIVER},
}


@pytest.mark.parametrize("point", DECIDE)
async def test_what_a_zombie_does_does_not_survive(point: str, runs: Runs) -> None:
    haunting: Haunting = await runs[f"zombie at {point}"]
    assert not haunting.report.violations, str(haunting.report)


async def test_a_zombie_that_appends_finds_the_new_owner_and_leaves(runs: Runs) -> None:
    haunting: Haunting = await runs["zombie at append.before:6"]
    assert haunting.report.figures["zombie units refused"] >= 1
    assert haunting.code == fatal.INTERNAL


@pytest.mark.parametrize("point", DELIVER)
async def test_a_mail_that_a_zombie_sends_late_is_listed_as_ambiguous(point: str, runs: Runs) -> None:
    haunting: Haunting = await runs[f"zombie at {point}"]
    assert not haunting.report.violations, str(haunting.report)
    assert haunting.report.figures["mails twice"] <= haunting.report.figures["ambiguous listed"]
