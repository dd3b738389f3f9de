"""kill -9 at every named crash point, five times each: nothing is lost, nothing is told differently a second time.

The points are shared out over lanes that run side by side; each test looks at one point of its lane.
"""

from __future__ import annotations

from functools import partial

import pytest

from forewarn.stream.engine.crash import POINTS
from tests.faults.conftest import Run, Runs
from tests.faults.lane import SHARES, Outcome, run_lane

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(480)]

KILLS = 5
SEED = 20_261_122
LANE_OF = {point: f"lane {number}" for number, (_, points) in enumerate(SHARES) for point in points}
RUNS: dict[str, Run] = {
    f"lane {number}": partial(run_lane, role=role, points=points, kills=KILLS, seed=SEED + number)
    for number, (role, points) in enumerate(SHARES)
}


async def test_every_crash_point_is_in_a_lane() -> None:
    assert sorted(LANE_OF) == sorted(POINTS)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_five_times_at(point: str, runs: Runs) -> None:
    outcome: Outcome = await runs[LANE_OF[point]]
    assert outcome.kills[point] >= KILLS
    assert outcome.report.figures["lost"] == 0
    assert not outcome.report.violations, f"seed {SEED}, {LANE_OF[point]}: {outcome.report}"


async def test_what_a_dead_owner_had_decided_was_sent_by_the_next_one(runs: Runs) -> None:
    """Some of these kills hit between the append and the outputs, so repeated or late outputs must be among them."""
    outcome: Outcome = await runs[LANE_OF["outputs.after"]]
    assert outcome.report.figures["outputs repeated"] > 0


async def test_no_mail_went_out_twice_without_being_listed(runs: Runs) -> None:
    outcomes: list[Outcome] = [await runs[LANE_OF[point]] for point in ("deliver.data", "deliver.sent")]
    figures = [outcome.report.figures for outcome in outcomes]
    assert all(one["mails twice"] <= one["ambiguous listed"] for one in figures)
    assert sum(one["mails twice"] for one in figures) > 0, "no kill hit between the 250 and its record"
