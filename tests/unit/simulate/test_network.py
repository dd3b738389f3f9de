"""The simulated network: trees of regions, rings, dual homing, power, collectors; the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from forewarn.stream.simulate.layout import SPARSE, build
from forewarn.stream.simulate.size import Size

NETWORK = build(1, Size())


def test_as_many_devices_beat_as_were_asked_for() -> None:
    for devices, regions in ((2_000, 20), (200, 4), (600, 3), (990, 11)):
        network = build(1, Size(regions=regions, devices=devices))
        assert sum(element.beats for element in network.elements) == devices


def test_every_device_hangs_on_a_core_and_every_parent_exists() -> None:
    for element in NETWORK.elements:
        if element.beats and element.kind != "core":
            assert any(NETWORK.by_id[name].kind == "core" for name in NETWORK.above(element.element)), element.element
        for parent in element.parents:
            assert parent in NETWORK.by_id
        assert element.powered_by is None or NETWORK.by_id[element.powered_by].kind == "power"


def test_all_technologies_and_kinds_are_there() -> None:
    kinds = Counter((element.kind, element.technology) for element in NETWORK.elements)
    assert {
        ("core", "ethernet"), ("aggregation", "ethernet"), ("olt", "fibre"), ("pon", "fibre"), ("onu", "fibre"),
        ("node", "cable"), ("cpe", "cable"), ("node", "dsl"), ("cpe", "dsl"), ("cell", "mobile"), ("cpe", "ethernet"),
    } <= set(kinds)  # fmt: skip


def test_the_devices_of_a_dense_region_sit_behind_several_collectors() -> None:
    for region in NETWORK.regions:
        beating = [element for element in NETWORK.in_region(region) if element.beats]
        if len(beating) > SPARSE:
            assert len({element.collector for element in beating}) == 2


def test_some_regions_are_sparse() -> None:
    sizes = {region: sum(e.beats for e in NETWORK.in_region(region)) for region in NETWORK.regions}
    assert [region for region, size in sizes.items() if size == SPARSE] == ["r10", "r20"]


def test_a_dual_homed_element_is_cut_off_only_when_both_its_ways_are() -> None:
    ring = next(e for e in NETWORK.elements if e.kind == "olt" and len(e.parents) == 2)
    for parent in ring.parents:
        assert ring.element not in NETWORK.cut_off(parent)
    core = NETWORK.in_region(ring.region, "core")[0]
    lost = NETWORK.cut_off(core.element)
    assert ring.element in lost or any(parent not in lost for parent in ring.parents)


def test_a_metro_aggregation_serves_two_regions() -> None:
    metros = [element for element in NETWORK.elements if element.element.endswith("-metro")]
    assert metros
    for metro in metros:
        assert len({NETWORK.by_id[name].region for name in NETWORK.beating(metro.element)}) == 2


def test_a_power_area_feeds_an_olt_with_its_homes_and_cells() -> None:
    fed = Counter(NETWORK.by_id[name].kind for name in NETWORK.powered("r01-power-1"))
    assert fed["olt"] == 1
    assert fed["onu"] > 5
    assert fed["cell"] >= 1
    everything = set(NETWORK.powered("r01-grid"))
    assert everything >= set(NETWORK.powered("r01-power-1"))
    assert "r01-core" not in everything  # generators


@pytest.mark.parametrize("devices", [1, 5, 12, 30])
def test_tiny_networks_can_be_built(devices: int) -> None:
    network = build(2, Size(regions=1, devices=devices))
    assert any(element.serves for element in network.elements)
