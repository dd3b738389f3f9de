"""kill -9 at every named crash point, five times each: nothing is lost, nothing is told differently a second time.

The points are shared out over lanes that run side by side; each test looks at one point of its lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio

from forewarn.stream.engine.crash import POINTS
from tests.conftest import KafkaAddress
from tests.faults.lane import Outcome, run_lane

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(360)]

KILLS = 5
SEED = 20_261_122
DELIVER = tuple(point for point in POINTS if point.startswith("deliver."))


class Share(NamedTuple):
    """The points of one lane."""

    role: str
    points: tuple[str, ...]


SHARES = (
    Share("decide", ("takeover", "append.before", "outputs.before")),
    Share("decide", ("fold.before", "append.after", "outputs.after")),
    Share("decide", ("fold.after", "install", "ack")),
    Share("deliver", DELIVER[:2]),
    Share("deliver", DELIVER[2:]),
)
LANE_OF = {point: number for number, share in enumerate(SHARES) for point in share.points}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lanes(
    kafka: KafkaAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[asyncio.Task[Outcome]]]:
    """All lanes, under way."""
    folder = tmp_path_factory.mktemp("crash")
    tasks = [
        asyncio.create_task(
            run_lane(
                kafka.bootstrap,
                f"{folder.name}-{number}-",
                folder / str(number),
                role=share.role,
                points=share.points,
                kills=KILLS,
                seed=SEED + number,
            )
        )
        for number, share in enumerate(SHARES)
    ]
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_every_crash_point_is_in_a_lane() -> None:
    assert sorted(LANE_OF) == sorted(POINTS)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_five_times_at(point: str, lanes: list[asyncio.Task[Outcome]]) -> None:
    outcome = await lanes[LANE_OF[point]]
    assert outcome.kills[point] >= KILLS
    assert outcome.report.figures["lost"] == 0
    assert not outcome.report.violations, f"seed {SEED + LANE_OF[point]}: {outcome.report}"


async def test_what_a_dead_owner_had_decided_was_sent_by_the_next_one(lanes: list[asyncio.Task[Outcome]]) -> None:
    """Some of these kills hit between the append and the outputs, so repeated or late outputs must be among them."""
    outcome = await lanes[LANE_OF["outputs.after"]]
    assert outcome.report.figures["outputs repeated"] > 0


async def test_no_mail_went_out_twice_without_being_listed(lanes: list[asyncio.Task[Outcome]]) -> None:
    figures = [(await lanes[LANE_OF[point]]).report.figures for point in ("deliver.data", "deliver.sent")]
    assert all(one["mails twice"] <= one["ambiguous listed"] for one in figures)
    assert sum(one["mails twice"] for one in figures) > 0, "no kill hit between the 250 and its record"
