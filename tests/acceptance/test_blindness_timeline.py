"""Timelines of lost collectors, lag, and regions that fall silent together. Beats every 60 s, patience of 180 s."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.outage_world import EPOCH, Line, World

PARTITIONS = 4


def two_collectors(world: World, *regions: str) -> None:
    """In each region 4 line terminals of 20 devices, every other device behind c-2."""
    for region in regions:
        for olt in range(4):
            for number in range(20):
                name = f"{region}-onu-{olt}-{number}"
                world.add(name, region=region, parent=f"{region}-olt-{olt}", collector=f"c-{number % 2 + 1}")


def told(world: World) -> set[str]:
    """Elements that the customers' partitions held as confirmed down at any time."""
    found: set[str] = set()
    sets: dict[str, set[str]] = {}
    for published in world.of("outages.impact"):
        row = published.json
        if row["type"] == "impact":
            if "elements" in row:
                sets[row["outage_id"]] = set(row["elements"])
            if row["state"] in ("confirmed", "monitoring", "restored"):
                found |= sets.get(row["outage_id"], set())
    return found


def last(world: World, region: str) -> list[tuple[str, str]]:
    """(element, state) of the outages of one region."""
    return [(row["element"], row["state"]) for row in world.outages().values() if row["region"] == region]


def test_a_collector_is_lost_for_twenty_minutes_no_customer_hears_and_the_operator_does() -> None:
    #  c-2   ● ● ● 400 lost ─────────── 1600 back ● ● ●
    #  state            ~525 unknown      ~1665 dismissed
    world = World()
    two_collectors(world, "north", "south")
    world.at(400, world.held.add, "c-2")
    world.at(1600, world.held.discard, "c-2")
    world.run(until=4000)
    assert told(world) == set()
    for region in ("north", "south"):
        (unknown, since), (over, until) = world.states(region)
        assert (unknown, over) == ("unknown", "dismissed")
        assert since <= 400 + 180 + 10  # a tick after the collector and its first devices are known to be silent
        assert 1600 <= until <= 1670
    rows = [p.json for p in world.of("outages.revisions") if p.json["state"] == "unknown"]
    assert {row["comment"] for row in rows} == {"not heard: collector c-2"}
    assert max(row["devices_down"] for row in rows) == 40


def test_the_operator_is_paged_after_five_minutes_and_confirms_in_one_click() -> None:
    world = World()
    two_collectors(world, "north")
    world.at(400, world.held.add, "c-2")
    world.run(until=1000)
    pages = [p.second for p in world.of("outages") if p.json.get("page")]
    since = world.states()[0][1]
    assert since + 300 <= pages[0] <= since + 305
    world.act("confirm", outage_id=world.one()["outage_id"])
    world.run(until=1030)
    assert world.one()["state"] == "confirmed"
    assert "page" not in world.one()
    ((_, elements),) = world.impact().values()
    assert elements == {name for name, device in world.devices.items() if device.collector == "c-2"}
    world.held.discard("c-2")
    world.run(until=1600)
    assert [state for state, _ in world.states()] == ["unknown", "confirmed", "monitoring", "restored"]


def test_an_operator_who_dismisses_blindness_is_not_told_of_it_again() -> None:
    world = World()
    two_collectors(world, "north")
    world.at(400, world.held.add, "c-2")
    world.run(until=700)
    world.act("dismiss", outage_id=world.one()["outage_id"])
    world.run(until=1500)
    assert [state for state, _ in world.states()] == ["unknown", "dismissed"]


