"""Planned work that takes devices down in parts while sessions fall, as detect and correlate see it together.

agg-1 ─┬─ north-olt-0 ── 10 devices     1400 down ─┐
       └─ north-olt-1 ── 10 devices     1440 down ─┴─ 1700 all back       2600 olt-1 down, for real
sessions of the region, low from 1400 until 1750
"""

from __future__ import annotations

from msgspec.structs import replace

from tests.acceptance.outage_world import EPOCH, World
from tests.acceptance.test_kpi_timeline import POLICY as FIGURES
from tests.acceptance.test_kpi_timeline import devices, dip, measured

POLICY = replace(FIGURES, overrun_s=300)


def played(*, until: int) -> World:
    world = World(POLICY)
    devices(world, "north")
    for element, parent in (("agg-1", None), ("north-olt-0", "agg-1"), ("north-olt-1", "agg-1")):
        row = {"element": element, "region": "north", "kind": "aggregation" if parent is None else "olt"}
        world.send("network.inventory", element, row | ({"parent": parent} if parent else {}))
    work = {"elements": ["agg-1"], "status": "planned", "start": EPOCH + 1_390_000, "end": EPOCH + 1_800_000}
    world.send("network.maintenance", "m-1", work)
    for second, olt in ((1400, "north-olt-0"), (1440, "north-olt-1")):
        world.at(second, world.cut, olt)
        world.at(1700, world.mend, olt)
    world.at(2600, world.cut, "north-olt-1")
    measured(world, "sessions", dip(500, 100, 1400, 1750), until=until)
    world.run(until=until)
    return world


def test_work_in_parts_is_over_with_its_devices_and_the_next_outage_is_judged_by_itself() -> None:
    world = played(until=2900)
    rows = sorted(world.outages().values(), key=lambda row: row["detected"])
    planned, real = rows[:-1], rows[-1]
    ends = {row["element"]: row["state"] for row in planned}
    assert ends == {"north-olt-0": "merged", "agg-1": "closed", "north": "dismissed"}
    assert not any("confirmed" in row for row in planned)
    assert max(second for state, second in world.states() if state in ("closed", "merged", "dismissed")) < 1800
    assert (real["element"], real["state"]) == ("north-olt-1", "confirmed")
    begun = next(second for _, second in world.states("north-olt-1") if second >= 2600)
    told = next(second for state, second in world.states("north-olt-1") if state == "confirmed")
    assert told - begun >= POLICY.confirm_s
