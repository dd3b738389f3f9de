"""Timelines of alarms: whose subtree they suspect, what confirms them, floods. Seconds; beats every 60 s."""

from __future__ import annotations

import pytest

from tests.acceptance.outage_world import EPOCH, World


def inventory(world: World, element: str, kind: str, **more: object) -> None:
    world.send("network.inventory", element, {"element": element, "region": "north", "kind": kind, **more})


def rows(world: World) -> list[tuple[str, str, bool]]:
    """(element, class, open) of all alarms that correlate was told of."""
    found = [row for p in world.of("outages.signals") if p.json["kind"] == "alarm" for row in p.json["alarms"]]
    return [(row["element"], row["alarm"], row["open"]) for row in found]


def told(world: World, element: str, kind: str) -> dict[str, object]:
    """The first suspicion or confirmation of an element."""
    signals = [p.json for p in world.of("outages.signals")]
    return next(j for j in signals if j["kind"] == kind and j.get("element") == element)


def an_alarm(world: World, element: str, alarm_id: str, severity: str, second: float, **more: object) -> None:
    """An alarm of event time `second` that arrives now."""
    event = {"alarm_id": alarm_id, "element": element, "time": EPOCH + int(second * 1000), **more}
    world.send("network.alarms", "north", event | {"perceived_severity": severity})


@pytest.mark.parametrize("late", [0, 30, 600])
def test_a_raise_that_comes_after_its_clear_suspects_nothing(late: int) -> None:
    #  event time   100 raise   200 clear
    #  arrival                  300 clear   300 + late raise
    world = World()
    world.tree(2, 10)
    world.run(until=300)
    an_alarm(world, "olt-1", "a-1", "cleared", 200)
    world.run(until=300 + late)
    an_alarm(world, "olt-1", "a-1", "critical", 100)
    an_alarm(world, "olt-1", "a-1", "cleared", 200)
    world.run(until=1000)
    assert world.outages() == {}


def test_an_alarm_of_the_upper_end_of_a_link_suspects_the_lower_one() -> None:
    world = World()
    world.tree(4, 10)
    for i in range(4):
        inventory(world, f"olt-{i}", "olt", parent="agg-1")
    inventory(world, "agg-1", "aggregation")
    world.at(400, lambda: world.alarm("agg-1", "a-1", "critical", peer="olt-2", probable_cause="linkDown"))
    world.run(until=450)
    assert [row["element"] for row in world.outages().values()] == ["olt-2"]


def test_an_alarm_of_a_port_suspects_what_hangs_on_it() -> None:
    world = World()
    for j in range(8):
        world.add(f"onu-{j}", parent=f"olt-1/{j % 2}")
    for port in (0, 1):
        inventory(world, f"olt-1/{port}", "pon", parent="olt-1")
    world.run(until=400)
    world.alarm("olt-1", "a-1", "major", port="1")
    world.alarm("olt-1", "a-2", "major", port="unheard of")
    world.run(until=410)
    assert {row["element"] for row in world.outages().values() if row["state"] == "suspected"} == {"olt-1"}
    world.alarm("olt-1", "a-2", "cleared", port="unheard of")
    world.run(until=430)
    assert {row["element"] for row in world.outages().values() if row["state"] == "suspected"} == {"olt-1/1"}


def test_alarms_of_leaves_suspect_their_group_and_their_silence_confirms_it() -> None:
    #  second   400 alarms, cut     ~405 suspected         523.. silent: two sources, confirmed at once
    world = World()
    world.tree(4, 25)

    def alarms() -> None:
        for j in range(25):
            world.alarm(f"onu-1-{j}", f"los-{j}", "critical", probable_cause="lossOfSignal")

    world.at(400, alarms)
    world.at(400, world.cut, "olt-1")
    world.run(until=700)
    changes = world.states("olt-1")
    assert [state for state, _ in changes] == ["suspected", "confirmed"]
    assert changes[0][1] <= 406
    assert changes[1][1] <= 400 + 180
    assert told(world, "olt-1", "confirm")["signal_alarms"] == 25


