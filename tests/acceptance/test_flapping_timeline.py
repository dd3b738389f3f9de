"""Timelines of what comes and goes: one FLAPPING incident, and no word to a customer. Beats every 60 s."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.outage_world import World


def flap(world: World, element: str, first: int, times: int, *, down: int = 220, up: int = 140) -> int:
    """Plans falls and returns; gives the second of the last return."""
    for number in range(times):
        begin = first + number * (down + up)
        world.at(begin, world.cut, element)
        world.at(begin + down, world.mend, element)
    return first + times * (down + up) - up


def told(world: World) -> set[str]:
    """States that customers' partitions ever heard of."""
    return {p.json["state"] for p in world.of("outages.impact") if p.json["type"] == "impact"}


def flapping_of(world: World) -> list[tuple[str, str]]:
    """(element, state) of the flapping incidents."""
    rows = world.outages().values()
    return [(r["element"], r["state"]) for r in rows if any(e["detector"] == "flapping" for e in r["evidence"])]


def a_line(world: World) -> str:
    return "onu-1-3"


def a_cell(world: World) -> str:
    inventory = {"element": "cell-1", "region": "north", "kind": "cell"}
    world.send("network.inventory", "cell-1", inventory)
    world.add("cell-1")
    return "cell-1"


def test_a_flapping_line_is_one_incident_and_ends_when_it_is_calm() -> None:
    #  400   760   1120   1480   1840   2200        calm
    #  __----__----__-----__-----__-----__-------------------
    #                            ├ penalty >= 3000 ─ 750 ┤
    _one_incident(a_line)


def test_a_flapping_cell_is_never_confirmed_but_one_flapping_incident() -> None:
    _one_incident(a_cell)


def _one_incident(place: Callable[[World], str]) -> None:
    world = World()
    world.tree(4, 25)
    element = place(world)
    last = flap(world, element, 400, 7)
    world.run(until=last + 100, step=5)
    assert flapping_of(world) == [(element, "flapping")]
    world.run(until=last + 3700, step=5)
    assert flapping_of(world) == [(element, "closed")]
    assert "confirmed" not in told(world)


def test_a_group_that_flaps_is_one_incident_on_what_explains_it() -> None:
    world = World()
    world.tree(4, 25)
    last = flap(world, "olt-1", 400, 8, down=200, up=140)
    world.run(until=last + 60, step=5)
    assert flapping_of(world) == [("olt-1", "flapping")]
    world.run(until=last + 3700, step=5)
    assert flapping_of(world) == [("olt-1", "closed")]


def test_lines_of_one_terminal_that_flap_each_for_itself_end_as_one_incident_of_the_terminal() -> None:
    world = World()
    world.tree(4, 8)
    for j in range(4):
        last = flap(world, f"onu-1-{j}", 400 + 97 * j, 9)
    world.run(until=last, step=5)
    open_ = [element for element, state in flapping_of(world) if state == "flapping"]
    assert open_ == ["olt-1"]
    assert "confirmed" not in told(world)


def test_flappers_count_in_no_group_while_the_others_of_it_do() -> None:
    world = World()
    world.tree(4, 8)
    last = flap(world, "onu-1-0", 400, 7)
    for j in (0, 1, 2):
        world.at(last + 150, world.cut, f"onu-1-{j}")
    world.run(until=last + 600, step=5)
    assert [state for state, _ in world.states("olt-1")] == []
    for j in (3, 4, 5, 6):
        world.at(last + 610, world.cut, f"onu-1-{j}")
    world.run(until=last + 1200, step=5)
    assert [state for state, _ in world.states("olt-1")] == ["suspected", "confirmed"]


def test_what_stays_down_after_it_flapped_becomes_an_outage_when_the_penalty_has_decayed() -> None:
    world = World()
    world.tree(4, 25)
    element = a_cell(world)
    last = flap(world, element, 400, 7)
    world.at(last + 100, world.cut, element)
    world.run(until=last + 1500, step=5)
    assert "confirmed" not in told(world)
    world.run(until=last + 4500, step=5)
    assert "confirmed" in told(world)


