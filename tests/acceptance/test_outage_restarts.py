"""Kills of detect and correlate in the middle of an outage, moves, repeats, and the size of what is sent."""

from __future__ import annotations

import pytest

from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.outage_world import World


def story(world: World) -> None:
    """An outage of olt-1 from 400 to 1000, and single devices that come and go."""
    world.tree(4, 25)
    world.at(150, world.cut, "onu-3-3")
    world.at(400, world.cut, "olt-1")
    world.at(1000, world.mend, "olt-1")
    world.at(1200, world.mend, "onu-3-3")


def history(world: World) -> list[tuple[float, object]]:
    """Every revision with the second at which it came."""
    return [(published.second, published.json) for published in world.of("outages.revisions")]


@pytest.fixture(scope="module")
def uninterrupted() -> list[tuple[float, object]]:
    world = World()
    story(world)
    world.run(until=3300)
    return history(world)


@pytest.mark.parametrize("second", [300, 455, 540, 560, 610, 700, 1020, 1200, 1500])
def test_a_restart_of_detect_changes_no_revision(second: float, uninterrupted: list[tuple[float, object]]) -> None:
    world = World()
    story(world)
    world.at(second, world.restart_detect)
    world.run(until=3300)
    assert history(world) == uninterrupted


@pytest.mark.parametrize("second", [300, 540, 560, 610, 700, 1020, 1200, 1500])
def test_a_restart_of_correlate_changes_no_revision(second: float, uninterrupted: list[tuple[float, object]]) -> None:
    world = World()
    story(world)
    world.at(second, world.restart_correlate)
    world.run(until=3300)
    assert history(world) == uninterrupted


def test_signals_that_come_twice_change_nothing(uninterrupted: list[tuple[float, object]]) -> None:
    world = World()
    world.repeat = True
    story(world)
    world.run(until=3300)
    assert history(world) == uninterrupted


def test_a_device_that_dies_while_detect_is_restarted_is_found() -> None:
    world = World()
    world.tree(4, 25)
    world.run(until=500)
    world.cut("olt-1")
    world.run(until=530)
    world.restart_detect()
    world.run(until=900)
    assert world.one()["state"] == "confirmed"


def test_a_device_that_beats_seldom_is_remembered_over_a_restart_without_its_beats() -> None:
    world = World()
    world.tree(1, 10, interval=900)
    world.run(until=2000)
    world.restart_detect(reread_s=0)
    world.cut("olt-0")
    world.run(until=2000 + 900 * 4 + 200, step=5)
    assert world.one()["state"] == "confirmed"


def test_a_large_outage_is_sent_in_chunks_of_at_most_5000_one_a_unit_and_survives_a_restart() -> None:
    world = World()
    count = 12_000
    for start in range(0, count, 1000):
        for j in range(start, start + 1000):
            world.send(
                "network.inventory",
                f"onu-{j}",
                {"element": f"onu-{j}", "region": "north", "kind": "onu", "parent": "olt-1"},
            )
    line = world.line("any", {"id": "d", "time": world.now, "author": "ana", "action": "declare", "element": "olt-1"})
    core = world.correlate
    unit = core.begin(world.now)
    core.take(unit, "network.field", [line])
    assert core.fold.work(unit)
    core.install(core.seal(unit))
    sent = [output for output in unit.outputs if output.topic == "outages.impact"]
    assert len(sent) == 1
    for output in unit.outputs:
        world._route(output)
    world.restart_correlate()
    marks = world.correlate.begin(world.now + 5000)
    world.correlate.tick(marks, frozenset())
    world.run(until=2)
    ((_, elements),) = world.impact().values()
    assert len(elements) == count + 1
    assert all(len(p.json.get("elements", ())) <= 5000 for p in world.of("outages.impact"))
    assert len(world.of("outages.revisions")[-1].json["elements"]) == 5000


def test_an_inventory_element_is_passed_on_to_the_partition_of_its_region_and_withdrawn_when_it_moves() -> None:
    world = World(partitions=4)
    regions = ["north", "south", "east", "west", "mid"]
    first = regions[0]
    second = next(r for r in regions if partition_of(r.encode(), 4) != partition_of(first.encode(), 4))
    world.send("network.inventory", "onu-1", {"element": "onu-1", "region": first})
    world.send("network.inventory", "onu-1", {"element": "onu-1", "region": first})
    world.send("network.inventory", "onu-1", {"element": "onu-1", "region": second})
    world.send("network.inventory", "onu-1", None)
    world.send("network.inventory", "onu-1", None)
    passed = [(p.output.partitions, p.output.value is None) for p in world.of("network.topology")]
    here, there = (partition_of(first.encode(), 4),), (partition_of(second.encode(), 4),)
    assert passed == [(here, False), (here, True), (there, False), (there, True)]


