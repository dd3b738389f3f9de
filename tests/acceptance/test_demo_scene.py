"""The demo's scene on the demo's policy, replayed: what `forewarn demo` shows in real time happens for any seed.

s    0        12 ──── OLT down ──── 37
               15 suspected  25 confirmed       48 restored      lease of 15 s over
     near-allowance customers: 5 9 14 …         campaigns for the cut off: 18 … 34, released afterwards
"""

from __future__ import annotations

from pathlib import Path

import pytest

from forewarn.stream.engine.role import Layout
from forewarn.stream.policy import load
from forewarn.stream.replay.lines import Produced
from forewarn.stream.replay.product import Replay
from forewarn.stream.simulate.campaigns import affected, behind
from forewarn.stream.simulate.live import FIRST_S, Scene, setting
from forewarn.stream.simulate.world import Setting, World

START = 1_767_571_200_000
LENGTH_S = 85
POLICY = Path(__file__).parents[2] / "deploy" / "demo-policy.toml"


def played(seed: int) -> tuple[Setting, list[Produced]]:
    policy = load(POLICY)
    scene = setting(policy, Scene(seed=seed), START)
    world, replay = World(scene), Replay(policy, Layout(region=2, customer=2))
    at = world.first
    while at < START + LENGTH_S * 1000:
        at += 250
        for event in world.until(at):
            replay.push(event.topic, event.value, key=event.key, ts=event.ts)
        replay.advance(at)
    return scene, replay.take()


@pytest.mark.parametrize("seed", [7, 8, 1234])
def test_an_outage_is_found_and_told_marketing_is_held_and_released_and_an_allowance_is_told(seed: int) -> None:
    scene, outputs = played(seed)
    outage = scene.plan.incidents[0]

    def said(topic: str, **fields: str) -> list[tuple[str, float]]:
        """Keys and seconds of the records of a topic that say these things."""
        return [
            ((one.key or b"").decode(), (one.ts - START) / 1000)
            for one in outputs
            if one.topic == topic and fields.items() <= one.json.items()
        ]

    down, up = FIRST_S
    found = said("outages.revisions", element=outage.element, state="confirmed")
    assert found
    assert down < found[0][1] < up
    cut_off = set(affected(outage, behind(scene.customers)))
    told = {who for who, at in said("notifications", kind="outage", stage="confirmed") if at < up}
    restored = {who for who, at in said("notifications", kind="outage", stage="restored") if up < at < up + 20}
    assert len(told) >= 5
    assert told <= cut_off
    assert restored == told
    pushed = {customer.customer for _, customer in scene.pushes}
    near = {who for who, at in said("notifications", kind="usage", stage="threshold") if 0 < at < LENGTH_S}
    assert len(near & pushed) >= 5
    asked = {event.key for event in scene.extra}
    held = {who for who, at in said("marketing.held", reason="outage") if at < up} & asked
    assert len(held) >= 3
    assert held <= {who for who, at in said("marketing.approved") if at > up + 10}
