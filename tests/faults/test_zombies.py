"""Zombies: a worker is stopped at the worst places, another takes over, then the first goes on and knows nothing.

What it writes must not survive; what it had decided before it lost the partition must be told once, in the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from forewarn.stream.engine import fatal
from tests.conftest import KafkaAddress
from tests.faults.haunting import Haunting, haunt_decide, haunt_deliver

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

#: The takeovers of both partitions are committed first: these are units with records.
POINTS = ("takeover:1", "append.before:6", "append.after:6", "install:7", "outputs.before:6", "outputs.after:8")
Running = dict[str, asyncio.Task[Haunting]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hauntings(kafka: KafkaAddress, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """All of them, under way, three at a time."""
    folder, turns = tmp_path_factory.mktemp("zombies"), asyncio.Semaphore(3)

    async def one(number: int, point: str) -> Haunting:
        haunt = haunt_deliver if point.startswith("deliver.") else haunt_decide
        async with turns:
            return await haunt(kafka.bootstrap, f"{folder.name}-{number}-", folder / str(number), point=point)

    points = (*POINTS, "deliver.attempt:3", "deliver.data:3")
    tasks = {point: asyncio.create_task(one(number, point)) for number, point in enumerate(points)}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("point", POINTS)
async def test_what_a_zombie_does_does_not_survive(point: str, hauntings: Running) -> None:
    haunting = await hauntings[point]
    assert not haunting.report.violations, str(haunting.report)


async def test_a_zombie_that_appends_finds_the_new_owner_and_leaves(hauntings: Running) -> None:
    haunting = await hauntings["append.before:6"]
    assert haunting.report.figures["zombie units refused"] >= 1
    assert haunting.code == fatal.INTERNAL


@pytest.mark.parametrize("point", ["deliver.attempt:3", "deliver.data:3"])
async def test_a_mail_that_a_zombie_sends_late_is_listed_as_ambiguous(point: str, hauntings: Running) -> None:
    haunting = await hauntings[point]
    assert not haunting.report.violations, str(haunting.report)
    assert haunting.report.figures["mails twice"] <= haunting.report.figures["ambiguous listed"]
