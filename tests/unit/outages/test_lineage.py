"""Which element an alarm is about, and what is left of an outage that is over."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.device import Spec
from forewarn.stream.outages.lineage import lineage, subject
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.remains import remains
from forewarn.stream.outages.roster import Roster
from forewarn.topics.events.network import Alarm


@pytest.fixture
def roster() -> Roster:
    """core-1 ── olt-1 ── olt-1/3 (a port) and onu-1, onu-2; core-1 ── olt-2 ── onu-3"""
    found = Roster(OutagePolicy())
    unit = Unit({}, {}, 0)
    tree = {"core-1": (), "olt-1": ("core-1",), "olt-2": ("core-1",), "olt-1/3": ("olt-1",)}
    for element, parents in tree.items():
        found.learn(unit, element, Spec("north", parents, "olt", inventory=True), None)
    for element, parent in {"onu-1": "olt-1", "onu-2": "olt-1", "onu-3": "olt-2"}.items():
        found.learn(unit, element, Spec("north", (parent,), "onu", inventory=True), None)
    return found


@pytest.mark.parametrize(
    ("element", "more", "about"),
    [
        ("olt-1", {}, "olt-1"),
        ("olt-1", {"peer": "core-1"}, "olt-1"),
        ("core-1", {"peer": "olt-1"}, "olt-1"),
        ("olt-1", {"peer": "onu-2"}, "onu-2"),
        ("olt-1", {"peer": "olt-2"}, "olt-1"),
        ("olt-1", {"peer": "unheard of"}, "olt-1"),
        ("olt-1", {"port": "3"}, "olt-1/3"),
        ("olt-1", {"port": "4"}, "olt-1"),
        ("olt-2", {"port": "3"}, "olt-2"),
        ("olt-1", {"port": "3", "peer": "core-1"}, "olt-1"),
    ],
)
def test_an_alarm_is_about_the_lower_end_of_its_link_or_what_hangs_on_its_port(
    roster: Roster, element: str, more: dict[str, str], about: str
) -> None:
    assert subject(roster, Alarm("a-1", element, 1, "major", **more)) == about  # type: ignore[arg-type]


def test_what_stands_above_an_element_ends_with_its_region(roster: Roster) -> None:
    assert [node.element for node in lineage(roster, "onu-1")] == ["olt-1", "core-1", "north"]
    assert [node.element for node in lineage(roster, "olt-1")] == ["olt-1", "core-1", "north"]
    assert lineage(roster, "unheard of") == ()


def test_a_part_that_is_still_down_as_a_whole_remains_and_strays_do_not(roster: Roster) -> None:
    groups = roster.groups
    core, olt_1, olt_2 = (groups.nodes[name] for name in ("core-1", "olt-1", "olt-2"))
    for node, devices in ((olt_1, 10), (olt_2, 10)):
        groups.expect(groups.lineage(node), devices)
    for _ in range(8):
        groups.fall(groups.lineage(olt_1), 50)
    for _ in range(2):
        groups.fall(groups.lineage(olt_2), 50)
    assert remains(roster, core, 40) == [olt_1]
    assert remains(roster, groups.region("north"), 40) == [olt_1]
    assert remains(roster, core, 60) == []
