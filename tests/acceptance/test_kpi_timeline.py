"""Timelines of indicators beside devices. A day of these worlds lasts 10 minutes; samples come every 10 s."""

from __future__ import annotations

from collections.abc import Callable

from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.policy import OutagePolicy
from tests.acceptance.outage_world import World
from tests.acceptance.test_outage_timeline import expect

POLICY = OutagePolicy(
    kpi=KpiPolicy(season_s=600, slot_s=60, smooth_s=180, learn_samples=60), lateness_s=10, window_s=120, confirm_s=180
)
REGIONS = ("north", "south", "east", "west", "coast", "isles")

Shape = Callable[[float], float]


def measured(world: World, name: str, shape: Shape, *, until: int, region: str = "north", **more: object) -> None:
    """A sample of `shape(second)` every 10 s."""
    for second in range(10, until, 10):
        world.at(second, sample, world, name, shape, region, more)


def sample(world: World, name: str, shape: Shape, region: str, more: dict[str, object]) -> None:
    event = {"name": name, "time": world.now, "value": shape(world.second), "interval_s": 10, **more}
    world.send("network.kpis", region, event)


def dip(level: float, low: float, start: float, end: float) -> Shape:
    return lambda second: low if start <= second < end else level


def customers_hear(world: World) -> set[str]:
    """States of outages that reached the customers' partitions."""
    return {p.json["state"] for p in world.of("outages.impact") if p.json["type"] == "impact"}


def devices(world: World, *regions: str) -> None:
    for region in regions:
        world.tree(2, 10, region=region, prefix=f"{region}-", interval=20)


def test_sessions_that_fall_with_silent_devices_confirm_the_outage_at_once() -> None:
    #  devices   ────────────┐ 1400 cut     ~1460 suspected   ...+180 s it would have been confirmed by itself
    #  sessions  ────────────────┐ 1440          1460-1480 suspected too: two independent sources
    plain, agreed = World(POLICY), World(POLICY)
    for world in (plain, agreed):
        devices(world, "north")
        world.at(1400, world.cut, "north-olt-0")
        world.at(1900, world.mend, "north-olt-0")
    measured(plain, "sessions", dip(500, 500, 0, 0), until=2600)
    measured(agreed, "sessions", dip(500, 100, 1440, 1900), until=2600)
    confirmed = {}
    for name, world in (("plain", plain), ("agreed", agreed)):
        world.run(until=2600)
        changes = world.states()
        expect(changes[0], "suspected", 1400, 1480)
        confirmed[name] = expect(changes[1], "confirmed", 1450, 1700)
        assert {row["state"] for row in world.outages().values()} <= {"restored", "merged"}
    assert confirmed["agreed"] <= 1490 < confirmed["plain"]
    rows = [row for row in agreed.outages().values() if row["state"] == "restored"]
    assert {each["detector"] for each in rows[0]["evidence"]} == {"liveness", "kpi"}


def test_sessions_that_fall_alone_are_suspected_and_dismissed() -> None:
    #  sessions  ────────┐ 1400      ┌──── 1700
    #                    └───────────┘
    world = World(POLICY)
    devices(world, "north")
    measured(world, "sessions", dip(500, 100, 1400, 1700), until=1900)
    world.run(until=1900)
    changes = world.states()
    expect(changes[0], "suspected", 1420, 1430)
    expect(changes[1], "dismissed", 1720, 1730)
    assert len(changes) == 2
    row = world.one()
    assert (row["region"], row["element"]) == ("north", "north")
    assert row["evidence"] == [{"detector": "kpi", "value": 0.2, "threshold": 0.5, "window_s": 30.0}]
    assert customers_hear(world) <= {"suspected", "dismissed"}


def test_a_holiday_in_six_regions_is_demand() -> None:
    #  sessions of six regions  ───┐ 1400, 1410, ... 1450      ┌───
    #                              └───────────────────────────┘      and with north, what it is made of
    world = World(POLICY, partitions=3)
    devices(world, *REGIONS)
    for olt in ("north-olt-0", "north-olt-1"):
        measured(world, "sessions", dip(200, 60, 1410, 1720), until=1900, element=olt)
    for number, region in enumerate(REGIONS):
        measured(world, "sessions", dip(500, 150, 1400 + 10 * number, 1700), until=1900, region=region)
    world.run(until=1900)
    rows = world.outages().values()
    assert len(rows) == 6
    for row in rows:
        assert row["state"] == "dismissed"
        assert "confirmed" not in row
        assert row["comment"].startswith("demand: ")
        assert row["evidence"][-1]["detector"] == "kpi"
        assert row["evidence"][-1]["value"] > 0.8 == row["evidence"][-1]["threshold"]
    assert max(second for _, second in world.states()) < 1500


