"""Named scenarios: each holds its kind of trouble alone, for any seed; and what the mix keeps apart."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE, Delay, Incident, Loss, Plan, Repeat
from forewarn.stream.simulate.layout import build
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.plan import draw, heard
from forewarn.stream.simulate.scenarios import NAMES, staged
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.slots import APART

START = 1_767_571_200_000
SIZE = Size()


@cache
def network(seed: int) -> Network:
    return build(seed, SIZE)


@cache
def played(name: str, seed: int = 1, hours: int = 24) -> Plan:
    return staged(seed, SIZE, network(seed), START, START + hours * HOUR, name)


def loud(plan: Plan) -> list[Incident]:
    return [incident for incident in plan.incidents if incident.kind != "noise"]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_stays_inside_its_world_and_repeats_itself(name: str) -> None:
    for seed in (1, 2, 3):
        plan = played(name, seed)
        assert plan == staged(seed, SIZE, build(seed, SIZE), START, START + DAY, name)
        for incident in loud(plan):
            assert START < incident.start < incident.end <= START + DAY
            assert all(down.start < down.end for down in incident.downs)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("fibre_cut", {"fibre_cut"}), ("splitter", {"splitter"}), ("power", {"power"}), ("olt_crash", {"equipment"}),
        ("node_crash", {"equipment"}), ("cell", {"cell"}), ("upstream", {"upstream"}), ("blip", {"blip"}),
        ("cross_region", {"cross_region"}), ("mass_outage", {"mass_power"}), ("flapping", {"flapping"}),
        ("planned", {"maintenance"}), ("moved", {"maintenance"}), ("cancelled", {"maintenance", "equipment"}),
        ("quiet", set()), ("demand", set()), ("degradation", set()), ("collector_loss", set()), ("skew", set()),
    ],
)  # fmt: skip
def test_a_scenario_holds_nothing_but_its_own_trouble(name: str, kinds: set[str]) -> None:
    plan = played(name)
    assert {incident.kind for incident in loud(plan)} == kinds
    assert bool(plan.demands) == (name == "demand")
    assert bool(plan.degradations) == (name == "degradation")
    assert bool(plan.losses) == (name == "collector_loss")
    assert len(plan.skews) > 100 if name == "skew" else len(plan.skews) < 60


def test_a_mass_outage_takes_thirty_percent_of_the_regions_at_the_same_moment() -> None:
    incidents = loud(played("mass_outage", hours=4))
    assert len({incident.region for incident in incidents}) == 6
    starts = sorted(incident.start for incident in incidents)
    assert starts[4] - starts[0] < 20_000  # in a sparse region only when its batteries are empty
    assert len({incident.group for incident in incidents}) == 1
    assert len({incident.end for incident in incidents}) == 6  # power comes back region by region


def test_a_flood_is_thousands_of_alarms_of_several_cores() -> None:
    incidents = loud(played("alarm_flood", hours=4))
    assert len(incidents) == 5
    assert sum(incident.flood * len(incident.silent) for incident in incidents) > 4_000


def test_the_outage_beside_a_lost_collector_is_not_behind_it() -> None:
    for seed in (1, 2, 3):
        plan = played("blind_outage", seed)
        hears = heard(network(seed))
        for loss, incident in zip(plan.losses, loud(plan), strict=True):
            assert incident.region not in hears[loss.collector]
            assert loss.start < incident.start < loss.end


def test_old_beats_come_again_while_the_outage_lasts() -> None:
    plan = played("replayed_beats")
    for repeat, incident in zip(plan.repeats, loud(plan), strict=True):
        assert repeat.end <= incident.start < repeat.at < incident.end


def test_overrun_and_still_out_say_so() -> None:
    assert all(incident.overrun == 30 * MINUTE for incident in loud(played("overrun")))
    assert played("still_out").lingering


def test_a_scenario_that_the_network_has_no_room_for_is_refused() -> None:
    small = Size(regions=2, devices=20)
    with pytest.raises(ValueError, match="two regions"):
        staged(1, small, build(1, small), START, START + DAY, "cross_region")


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_nothing_in_the_mix_overlaps_what_would_make_its_truth_ambiguous(seed: int) -> None:
    """region  ░░[ outage ]░░ >= 75 min ░░[ work ]░░ … ░░[ a collector of it is lost ]░░"""
    net = network(seed)
    plan = draw(seed, SIZE, net, START, START + 7 * DAY, 2.0)
    hears = heard(net)
    spans: dict[str, list[tuple[int, int, str]]] = {region: [] for region in net.regions}
    linger = {one.incident: one.end for one in plan.lingering}
    for incident in loud(plan):
        work = incident.work
        if incident.kind == "maintenance" and work is not None and work.cancelled:
            continue  # what breaks in its window is the point
        for region in {net.by_id[name].region for name in incident.silent} | {incident.region}:
            end = linger.get(incident.id, incident.end)
            spans[region].append((incident.start, end, incident.id))
    mishaps: tuple[Loss | Delay | Repeat, ...] = (*plan.losses, *plan.delays, *plan.repeats)
    for mishap in mishaps:
        for region in hears[mishap.collector]:
            spans[region].append((mishap.start, mishap.end, mishap.id))
    for phantom in plan.phantoms:
        spans[phantom.region].append((phantom.start, phantom.end, phantom.id))
    for worse in plan.degradations:
        spans[worse.region].append((worse.start, worse.end, worse.id))
    for found in spans.values():
        for (_, end, one), (start, _, other) in pairwise(sorted(found)):
            assert start - end >= APART - 10 * MINUTE, (one, other)  # a flapping device ends with its last cycle


def test_more_intensity_is_more_outages() -> None:
    usual, busy = (
        sum(i.facing for i in draw(1, SIZE, network(1), START, START + 2 * DAY, intensity).incidents)
        for intensity in (1.0, 6.0)
    )
    assert busy > 2.5 * usual
