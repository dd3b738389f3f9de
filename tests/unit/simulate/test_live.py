"""The demo's scene: trouble soon, customers near their allowance, campaigns that ask while it lasts."""

from __future__ import annotations

from collections import Counter

import orjson
from msgspec.structs import replace

from forewarn.stream.policy import Policy
from forewarn.stream.simulate.campaigns import affected, behind
from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.live import ASKED_S, FIRST_S, LIFE_MS, PUSHES_S, Scene, setting
from forewarn.stream.simulate.world import Setting, World

START = 1_767_571_200_000


def played(seconds: float) -> tuple[Setting, list[Event]]:
    policy = Policy()
    fast = replace(policy, outages=replace(policy.outages, interval_s=1.0))
    scene = setting(fast, Scene(), START)
    world = World(scene)
    events: list[Event] = []
    at = world.first
    while at < START + seconds * 1000:
        at += 500
        events.extend(world.until(at))
    return scene, events


def test_an_olt_falls_silent_with_all_behind_it_and_comes_back() -> None:
    scene, events = played(60)
    outage = scene.plan.incidents[0]
    assert scene.network.by_id[outage.element].kind == "olt"
    assert len(outage.silent) >= 8
    heard: dict[str, list[float]] = {device: [] for device in outage.silent}
    for event in events:
        if event.topic == "network.heartbeats" and (device := orjson.loads(event.value)["element"]) in heard:
            heard[device].append((event.ts - START) / 1000)
    down, up = FIRST_S
    for beats in heard.values():
        assert any(at < down for at in beats)
        assert not any(down + 1 < at < up for at in beats)
        assert any(up <= at < up + 3 for at in beats)


def test_some_customers_come_close_to_their_allowance_soon() -> None:
    scene, events = played(35)
    assert len(scene.pushes) == len(PUSHES_S)
    pushed = [event for event in events if b"-push-" in event.value]
    assert [(event.ts - START) / 1000 for event in pushed] == [at for at in PUSHES_S if at < 35]


def test_campaigns_ask_for_customers_who_are_cut_off_and_for_others() -> None:
    scene, events = played(60)
    requests = [event for event in events if event.topic == "marketing.requests"]
    cut_off = set(affected(scene.plan.incidents[0], behind(scene.customers)))
    down, up = FIRST_S
    asked = [event for event in requests if event.key in cut_off and down < (event.ts - START) / 1000 < up]
    assert len(asked) >= len(ASKED_S)
    assert sum(event.key not in cut_off for event in requests) >= 5
    consent = {c.customer for c in scene.customers if c.wishes is not None and c.wishes.marketing}
    made = [event for event in asked if orjson.loads(event.value)["request_id"].startswith("m9")]
    assert {event.key for event in made} <= consent
    assert LIFE_MS > 60_000


def test_trouble_goes_on_in_other_regions() -> None:
    scene, _ = played(0)
    regions = Counter(incident.region for incident in scene.plan.incidents[:11])
    assert len(regions) == 6
