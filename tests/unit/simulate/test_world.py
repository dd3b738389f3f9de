"""The simulated world: the same for the same seed, and consistent with the truth it tells."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from io import BytesIO
from itertools import pairwise
from typing import Any, get_args

import orjson
import pytest

from forewarn.stream.replay.lines import decode
from forewarn.stream.simulate.incidents import HOUR, MINUTE, Kind
from forewarn.stream.simulate.sinks import to_file
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.slots import APART
from forewarn.stream.simulate.world import World, setting
from forewarn.topics import codecs
from forewarn.topics.instants import to_ms

START = 1_767_571_200_000
SMALL = Size(regions=4, devices=200, customers=300)
HOURS = 12


@cache
def made(seed: int, hours: int = HOURS) -> tuple[bytes, bytes]:
    """Lines and truth of a small world."""
    lines, truth = BytesIO(), BytesIO()
    to_file(World(setting(seed, SMALL, START, START + hours * HOUR)), lines, truth, lambda at: None)
    return lines.getvalue(), truth.getvalue()


def truths(seed: int, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [orjson.loads(line) for line in made(seed)[1].splitlines()]
    return [one for one in found if one["kind"] == kind]


def ms(text: str) -> int:
    from datetime import datetime

    return to_ms(datetime.fromisoformat(text))


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = BytesIO(), BytesIO()
    to_file(World(setting(3, SMALL, START, START + HOURS * HOUR)), again[0], again[1], lambda at: None)
    assert (again[0].getvalue(), again[1].getvalue()) == made(3)


def test_another_seed_gives_another_world() -> None:
    assert made(3)[0] != made(4)[0]
    assert made(3)[1] != made(4)[1]


def test_python_s_hash_seed_changes_nothing() -> None:
    script = (
        "import sys, hashlib; from io import BytesIO; from tests.unit.simulate.test_world import made\n"
        "print(hashlib.sha256(b''.join(made(3, 2))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {hashlib.sha256(b"".join(made(3, 2))).hexdigest()}


def test_slices_of_any_length_give_the_same_records() -> None:
    one, other = (World(setting(3, SMALL, START, START + HOUR)) for _ in range(2))
    coarse = sorted(event for events in one.slices(10 * MINUTE) for event in events)
    fine = sorted(event for events in other.slices(7_301) for event in events)
    assert coarse == fine


def test_records_come_in_the_order_of_time_and_every_one_is_an_event_of_its_topic() -> None:
    last = 0
    batches: dict[str, list[Any]] = defaultdict(list)
    for text in made(3)[0].splitlines():
        line = decode(text)
        assert line.ts >= last
        last = line.ts
        batches[line.topic].append(_Record(len(batches[line.topic]), line.ts, line.key, line.value))
    by_topic = codecs.by_topic()
    for topic, records in batches.items():
        malformed = by_topic[topic].decode(records).malformed
        assert {one.reason.value for one in malformed} <= ({"future"} if topic == "network.heartbeats" else set())
    assert set(batches) >= {
        "network.heartbeats", "network.alarms", "network.kpis", "network.inventory", "network.field",
        "customers.profiles", "customers.subscriptions", "usage.records", "marketing.requests",
    }  # fmt: skip


class _Record:
    def __init__(self, offset: int, timestamp: int, key: bytes | None, value: bytes | None) -> None:
        self.offset, self.timestamp, self.key, self.value = offset, timestamp, key, value
        self.headers: list[tuple[str, bytes | None]] = []


def test_devices_of_an_outage_are_silent_while_it_lasts_and_beat_after_it() -> None:
    beats: dict[str, list[int]] = defaultdict(list)
    for text in made(3)[0].splitlines():
        line = decode(text)
        if line.topic == "network.heartbeats":
            value = orjson.loads(line.value or b"")
            if "status" not in value:
                beats[value["element"]].append(line.ts)
    outages = truths(3, "outage")
    assert outages
    for outage in outages:
        start, end = ms(outage["start"]), ms(outage["end"])
        for device in outage["devices"]:
            fell = ms(outage["later"][device]) if device in outage["later"] else start
            during = [ts for ts in beats[device] if fell + 100_000 < ts < end]
            assert not during, (outage["id"], device)
        returned = [any(end <= ts < end + 4 * MINUTE for ts in beats[device]) for device in outage["devices"]]
        assert sum(returned) >= 0.9 * len(returned), outage["id"]


def test_customers_of_an_outage_are_those_whose_service_is_down() -> None:
    services: dict[str, set[str]] = defaultdict(set)
    for text in made(3)[0].splitlines():
        line = decode(text)
        if line.topic == "customers.profiles":
            profile = orjson.loads(line.value or b"")
            for service in profile["services"]:
                services[service["element"]].add(profile["customer"])
    for outage in truths(3, "outage"):
        assert set(outage["serving"]) <= set(outage["devices"])
        assert set(outage["customers"]) == {c for element in outage["serving"] for c in services[element]}


def test_incidents_of_one_region_keep_apart() -> None:
    world = setting(5, Size(), START, START + 24 * HOUR)
    by_region: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for incident in world.plan.incidents:
        if incident.kind != "noise":
            by_region[incident.region].append((incident.start, incident.end))
    assert len(by_region) > 8
    for spans in by_region.values():
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            assert start - end >= APART - 10 * MINUTE  # a flapping device ends with its last cycle


def test_the_plan_has_every_kind_over_four_weeks() -> None:
    plan = setting(1, Size(), START, START + 28 * 24 * HOUR).plan
    kinds = Counter(incident.kind for incident in plan.incidents)
    assert set(kinds) == set(get_args(Kind))
    assert plan.losses
    assert plan.delays
    assert plan.repeats
    assert plan.skews
    assert plan.degradations
    assert plan.demands
    assert plan.phantoms
    assert plan.lingering
    facing = [incident for incident in plan.incidents if incident.facing]
    assert len(facing) > 50
    assert all(incident.end - incident.start >= 5 * MINUTE for incident in facing)


def test_usage_truth_is_what_the_records_add_up_to() -> None:
    """Data of one cycle, counted again from the records: each threshold when it is first reached, the highest only."""
    profiles: dict[str, dict[str, Any]] = {}
    wishes: dict[str, list[float]] = {}
    used: dict[str, int] = defaultdict(int)
    allowance: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    reached: dict[str, float] = defaultdict(float)
    found: list[tuple[str, float, int]] = []
    turning = set()
    for text in made(3)[0].splitlines():
        line = decode(text)
        customer = (line.key or b"").decode()
        if line.topic == "customers.profiles":
            profiles[customer] = orjson.loads(line.value or b"")
            buckets = {b["bucket"]: b["allowance"] for b in profiles[customer]["plan"]["buckets"]}
            allowance[customer] = buckets.get("data", 0) * 1000
            if profiles[customer]["plan"]["cycle_day"] in (5, 6):  # the days around START, in any time zone
                turning.add(customer)
        elif line.topic == "customers.subscriptions":
            wishes[customer] = (orjson.loads(line.value or b"").get("thresholds") or {}).get("data", [50, 80, 100])
        elif line.topic == "usage.records":
            value = orjson.loads(line.value or b"")
            if value["bucket"] != "data" or customer in turning or not allowance[customer]:
                continue
            if (customer, value["record_id"]) in seen:
                continue
            seen.add((customer, value["record_id"]))
            if value.get("kind") == "top_up":
                allowance[customer] += round(value["amount"] * 1000)
                continue
            used[customer] += round(value["amount"] * 1000)
            percents = wishes.get(customer, [50, 80, 100])
            now = max((p for p in percents if used[customer] * 100 >= allowance[customer] * p), default=0)
            if now > reached[customer]:
                reached[customer] = now
                found.append((customer, now, line.ts))
    told = [
        (one["customer"], one["percent"], ms(one["time"]))
        for one in truths(3, "usage")
        if one["bucket"] == "data" and one["customer"] not in turning
    ]
    assert found
    assert sorted(found) == sorted(told)


@pytest.mark.parametrize("hours", [0.05, 1, 2.5])
def test_short_worlds_work(hours: float) -> None:
    world = World(setting(1, Size(regions=1, devices=12, customers=3), START, START + round(hours * HOUR)))
    assert sum(len(events) for events in world.slices(MINUTE)) > 20
