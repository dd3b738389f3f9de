"""Where devices are suspected, as seen from an indicator."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.suspicion import Suspicion
from forewarn.stream.outages.vicinity import Near, near
from forewarn.stream.outages.watch import Watch
from forewarn.topics.events.network import TopologyElement
from tests.gauges_desk import Desk


def watch() -> Watch:
    #  north ── agg-1 ─┬─ olt-1 ── pon-3      100 devices expected in north, 50 in agg-1, 20 in olt-1, 5 in olt-2
    #                  └─ olt-2
    roster = Desk().watch.roster
    unit = Unit({}, {}, 0)
    for element, parent in (("agg-1", None), ("olt-1", "agg-1"), ("olt-2", "agg-1"), ("pon-3", "olt-1")):
        roster.describe(unit, TopologyElement(element, "north", (parent,) if parent else (), "olt"))
    found = Desk().watch
    found.roster = roster
    for element, parent in (("onu-1", "pon-3"), ("onu-2", "olt-2")):
        roster.describe(unit, TopologyElement(element, "north", (parent,), "onu"))
    groups = roster.groups
    for node, expected in (
        (groups.region("north"), 100),
        (groups.nodes["agg-1"], 50),
        (groups.nodes["olt-1"], 20),
        (groups.nodes["olt-2"], 5),
    ):
        node.expected = expected
    return found


@pytest.mark.parametrize(
    ("suspected", "seen"),
    [
        ("element/olt-1", {None: Near.BELOW, "agg-1": Near.BELOW, "olt-1": Near.ON, "pon-3": Near.ON}),
        ("element/olt-2", {None: Near.NONE, "agg-1": Near.BELOW, "olt-1": Near.NONE, "olt-2": Near.ON}),
        ("region/north", {None: Near.ON, "agg-1": Near.ON, "pon-3": Near.ON, "onu-1": Near.ON, "unknown": Near.ON}),
        ("element/agg-1", {"olt-2": Near.ON, "onu-1": Near.ON, "unknown": Near.NONE}),
    ],
)  # fmt: skip
def test_on_it_or_above_below_it_or_nowhere(suspected: str, seen: dict[str | None, Near]) -> None:
    of, element = suspected.split("/")
    found = watch()
    assert {place: near(found, "north", place, 0.1) for place in seen} == dict.fromkeys(seen, Near.NONE)
    found.open[suspected] = Suspicion("north", element, of == "region", 0, "liveness", 0, 0, 0, 0, 0, 0, 0, 0)
    assert {place: near(found, "north", place, 0.1) for place in seen} == seen
