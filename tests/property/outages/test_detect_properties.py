"""Whatever devices and alarms do: a restart of detect in the middle of anything changes no byte of what it says, nor
do repeats and the order of alarms; and all that was raised ends."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.acceptance.outage_world import EPOCH, World
from tests.property.outages.test_outage_properties import FAST

POLICY = replace(FAST, flap_half_life_s=20, flap_max_s=60, alarm_fresh_s=60, alarm_keep_s=1800)
CALM, END = 170, 330
DEVICES = [f"onu-{i}-{j}" for i in range(3) for j in range(4)]
PLACES = ["olt-0", "olt-1", "olt-2", "cell-1", "onu-0-0", "onu-0-1", "onu-1-0", "onu-2-3"]
CAUSES = ["lossOfSignal", "commercialPowerFailure", "equipmentMalfunction"]

#: (second, what, where): cuts, returns, explicit words and alarms in the first 160 s.
acts = st.lists(
    st.tuples(
        st.integers(15, 160),
        st.sampled_from(["cut", "mend", "flap", "gasp", "critical", "major", "indeterminate", "cleared"]),
        st.sampled_from(PLACES),
    ),
    max_size=10,
)
Story = Sequence[tuple[int, str, str]]
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def alarm(world: World, place: str, severity: str) -> None:
    cause = CAUSES[PLACES.index(place) % 3]
    world.alarm(place, f"{place}-{cause}", severity, probable_cause=cause, peer="agg-1", collector="nms")


def gasp(world: World, place: str) -> None:
    for device in world.below(place):
        more = {} if device.parent is None else {"parent": device.parent}
        world.beat(device.element, world.second, status="dying_gasp", interval_s=2, **more)
        device.alive = False


def plan(world: World, second: int, what: str, place: str) -> None:
    match what:
        case "cut" | "mend":
            world.at(second, world.cut if what == "cut" else world.mend, place)
        case "flap":
            for turn in range(4):
                world.at(second + 10 * turn, gasp, world, place)
                world.at(second + 10 * turn + 4, world.mend, place)
        case "gasp":
            world.at(second, gasp, world, place)
        case _:
            world.at(second, alarm, world, place, what)


def world_of(story: Story) -> World:
    """A terminal of each size, and a cell; calm from `CALM` on."""
    world = World(POLICY)
    for i in range(3):
        row = {"element": f"olt-{i}", "region": "north", "kind": "olt", "parent": "agg-1"}
        world.send("network.inventory", f"olt-{i}", row)
    world.send("network.inventory", "cell-1", {"element": "cell-1", "region": "north", "kind": "cell"})
    world.add("cell-1", interval=2)
    world.tree(3, 4, interval=2)
    for second, what, place in story:
        plan(world, second, what, place)
    for device in list(world.devices):
        world.at(CALM + 40, world.mend, device)
    for place in PLACES:
        world.at(CALM + 40, alarm, world, place, "cleared")
    return world


def said(world: World) -> list[tuple[float, bytes]]:
    """All signals of detect but its status, byte for byte."""
    return [(p.second, p.output.value or b"") for p in world.of("outages.signals") if p.json["kind"] != "status"]


@few
@given(acts, st.lists(st.integers(5, CALM + 60), min_size=1, max_size=4))
def test_kills_of_detect_in_the_middle_of_anything_change_no_byte_of_what_it_says(
    story: Story, kills: list[int]
) -> None:
    plain, killed = world_of(story), world_of(story)
    for second in kills:
        killed.at(second, killed.restart_detect)
    plain.run(until=END)
    killed.run(until=END)
    assert said(killed) == said(plain)
    assert killed.detects[0].table == plain.detects[0].table


@few
@given(acts)
def test_when_all_is_calm_nothing_stays_suspected_suppressed_or_held(story: Story) -> None:
    world = world_of(story)
    world.run(until=END)
    watch = world.detects[0].fold.watch  # type: ignore[attr-defined]
    assert watch.open == {}
    assert watch.damping.flappers.suppressed == set()
    assert watch.damping.incidents == {}
    assert {row["state"] for row in world.outages().values()} <= {"restored", "closed", "dismissed", "merged"}


@few
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(PLACES), st.booleans()), max_size=20), st.integers())
def test_alarms_in_any_order_and_repeated_leave_the_same_table(story: list[tuple[int, str, bool]], seed: int) -> None:
    tables = []
    for shuffled in (False, True):
        world = World(POLICY)
        world.tree(3, 4, interval=2)
        world.run(until=100)
        events = [
            {"alarm_id": f"a-{place}", "element": place, "time": EPOCH + second * 1000, "perceived_severity": severity}
            for second, place, up in story
            for severity in ("critical" if up else "cleared",)
        ]
        if shuffled:
            events += random.Random(seed).choices(events, k=5) if events else []
            random.Random(seed).shuffle(events)
        for event in events:
            world.send("network.alarms", "north", event)
        table = world.detects[0].table
        tables.append({key: value for key, value in table.items() if key.startswith(b"a/")})
    assert tables[0] == tables[1]
