"""Killing detect, correlate or decide in the middle of an outage changes no notice: at any crash point and unit."""

from __future__ import annotations

import pytest

from forewarn.stream.engine import crash
from tests.acceptance.crash_world import CrashWorld
from tests.mortal_desk import POINTS

#: The same timeline again and again: what it covers others cover, too.
pytestmark = pytest.mark.no_cover

END = 130


def story(world: CrashWorld) -> CrashWorld:
    """An outage from 20 to 50 s that reopens at 62, and a collector that is lost from 30 to 55 s, with its page."""
    #  olt-1   ██████████      ██████           north: c-1 and c-2 by turns
    #  c-2         ▒▒▒▒▒▒▒▒▒▒                   south: c-2 alone
    #         20  30  40  50  60  70  80
    for olt in range(3):
        for number in range(8):
            world.add(f"onu-{olt}-{number}", parent=f"olt-{olt}", collector=f"c-{number % 2 + 1}", interval=1)
    world.tree(2, 5, region="south", prefix="s-", collector="c-2", interval=1)
    world.subscribe()
    world.at(20, world.cut, "olt-1")
    world.at(50, world.mend, "olt-1")
    world.at(62, world.cut, "olt-1")
    world.at(80, world.mend, "olt-1")
    world.at(30, world.held.add, "c-2")
    world.at(55, world.held.discard, "c-2")
    world.run(until=END)
    return world


@pytest.fixture(scope="module")
def uninterrupted() -> CrashWorld:
    return story(CrashWorld(partitions=2))


def test_the_story_tells_of_the_outage_and_not_of_the_lost_collector(uninterrupted: CrashWorld) -> None:
    told = {(customer, stage) for customer, _, _, stage, _, _ in uninterrupted.told()}
    assert {customer for customer, _ in told} == {f"of-onu-1-{number}" for number in range(8)}
    assert {"confirmed", "restored"} <= {stage for _, stage in told}
    assert {state for state, _ in uninterrupted.states("south")} == {"unknown", "dismissed"}
    assert any(published.json.get("page") for published in uninterrupted.of("outages"))


def test_all_points_of_a_commit_are_tried() -> None:
    ours = [point for point in crash.POINTS if point != "takeover" and not point.startswith("deliver.")]
    assert list(POINTS) == ours


@pytest.mark.parametrize("roles", ["detect", "correlate", "detect correlate decide"])
@pytest.mark.parametrize("point", POINTS)
def test_death_at_every_unit_changes_no_revision_and_no_notice(
    roles: str, point: str, uninterrupted: CrashWorld
) -> None:
    world = story(CrashWorld(point, roles.split(), partitions=2))
    assert world.deaths > END
    assert world.told() == uninterrupted.told()
    assert world.revisions() == uninterrupted.revisions()