def test_alarms_of_leaves_that_are_heard_all_the_same_confirm_nothing() -> None:
    world = World()
    world.tree(4, 25)
    world.run(until=400)
    for j in range(25):
        world.alarm(f"onu-1-{j}", f"a-{j}", "critical")
    world.run(until=1000)
    assert [state for state, _ in world.states("olt-1")] == ["suspected"]
    for j in range(25):
        world.alarm(f"onu-1-{j}", f"a-{j}", "cleared")
    world.run(until=1100)
    assert [state for state, _ in world.states("olt-1")] == ["suspected", "dismissed"]


def test_where_nothing_beats_alarms_of_leaves_confirm_after_90_s() -> None:
    world = World()
    for j in range(8):
        inventory(world, f"onu-{j}", "onu", parent="olt-1")
    inventory(world, "olt-1", "olt")
    world.run(until=400)
    for j in range(8):
        world.alarm(f"onu-{j}", f"a-{j}", "critical", probable_cause="lossOfSignal")
    world.run(until=600)
    changes = world.states("olt-1")
    assert [state for state, _ in changes] == ["suspected", "confirmed"]
    assert 90 <= changes[1][1] - changes[0][1] <= 100


def test_single_leaves_with_alarms_for_hours_suspect_nothing() -> None:
    world = World()
    world.tree(1, 25)
    for j in range(5):
        world.at(400 + 700 * j, world.alarm, f"onu-0-{j}", "a", "critical")
    world.run(until=4000, step=5)
    assert world.outages() == {}


def test_a_power_alarm_is_told_before_the_outage_and_counted_with_the_gasps_when_it_comes() -> None:
    #  400 on battery          900 the battery is empty: dying gasps, then silence
    world = World()
    world.tree(4, 10)

    def on_battery() -> None:
        world.alarm("olt-1", "a-1", "major", probable_cause="commercialPowerFailure", service_affecting=False)

    world.at(400, on_battery)

    def gasps() -> None:
        for j in range(8):
            world.beat(f"onu-1-{j}", 900, status="dying_gasp", parent="olt-1", interval_s=60)

    world.at(900, gasps)
    world.at(900, world.cut, "olt-1")
    world.run(until=1200)
    assert rows(world) == [("olt-1", "power", True)]
    assert world.states("olt-1")[0][1] >= 900
    assert (told(world, "olt-1", "suspect")["gasps"], told(world, "olt-1", "suspect")["power_alarms"]) == (8, 1)


def test_an_alarm_left_open_neither_keeps_nor_revives_an_outage_that_is_over() -> None:
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(420, world.alarm, "olt-1", "a-1", "critical")
    world.at(900, world.mend, "olt-1")
    world.run(until=2000)
    assert [state for state, _ in world.states()] == ["suspected", "confirmed", "monitoring", "restored"]


def test_a_flood_of_alarms_is_one_outage_and_few_signals() -> None:
    #  3,030 alarms of 101 elements within 20 s, each raised over and over
    world = World()
    world.tree(10, 9)
    for i in range(10):
        inventory(world, f"olt-{i}", "olt", parent="agg-1")
    inventory(world, "agg-1", "aggregation")
    world.tree(10, 9, region="south", prefix="s-")
    world.run(until=400)
    for i in range(10):
        world.cut(f"olt-{i}")
    names = [*(f"onu-{i}-{j}" for i in range(10) for j in range(9)), *(f"olt-{i}" for i in range(10)), "agg-1"]
    for second in range(20):
        for number, name in enumerate(names):
            world.alarm(name, f"a-{name}-{second * len(names) + number}", "critical", probable_cause="lossOfSignal")
        world.run(until=401 + second)
    world.run(until=430)
    open_ = {row["element"]: row["state"] for row in world.outages().values() if row["state"] != "merged"}
    assert open_ == {"agg-1": "suspected"}
    assert len(rows(world)) == len(names)
    world.run(until=800)
    confirmed = {row["element"] for row in world.outages().values() if row["state"] == "confirmed"}
    assert confirmed == {"agg-1"}
