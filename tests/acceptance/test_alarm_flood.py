"""30,000 alarms of 2,000 elements within 60 s become the right handful of outages, and one notice per customer.

core-1 ─┬─ agg-0   fails and says so               500 elements below alarm with it
        ├─ agg-1   is cut off and says nothing      its 500 do
        ├─ agg-2   is up; five of its 25 OLTs fail  100
        ├─ agg-3   is up
        ├─ agg-4   loses power; dying gasps         500
        └─ agg-5   20 of its 25 OLTs fail           400     each in a region of its own
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.outage_world import EPOCH, World
from tests.decide_desk import DecideDesk, profile

OLTS, PONS, ONUS = 25, 19, 2
FAILED_OLTS = {0: range(25), 1: range(25), 2: range(5), 4: range(25), 5: range(20)}
EXPECTED = {"agg-0", "agg-1", "agg-4", "agg-5", *(f"olt-2-{i}" for i in range(5))}
BEGIN, END = 120, 180


def inventory(world: World) -> None:
    def add(element: str, region: str, kind: str, parent: str | None = None) -> None:
        row = {"element": element, "region": region, "kind": kind, "parent": parent}
        world.send("network.inventory", element, {name: value for name, value in row.items() if value is not None})

    add("core-1", "core", "core")
    for a in range(6):
        add(f"agg-{a}", f"r{a}", "aggregation", "core-1")
        for i in range(OLTS):
            add(f"olt-{a}-{i}", f"r{a}", "olt", f"agg-{a}")
            for j in range(PONS):
                add(f"pon-{a}-{i}-{j}", f"r{a}", "pon", f"olt-{a}-{i}")
                for k in range(ONUS):
                    onu = f"onu-{a}-{i}-{j}-{k}"
                    add(onu, f"r{a}", "onu", f"pon-{a}-{i}-{j}")
                    world.add(onu, region=f"r{a}", parent=f"pon-{a}-{i}-{j}", interval=30)


def flood(order: random.Random) -> list[tuple[float, str, dict[str, Any]]]:
    """(second, region, alarm), in the order in which they come."""
    alarmed = ["agg-0", "agg-4"]
    for a, olts in FAILED_OLTS.items():
        for i in olts:
            alarmed += [f"olt-{a}-{i}", *(f"pon-{a}-{i}-{j}" for j in range(PONS))]
    found = []
    for element in alarmed:
        number = element.split("-")[1]
        cause = "powerProblem" if number == "4" else "lossOfSignal"
        for n in range(15):
            second = order.uniform(BEGIN, END)
            severity = "critical" if n < 10 else "minor"
            alarm = {"alarm_id": f"{element}-{n % 12}", "element": element, "perceived_severity": severity}
            at = {"time": EPOCH + int(BEGIN * 1000), "probable_cause": cause}
            found.append((second, f"r{number}", alarm | at))
    return sorted(found, key=lambda each: each[0])


def strike(world: World) -> None:
    for a, olts in FAILED_OLTS.items():
        for device in world.devices.values():
            _, region, olt, _, _ = device.element.split("-")
            if int(region) == a and int(olt) in olts:
                device.alive = False


def gasps(world: World) -> None:
    for device in world.devices.values():
        if device.element.startswith("onu-4-"):
            world.beat(device.element, BEGIN, region="r4", status="dying_gasp", parent=device.parent, interval_s=30)


def test_a_flood_of_alarms_becomes_the_right_outages_and_one_notice_per_customer() -> None:
    world = World(partitions=4, customers=1)
    inventory(world)
    alarms = flood(random.Random(7))
    assert (len(alarms), len({alarm["element"] for _, _, alarm in alarms})) == (30_030, 2_002)
    world.at(BEGIN, strike, world)
    world.at(BEGIN, gasps, world)
    batches: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for second, region, alarm in alarms:
        batches.setdefault(int(second) + 1, {}).setdefault(region, []).append(alarm)
    for second, regions in batches.items():
        world.at(second, _alarm, world, regions)
    world.run(until=BEGIN - 1)
    began = time.process_time()
    world.run(until=END + 30)
    spent = time.process_time() - began

    open_ = {row["element"] for row in world.outages().values() if row["state"] in ("suspected", "confirmed")}
    assert open_ == EXPECTED
    causes = {row["element"]: row.get("cause") for row in world.outages().values() if row["element"] in EXPECTED}
    assert causes == {element: "power" if element == "agg-4" else "fibre" for element in EXPECTED}
    assert spent < 60  # of 90 s: what comes in is kept up with

    world.run(until=500)
    assert {row["element"] for row in world.outages().values() if row["state"] == "confirmed"} == EXPECTED
    told = _notices(world)
    out = {f"c-{a}-{i}-{j}" for a, olts in FAILED_OLTS.items() for i in olts for j in range(PONS)}
    assert told == dict.fromkeys(out, 1)


def _alarm(world: World, regions: dict[str, list[dict[str, Any]]]) -> None:
    for region, alarms in regions.items():
        lines = [world.line(region, alarm) for alarm in alarms]
        world.feed(world.detects[partition_of(region.encode(), 4)], "network.alarms", lines)


def _notices(world: World) -> Counter[str]:
    """How many messages each customer gets: one customer on each PON."""
    desk = DecideDesk(marks=False)
    for a in range(6):
        for i in range(OLTS):
            for j in range(PONS):
                desk.push("customers.profiles", f"c-{a}-{i}-{j}", profile(f"pon-{a}-{i}-{j}"))
    for published in world.of("outages.impact"):
        desk.at(published.second)
        desk.push("outages.impact", (published.output.key or b"").decode(), published.json)
    desk.at(600)
    return Counter(row.key for row in desk.out("notifications"))