@pytest.mark.parametrize("second", [430, 700, 1500])
def test_a_true_outage_behind_a_live_collector_is_announced_in_the_same_minutes(second: float) -> None:
    #  c-2 400 ├──────────────────────┤ 1600
    #  olt-1 of north is cut at 430, 700 or 1500: c-1 still hears the others
    world = World()
    two_collectors(world, "north", "south")
    world.at(400, world.held.add, "c-2")
    world.at(1600, world.held.discard, "c-2")
    world.at(second, world.cut, "north-olt-1")
    world.run(until=second + 400)
    assert ("north-olt-1", "confirmed") in last(world, "north")
    world.run(until=3500)
    assert told(world) == {"north", "north-olt-1", *(device.element for device in world.below("north-olt-1"))} - {
        "north"
    }
    assert [state for _, state in last(world, "south")] == ["dismissed"]


def test_what_is_seen_of_an_element_speaks_for_what_is_not() -> None:
    world = World()
    two_collectors(world, "north")
    world.at(400, world.held.add, "c-2")
    world.at(420, world.cut, "north-olt-1")
    world.run(until=900)
    (outage,) = [row for row in world.outages().values() if row["state"] == "confirmed"]
    assert (outage["element"], outage["devices_down"]) == ("north-olt-1", 20)


def test_an_outage_of_long_ago_does_not_speak_for_what_was_alive_until_the_collector_was_lost() -> None:
    world = World()
    two_collectors(world, "north")
    for device in world.below("north-olt-1"):
        if device.collector == "c-1":
            world.at(400, world.cut, device.element)
    world.at(2000, world.held.add, "c-2")
    world.run(until=2600)
    (outage,) = [row for row in world.outages().values() if row["state"] == "confirmed"]
    assert outage["devices_down"] == 10


def test_a_region_behind_its_only_collector_is_unknown() -> None:
    world = World()
    world.tree(4, 20, collector="c-1")
    world.tree(4, 20, region="south", prefix="s-", collector="c-2")
    world.at(400, world.held.add, "c-2")
    world.run(until=2000)
    assert [state for state, _ in world.states()] == ["unknown"]
    assert world.one()["region"] == "south"
    assert told(world) == set()


def test_devices_silent_behind_a_collector_that_still_reports_are_an_outage() -> None:
    world = World()
    world.tree(4, 20, collector="c-1")
    world.add("probe", region="south", collector="c-1")
    for olt in range(4):
        world.at(400, world.cut, f"olt-{olt}")
    world.run(until=800)
    assert [state for state, _ in world.states("north")] == ["suspected", "confirmed"]


def test_a_collector_that_another_partition_hears_is_not_blind() -> None:
    #  north and south lie in different partitions; c-1 hears both, and all of north falls silent
    south = next(f"south-{i}" for i in range(20) if partition_of(f"south-{i}".encode(), PARTITIONS) != _place("north"))
    world = World(partitions=PARTITIONS)
    world.tree(4, 20, collector="c-1")
    world.tree(1, 5, region=south, prefix="s-", collector="c-1")
    for olt in range(4):
        world.at(400, world.cut, f"olt-{olt}")
    world.run(until=800)
    changes = world.states("north")
    assert [state for state, _ in changes] == ["suspected", "confirmed"]
    assert changes[1][1] <= 400 + 180 + 180
    world.held.add("c-1")
    world.run(until=1400)
    assert ("unknown" in [state for _, state in last(world, south)], told(world) & {"s-onu-0-1"}) == (True, set())


def _place(region: str) -> int:
    return partition_of(region.encode(), PARTITIONS)


def test_what_stays_silent_ten_minutes_after_its_collector_reports_is_an_outage() -> None:
    #  c-2   400 lost ──── 1000 back ────── + 600 s
    #  olt-1 is cut at 500, unseen                 confirmed
    world = World()
    two_collectors(world, "north")
    world.at(400, world.held.add, "c-2")
    for device in world.below("north-olt-1"):
        if device.collector == "c-2":
            world.at(500, world.cut, device.element)
    world.at(1000, world.held.discard, "c-2")
    world.run(until=1570)
    assert told(world) == set()
    world.run(until=1640)
    (outage,) = [row for row in world.outages().values() if row["state"] == "confirmed"]
    assert (outage["element"], outage["devices_down"]) == ("north-olt-1", 10)
    assert outage["started"] < "2027-01-15T08:09:30"  # the first beat that was missed, not the first that was expected