def test_a_restart_in_the_middle_of_flapping_changes_no_revision() -> None:
    histories = []
    for kills in ((), (1000, 1910, 2300, 2850)):
        world = World()
        world.tree(4, 8)
        flap(world, "onu-1-0", 400, 7)
        flap(world, "olt-2", 500, 7, down=200)
        for second in kills:
            world.at(second, world.restart_detect)
        world.run(until=6000, step=5)
        histories.append([(p.second, p.json) for p in world.of("outages.revisions")])
    assert histories[0] == histories[1]
    assert histories[0]


def changes_of(world: World, element: str) -> list[str]:
    return [state for state, _ in world.states(element)]


def test_falls_of_a_group_that_are_remembered_are_no_outage_though_each_lasts_longer_than_confirmation() -> None:
    #  group   ‾‾|_ 170 _|‾‾|__ 280 __|‾‾|__ 280 __|‾‾|__ 280 __|‾‾|__ 280 __|‾‾|____
    #            suspected   suspected for longer than 90 s: but it fell shortly before    flapping
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(570, world.mend, "olt-1")
    last = flap(world, "olt-1", 760, 7, down=280, up=140)
    world.run(until=last + 60, step=5)
    assert flapping_of(world) == [("olt-1", "flapping")]
    world.run(until=last + 3700, step=5)
    assert "confirmed" not in told(world)


def test_no_alarm_confirms_a_fall_of_what_fell_and_came_back_shortly_before() -> None:
    #  alarm        ┌ raised ┐  ┌ raised ┐ with each fall
    #  group   ‾‾‾‾‾|__ 170 _|‾‾|__ 170 _|‾‾
    world = World()
    world.tree(4, 25)
    last = flap(world, "olt-1", 400, 6, down=170, up=190)
    for number in range(1, 6):
        begin = 400 + number * 360
        world.at(begin + 5, alarmed, world, number, "critical")
        world.at(begin + 175, alarmed, world, number, "cleared")
    world.run(until=last + 60, step=5)
    assert "confirmed" not in told(world)
    assert ("olt-1", "flapping") in flapping_of(world)


def alarmed(world: World, number: int, severity: str) -> None:
    world.alarm("olt-1", f"los-{number}", severity, probable_cause="lossOfSignal")


def test_what_stays_down_after_a_short_fall_is_confirmed_within_three_minutes_of_its_time_out() -> None:
    #  group   ‾‾‾‾|_ 170 _|‾ 350 ‾|_________________________
    #              400     570     920   ~1100 timed out   .. + 180
    world = World()
    world.tree(4, 25)
    flap(world, "olt-1", 400, 1, down=170)
    world.at(920, world.cut, "olt-1")
    world.run(until=1600, step=5)
    assert changes_of(world, "olt-1") == ["suspected", "dismissed", "suspected", "confirmed"]
    suspected, confirmed = (second for _, second in world.states("olt-1")[2:])
    assert suspected + 90 < confirmed <= 920 + 180 + 180


def test_what_was_confirmed_and_then_flaps_is_restored_once_when_it_is_calm() -> None:
    #  group     ‾‾|____ 400 ____|‾‾|__|‾‾|__|‾‾|__|‾‾|__|‾‾|__|‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾
    #  customers        confirmed                                  restored
    #  operators                               flapping            closed
    world = World()
    world.tree(4, 25)
    world.at(400, world.cut, "olt-1")
    world.at(800, world.mend, "olt-1")
    last = flap(world, "olt-1", 940, 9)
    world.run(until=last + 30, step=5)
    assert ("olt-1", "flapping") in flapping_of(world)
    assert "restored" not in changes_of(world, "olt-1")
    world.run(until=last + 6000, step=5)
    assert changes_of(world, "olt-1").count("restored") == 1
    assert {row["state"] for row in world.outages().values()} == {"closed"}
