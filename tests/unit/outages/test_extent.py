"""How far an outage reaches.

agg ── olt-1 ─┬ onu-1 (beats)          olt-2 ─┬ onu-3
              └ onu-2 (beats not)             └ onu-12 (below olt-1 too)
"""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.extent import Extent, extent
from forewarn.stream.outages.topology import Known, Topology

UNIT = Unit({}, {}, 0)


def network(**beats: bool) -> Topology:
    topology = Topology()
    for element, parents in {
        "agg": (),
        "olt_1": ("agg",),
        "olt_2": ("agg",),
        "onu_1": ("olt_1",),
        "onu_2": ("olt_1",),
        "onu_3": ("olt_2",),
        "onu_12": ("olt_1", "olt_2"),
    }.items():
        topology.put(UNIT, element, Known("north", parents, beats=beats.get(element, False)))
    return topology


def reach(topology: Topology, root: str, *, declared: bool = False) -> Extent:
    scope = topology.scope([f"element/{root}"])
    return extent(topology, scope, roots=[root], declared=declared, share=0.8)


def test_what_beats_not_is_out_when_all_its_parents_are() -> None:
    topology = network(olt_1=True, olt_2=True)
    topology.set_down(UNIT, "olt_1", down=True)
    assert reach(topology, "olt_1").elements == ["olt_1", "onu_1", "onu_2"]
    topology.set_down(UNIT, "olt_2", down=True)
    assert reach(topology, "olt_1").elements == ["olt_1", "onu_1", "onu_12", "onu_2"]


def test_what_beats_is_out_only_by_its_own_word() -> None:
    topology = network(olt_1=True, onu_1=True)
    topology.set_down(UNIT, "olt_1", down=True)
    assert reach(topology, "olt_1") == Extent(["olt_1", "onu_2"], 1, 2)


def test_an_element_with_most_of_what_beats_beneath_it_down_has_failed() -> None:
    topology = network(onu_1=True, onu_3=True)
    topology.set_down(UNIT, "onu_1", down=True)
    assert reach(topology, "agg").elements == ["olt_1", "onu_1", "onu_2"]


def test_a_declared_element_takes_down_what_hangs_on_it_alone_whatever_beats() -> None:
    topology = network(olt_1=True, onu_1=True, onu_3=True)
    assert reach(topology, "olt_1", declared=True).elements == ["olt_1", "onu_1", "onu_2"]


def test_an_element_is_out_by_an_alarm_when_nothing_could_say_otherwise() -> None:
    assert reach(network(), "olt_1").elements == ["olt_1", "onu_1", "onu_2"]
    assert reach(network(onu_1=True), "olt_1").elements == []


def test_a_whole_region_is_judged_whatever_the_order_of_its_elements() -> None:
    topology = network(agg=True)
    topology.set_down(UNIT, "agg", down=True)
    scope = topology.scope(["region/north"])
    assert len(extent(topology, list(reversed(scope)), roots=[], declared=False, share=0.8).elements) == 7


def test_a_loop_takes_nothing_down() -> None:
    topology = Topology()
    topology.put(UNIT, "a", Known("north", ("b",)))
    topology.put(UNIT, "b", Known("north", ("a",)))
    scope = topology.scope(["region/north"])
    assert extent(topology, scope, roots=[], declared=False, share=0.8).elements == []


def test_changes_and_removals_keep_the_indexes() -> None:
    topology = network()
    topology.put(UNIT, "onu_1", Known("south", ("olt_2",)))
    assert "onu_1" not in topology.below(["olt_1"])
    assert topology.remove(UNIT, "onu_1") == Known("south", ("olt_2",))
    assert topology.remove(UNIT, "onu_1") is None
    assert "onu_1" not in topology.below(["olt_2"])
    assert not topology.set_down(UNIT, "onu_2", down=False)
    assert topology.region_below("olt_2") == "north"
    assert topology.region_below("nothing") is None