@pytest.mark.parametrize("interval", [5, 10, 30, 60])
def test_devices_that_are_found_silent_before_their_collector_are_not_down(interval: int) -> None:
    #  beats of 5 s: silent after 15 s, confirmed after 105 s; the collector is silent after 120 s
    world = World()
    for region in ("north", "south"):
        world.tree(3, 15, region=region, prefix=f"{region}-", collector="c-1", interval=interval)
        world.tree(3, 15, region=region, prefix=f"{region}-b-", collector="c-2", interval=interval)
    world.at(400, world.held.add, "c-2")
    world.at(1000, world.held.discard, "c-2")
    world.run(until=2000)
    assert told(world) == set()
    assert {state for state, _ in world.states()} == {"unknown", "dismissed"}


def test_an_alarm_is_life_of_its_collector_and_evidence_for_what_hangs_on_its_element() -> None:
    world = World()
    two_collectors(world, "north")
    world.at(400, world.held.add, "c-2")
    world.at(405, world.cut, "north-olt-2")
    for device in world.below("north-olt-2"):
        device.collector = "c-2"  # nothing of it can be seen any more
    world.at(700, world.alarm, "north-olt-2", "a-1", "critical")
    world.run(until=900)
    assert ("north-olt-2", "confirmed") in last(world, "north")
    assert {row["devices_down"] for row in world.outages().values() if row["element"] == "north-olt-2"} == {20}


def test_a_dying_gasp_speaks_for_itself() -> None:
    world = World()
    world.tree(2, 10, collector="c-1")
    world.run(until=300)
    world.held.add("c-1")
    for number in range(10):
        world.beat(f"onu-1-{number}", 300, parent="olt-1", interval_s=60, collector="c-1", status="dying_gasp")
    world.run(until=600)
    assert ("olt-1", "confirmed") in last(world, "north")
    assert told(world) == {"olt-1", *(f"onu-1-{number}" for number in range(10))}


def test_beats_replayed_after_the_loss_restore_nothing_by_themselves() -> None:
    #  olt-1 is down since 300; c-2 lost 900-1500, then sends the beats that it kept: of before the outage
    world = World()
    two_collectors(world, "north")
    world.at(300, world.cut, "north-olt-1")
    world.run(until=900)
    assert ("north-olt-1", "confirmed") in last(world, "north")
    world.held.add("c-2")
    world.run(until=1500)
    world.held.discard("c-2")
    for device in world.below("north-olt-1"):
        for second in (120, 180, 240, 290):
            world.beat(
                device.element, second, parent="north-olt-1", collector=device.collector, interval_s=device.interval
            )
    world.run(until=2600)
    assert ("north-olt-1", "confirmed") in last(world, "north")
    assert [state for state, _ in world.states("north-olt-1")] == ["suspected", "confirmed"]


def loss(world: World) -> None:
    """A collector is lost, an element fails behind it and another in sight, all comes back."""
    two_collectors(world, "north", "south")
    world.at(400, world.held.add, "c-2")
    world.at(700, world.cut, "north-olt-1")
    world.at(1600, world.held.discard, "c-2")
    world.at(1900, world.mend, "north-olt-1")


@pytest.fixture(scope="module")
def uninterrupted() -> list[tuple[float, object]]:
    world = World(partitions=PARTITIONS)
    loss(world)
    world.run(until=3000)
    return [(p.second, p.json) for p in world.of("outages.revisions")]