def test_a_device_that_moves_to_another_region_leaves_no_outage_behind() -> None:
    world = World(partitions=4)
    world.tree(2, 10)
    world.run(until=300)
    for device in world.devices.values():
        device.region = "south"
    world.run(until=1500)
    assert world.outages() == {}


def test_a_decommissioned_device_that_is_down_leaves_the_outage() -> None:
    world = World()
    world.tree(4, 10)
    for i in range(4):
        for j in range(10):
            name = f"onu-{i}-{j}"
            world.send("network.inventory", name, {"element": name, "region": "north", "parent": f"olt-{i}"})
    world.at(400, world.cut, "olt-1")
    world.run(until=900)
    world.send("network.inventory", "onu-1-0", None)
    world.run(until=1000)
    ((_, elements),) = world.impact().values()
    assert "onu-1-0" not in elements
    assert len(elements) == 10


def test_an_old_beat_from_the_former_region_moves_no_device_back() -> None:
    world = World()
    world.add("cpe-1", region="north")
    world.run(until=200)
    world.devices["cpe-1"].region = "south"
    world.run(until=400)
    world.beat("cpe-1", 100, region="north")
    regions = [p.json["region"] for p in world.of("outages.signals") if p.json["kind"] == "learned"]
    assert regions == ["north", "south"]


def test_a_device_that_was_down_and_moved_is_up_in_its_new_region() -> None:
    world = World()
    world.add("cpe-1", region="north")
    world.at(100, world.cut, "cpe-1")
    world.run(until=400)
    assert b"d/cpe-1" in world.correlate.table
    world.beat("cpe-1", 400, region="south")
    assert b"d/cpe-1" not in world.correlate.table


def test_a_beat_keyed_by_another_region_than_the_inventorys_counts_where_the_inventory_says() -> None:
    world = World()
    world.send("network.inventory", "cpe-1", {"element": "cpe-1", "region": "north", "interval_s": 30})
    world.add("cpe-1", region="south", says_interval=False)
    world.at(200, world.cut, "cpe-1")
    world.run(until=400)
    status = [p.json for p in world.of("outages.signals") if p.json["kind"] == "status"][-1]
    assert {(row["name"], row["expected"], row["down"]) for row in status["rows"]} == {("north", 1, 1)}


def test_an_alarm_on_an_unknown_element_teaches_its_place() -> None:
    world = World()
    world.alarm("olt-7", "a-1", "critical", collector="c-1")
    world.alarm("olt-7", "a-2", "major")
    learned = [p.json["learned"] for p in world.of("outages.signals") if p.json["kind"] == "learned"]
    assert learned == [[{"element": "olt-7", "collector": "c-1", "beats": False}]]


def test_a_parent_that_changes_takes_its_devices_along() -> None:
    world = World()
    world.tree(2, 10)
    world.run(until=300)
    for device in world.below("olt-0"):
        device.parent = "olt-9"
    world.at(700, world.cut, "olt-9")
    world.run(until=1200)
    assert world.one()["element"] == "olt-9"
    world.send("network.inventory", "olt-9", {"element": "olt-9", "region": "north", "kind": "olt", "parent": "agg"})
    world.send("network.inventory", "olt-1", {"element": "olt-1", "region": "north", "kind": "olt", "parent": "agg"})
    world.cut("olt-1")
    world.run(until=1800)
    assert {row["state"] for row in world.outages().values() if row["element"] != "agg"} <= {"confirmed", "merged"}


def test_a_device_that_speeds_up_is_missed_sooner() -> None:
    world = World()
    world.tree(1, 5)
    world.run(until=300)
    for device in world.devices.values():
        device.interval, device.phase = 10, device.phase % 10
    world.at(600, world.cut, "olt-0")
    world.run(until=700)
    assert world.states()[0][1] <= 640


def test_heartbeats_alarms_and_samples_may_share_a_topic() -> None:
    world = World()
    fault = {
        "commonEventHeader": {
            "domain": "fault",
            "eventId": "fault-7",
            "eventName": "Fault_Olt",
            "lastEpochMicrosec": world.now * 1000,
            "startEpochMicrosec": world.now * 1000,
            "priority": "High",
            "reportingEntityName": "c-1",
            "sequence": 0,
            "sourceName": "olt-0",
            "version": "4.1",
            "vesEventListenerVersion": "7.2.1",
        },
        "faultFields": {
            "alarmCondition": "LOS",
            "eventSeverity": "CRITICAL",
            "eventSourceType": "port",
            "faultFieldsVersion": "4.0",
            "specificProblem": "loss of signal",
            "vfStatus": "Active",
        },
    }
    world.tree(1, 5)
    world.run(until=100)
    world.send("network.kpis", "north", {"name": "sessions", "time": world.now, "value": 3})
    world.send("network.heartbeats", "north", {"event": fault})
    world.run(until=110)
    assert world.one()["element"] == "olt-0"