def test_a_holiday_does_not_hide_a_region_that_loses_devices() -> None:
    #  six regions drop at 1400; in the north half of the devices fall silent at 1500: its drop is no part of it
    world = World(POLICY)
    devices(world, *REGIONS)
    for region in REGIONS:
        measured(world, "sessions", dip(500, 150, 1400, 1900), until=2000, region=region)
    world.at(1500, world.cut, "north-olt-0")
    world.run(until=2000)
    states = {row["element"]: row["state"] for row in world.outages().values() if row["element"] not in REGIONS}
    assert states == {"north-olt-0": "confirmed"}
    assert world.states("north-olt-0")[1][1] >= 1500 + POLICY.confirm_s
    assert {row["state"] for row in world.outages().values() if row["element"] in REGIONS[1:]} == {"dismissed"}


def test_four_of_six_regions_are_no_demand() -> None:
    world = World(POLICY)
    devices(world, *REGIONS)
    for number, region in enumerate(REGIONS):
        measured(world, "sessions", dip(500, 150 if number < 4 else 500, 1400, 1700), until=1600, region=region)
    world.run(until=1600)
    assert [row["state"] for row in world.outages().values()] == ["suspected"] * 4


def test_a_slow_degradation_is_suspected_and_never_confirmed() -> None:
    #  loss  0.2 % ─────────▁▂▃▄▅▆▇█████┐      from 1000 on, to 2 %, mended at 1900
    world = World(POLICY)
    devices(world, "north")

    def loss(second: float) -> float:
        return 0.002 + (0.018 * min((second - 1000) / 600, 1) if 1000 <= second < 1900 else 0)

    measured(world, "loss_ratio", loss, until=2400, element="north-olt-1")
    world.run(until=2400)
    changes = world.states()
    expect(changes[0], "suspected", 1175, 1300)  # 0.72 % is passed at 1174
    expect(changes[1], "dismissed", 1940, 2200)
    assert len(changes) == 2
    (evidence,) = world.one()["evidence"]
    assert evidence["detector"] == "degradation"
    assert evidence["value"] >= evidence["threshold"]
    assert world.one()["element"] == "north-olt-1"


def test_kills_on_the_way_change_no_revision_of_a_holiday() -> None:
    def holiday(kills: tuple[int, ...]) -> World:
        world = World(POLICY)
        devices(world, *REGIONS[:5])
        for number, region in enumerate(REGIONS[:5]):
            measured(world, "sessions", dip(500, 150, 1400 + 7 * number, 1600), until=1700, region=region)
        for second in kills:
            world.at(second, world.restart_detect)
            world.at(second, world.restart_correlate)
        world.run(until=1700)
        return world

    plain, killed = holiday(()), holiday((700, 1422, 1436, 1455, 1612))
    assert len(plain.outages()) == 5
    assert [(p.second, p.json) for p in killed.of("outages.revisions")] == [
        (p.second, p.json) for p in plain.of("outages.revisions")
    ]


def test_sessions_that_fall_with_what_comes_and_goes_confirm_no_outage() -> None:
    #  devices   ────┐ 1400  ┌──1520──┐ 1560 ┌──1680──     each fall is over before 180 s have passed
    #  sessions  ─────────────────────┐      ┌────────     fall in the second: it fell shortly before
    world = World(POLICY)
    devices(world, "north")
    for begin in (1400, 1560, 1720):
        world.at(begin, world.cut, "north-olt-0")
        world.at(begin + 120, world.mend, "north-olt-0")
    measured(world, "sessions", dip(500, 100, 1570, 1680), until=2200)
    world.run(until=2200)
    detectors = {each["detector"] for row in world.outages().values() for each in row["evidence"]}
    assert {"liveness", "kpi"} <= detectors
    assert "confirmed" not in customers_hear(world)