@pytest.mark.parametrize("second", [450, 521, 530, 575, 880, 990, 1000, 1605, 1630, 2100])
@pytest.mark.parametrize("role", ["detect", "correlate"])
def test_a_restart_during_blindness_changes_no_revision(
    second: float, role: str, uninterrupted: list[tuple[float, object]]
) -> None:
    world = World(partitions=PARTITIONS)
    loss(world)
    if role == "detect":
        for number in range(PARTITIONS):
            world.at(second, world.restart_detect, number)
    else:
        world.at(second, world.restart_correlate)
    world.run(until=3000)
    assert [(p.second, p.json) for p in world.of("outages.revisions")] == uninterrupted


def test_a_third_of_the_regions_falling_silent_within_two_ticks_is_blindness_until_they_report() -> None:
    #  12 regions in one partition without collectors: 5 fall silent at once, 400-1000; one of them truly, 400-3000
    world = World()
    for number in range(12):
        world.tree(2, 15, region=f"r{number}", prefix=f"r{number}-")
        world.tree(1, 3, region=f"r{number}", prefix=f"r{number}-fast-", interval=5)
    for number in range(5):
        for device in [device for device in world.devices.values() if device.region == f"r{number}"]:
            world.at(400, world.cut, device.element)
            if number:
                world.at(1000, world.mend, device.element)
            else:
                world.at(1000, world.mend, "r0-onu-0-0")
    world.run(until=1500)
    assert told(world) == set()
    assert {state for state, _ in world.states()} == {"suspected", "unknown", "merged", "dismissed"}
    world.run(until=1800)
    assert {device.split("-")[0] for device in told(world)} == {"r0"}


def test_few_regions_falling_silent_are_an_outage_each() -> None:
    world = World()
    for number in range(12):
        world.tree(2, 15, region=f"r{number}", prefix=f"r{number}-")
    for number in range(2):
        for olt in range(2):
            world.at(400, world.cut, f"r{number}-olt-{olt}")
    world.run(until=900)
    confirmed = [row["region"] for row in world.outages().values() if row["state"] == "confirmed"]
    assert sorted(confirmed) == ["r0", "r1"]


def test_a_partition_that_is_read_late_is_unknown_until_it_has_caught_up() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.run(until=560)
    held: list[Line] = []
    feed = world.feed
    world.lagging.add("network.heartbeats")

    def late(core: Any, topic: str, lines: Any) -> None:
        """Heartbeats are read 30 s after they came."""
        if topic != "network.heartbeats":
            return feed(core, topic, lines)
        held.extend(lines)
        due = [line for line in held if line.timestamp <= world.now - 30_000]
        if due:
            held[:] = held[len(due) :]
            feed(core, topic, due)
        return None

    world.feed = late  # type: ignore[method-assign]
    world.run(until=720)
    assert [state for state, _ in world.states()] == ["suspected", "unknown"]
    assert told(world) == set()
    world.feed = feed  # type: ignore[method-assign]
    feed(world.detects[0], "network.heartbeats", held)
    world.lagging.clear()
    world.run(until=735)
    assert [state for state, _ in world.states()] == ["suspected", "unknown", "confirmed"]


def test_detect_reports_every_region_element_and_collector_each_tick() -> None:
    world = World()
    two_collectors(world, "north")
    world.at(400, world.cut, "north-olt-1")
    world.run(until=600)
    status = [p.json for p in world.of("outages.signals") if p.json["kind"] == "status" and p.second == 600]
    rows = {(row["of"], row["name"]): row for signal in status for row in signal["rows"]}
    assert set(rows) == {("region", "north"), ("collector", "c-1"), ("collector", "c-2"), ("element", "north-olt-1")}
    assert (rows["region", "north"]["expected"], rows["region", "north"]["down"]) == (80, 20)
    assert (rows["element", "north-olt-1"]["expected"], rows["element", "north-olt-1"]["down"]) == (20, 20)
    assert rows["element", "north-olt-1"]["heard"] <= EPOCH + 400_000 < rows["region", "north"]["heard"]
    assert json.dumps(rows["region", "north"]["collectors"]) == '["c-1", "c-2"]'
