"""Timelines of small groups and lone elements. Seconds of event time; beats every 60 s."""

from __future__ import annotations

from tests.acceptance.outage_world import World


def inventory(world: World, element: str, kind: str, **more: object) -> None:
    world.send("network.inventory", element, {"element": element, "region": "north", "kind": kind, **more})


def test_a_region_of_four_devices_goes_dark_and_comes_back() -> None:
    #  beats  | | | | | | |                          | | | | | |
    #  second 0     400 cut          ~580 silent      1200 mended
    world = World()
    for j in range(4):
        world.add(f"cpe-{j}")
        world.at(400, world.cut, f"cpe-{j}")
        world.at(1200, world.mend, f"cpe-{j}")
    world.run(until=2000)
    changes = world.states()
    assert [state for state, _ in changes] == ["suspected", "confirmed", "monitoring", "restored"]
    assert 520 <= changes[0][1] <= 400 + 180 + 60
    assert changes[1][1] <= 400 + 180 + 180
    row = world.one()
    assert (row["element"], row["devices_expected"]) == ("north", 4)


def test_two_homes_that_are_switched_off_together_are_no_outage() -> None:
    world = World()
    world.tree(1, 2)
    world.at(400, world.cut, "olt-0")
    world.run(until=3000, step=5)
    assert world.outages() == {}


def test_a_cell_that_falls_silent_is_suspected_by_belief_and_confirmed_within_three_minutes() -> None:
    world = World()
    world.tree(4, 10)
    inventory(world, "cell-1", "cell")
    world.add("cell-1")
    world.at(400, world.cut, "cell-1")
    world.run(until=900)
    changes = world.states("cell-1")
    assert [state for state, _ in changes] == ["suspected", "confirmed"]
    assert changes[1][1] <= 400 + 180 + 180
    assert world.one()["evidence"][0]["detector"] == "sparse"
    assert world.one()["evidence"][0]["threshold"] == 0.9


def test_a_line_terminal_that_is_silent_alone_while_its_lines_are_heard_is_never_confirmed() -> None:
    world = World()
    inventory(world, "olt-1", "olt")
    world.add("olt-1")
    world.tree(2, 10)
    world.run(until=400)
    world.devices["olt-1"].alive = False
    world.run(until=1500)
    assert [state for state, _ in world.states("olt-1")] == ["suspected"]
    world.at(1501, world.cut, "olt-1")
    world.run(until=2100)
    assert [state for state, _ in world.states("olt-1")] == ["suspected", "confirmed"]


def test_of_many_that_fall_one_after_another_only_what_explains_them_all_is_suspected() -> None:
    world = World()
    for i in range(5):
        inventory(world, f"olt-{i}", "olt", parent="agg-1")
        world.add(f"olt-{i}", parent="agg-1")
        world.at(400, world.cut, f"olt-{i}")
    world.tree(5, 12)
    world.tree(6, 12, region="south", prefix="s-")
    world.run(until=900)
    lone = [row for row in world.outages().values() if row["evidence"][0]["detector"] == "sparse"]
    assert lone == []


def test_an_outage_shrinks_to_the_part_that_stays_down_as_a_whole_and_ends_with_it() -> None:
    #  400 agg-1 fails        1000 all but olt-3 and cell-1 are back        2000 these, too
    world = World()
    for i in range(12):
        inventory(world, f"olt-{i}", "olt", parent="agg-1")
    inventory(world, "agg-1", "aggregation")
    inventory(world, "cell-1", "cell", parent="agg-1")
    world.add("cell-1", parent="agg-1")
    world.tree(12, 10)
    world.tree(12, 10, region="south", prefix="s-")
    for i in range(12):
        world.at(400, world.cut, f"olt-{i}")
        world.at(1000 if i != 3 else 2000, world.mend, f"olt-{i}")
    world.at(400, world.cut, "cell-1")
    world.at(2000, world.mend, "cell-1")
    world.run(until=1900, step=5)
    open_ = [row for row in world.outages().values() if row["state"] != "merged"]
    assert [(row["element"], row["state"], row["devices_down"]) for row in open_] == [("agg-1", "confirmed", 11)]
    assert "restored" not in [state for state, _ in world.states()]
    world.run(until=2500, step=5)
    assert [row["state"] for row in world.outages().values() if row["state"] != "merged"] == ["restored"]


def test_devices_that_beat_every_five_minutes_are_down_after_three_of_them_and_not_before() -> None:
    #  second 0         3000 cut      3600..3900 silent
    world = World()
    world.tree(2, 10, interval=300)
    world.at(3000, world.cut, "olt-1")
    world.run(until=3590, step=5)
    assert world.outages() == {}
    world.run(until=3000 + 900 + 300, step=5)
    assert [state for state, _ in world.states("olt-1")][:1] == ["suspected"]
    world.run(until=3000 + 900 + 300 + 120, step=5)
    assert [state for state, _ in world.states("olt-1")] == ["suspected", "confirmed"]
