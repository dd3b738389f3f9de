"""What a world sends beside beats: it says no more and no less than the truth does."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from io import BytesIO
from itertools import pairwise
from statistics import median
from typing import Any

import orjson
import pytest

from forewarn.stream.replay.lines import decode
from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE
from forewarn.stream.simulate.sinks import to_file
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.world import World, setting
from forewarn.topics import codecs
from tests.unit.simulate.test_world import START, _Record, ms

SMALL = Size(regions=4, devices=240, customers=200, interval_s=300.0)
Row = dict[str, Any]


@cache
def played(hours: float, scenario: str | None = None, **more: Any) -> tuple[dict[str, list[Row]], list[Row]]:
    """Topic -> its values, each with its `ts` and `key`; and the truth."""
    lines, truth = BytesIO(), BytesIO()
    end = START + round(hours * HOUR)
    to_file(World(setting(3, SMALL, START, end, scenario=scenario, **more)), lines, truth, lambda at: None)
    rows: dict[str, list[Row]] = defaultdict(list)
    for text in lines.getvalue().splitlines():
        line = decode(text)
        rows[line.topic].append({"ts": line.ts, "key": (line.key or b"").decode(), **orjson.loads(line.value or b"")})
    return rows, [orjson.loads(text) for text in truth.getvalue().splitlines()]


def test_sessions_fall_everywhere_on_a_holiday_and_no_device_with_them() -> None:
    rows, truth = played(4, "demand")
    (holiday,) = [one for one in truth if one.get("reason") == "demand"]
    start, end = ms(holiday["start"]), ms(holiday["end"])
    sessions: dict[str, dict[bool, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows["network.kpis"]:
        if row["name"] == "sessions" and "element" not in row:
            inside = start + 30 * MINUTE < row["time"] < end - 30 * MINUTE
            if inside or row["time"] < start:
                sessions[row["key"]][inside].append(row["value"])
    assert len(sessions) == 4
    for found in sessions.values():
        assert median(found[True]) < 0.8 * median(found[False])
    assert not [one for one in truth if one["kind"] == "outage"]


def test_a_degradation_creeps_in_the_figures_of_its_element_alone() -> None:
    rows, truth = played(4, "degradation")
    (worse,) = [one for one in truth if one["kind"] == "degraded"]
    full, end = ms(worse["full"]), ms(worse["end"])
    name = "attach_success_ratio" if "cell" in worse["element"] else "loss_ratio"
    ratios = [row for row in rows["network.kpis"] if row["name"] == name and "element" in row]
    mine = [row["value"] for row in ratios if row["element"] == worse["element"] and full < row["time"] < end]
    others = [row["value"] for row in ratios if row["element"] != worse["element"] and full < row["time"] < end]
    assert len(mine) > 3
    assert abs(median(mine) - median(others)) > 0.015
    assert not [row for row in rows["network.heartbeats"] if row.get("status") == "down"]


def test_devices_that_are_switched_off_lose_no_packets() -> None:
    rows, truth = played(24, "quiet")
    assert any(one.get("reason") == "noise" for one in truth)
    losses = [row["value"] for row in rows["network.kpis"] if row["name"] == "loss_ratio"]
    assert max(losses) < 0.003


def test_sessions_of_an_element_fall_with_its_devices() -> None:
    rows, truth = played(4, "olt_crash")
    (outage,) = [one for one in truth if one["kind"] == "outage"]
    start, end = ms(outage["start"]), ms(outage["end"])
    mine = [r for r in rows["network.kpis"] if r.get("element") == outage["element"] and r["name"] == "sessions"]
    during = [row["value"] for row in mine if start + MINUTE < row["time"] < end]
    before = [row["value"] for row in mine if row["time"] < start]
    assert during
    assert max(during) <= 0.2 * median(before)  # a dual-homed site may be left


def test_weeks_of_figures_can_come_before_the_world_begins() -> None:
    rows, _ = played(0.5, "quiet", warm_up_ms=2 * DAY)
    times = [row["time"] for row in rows["network.kpis"]]
    assert min(times) == START - 2 * DAY
    assert min(row["ts"] for row in rows["network.heartbeats"]) >= START
    assert rows["network.inventory"][0]["ts"] < START - 2 * DAY


def test_an_on_battery_alarm_comes_before_the_site_dies() -> None:
    rows, truth = played(4, "battery")
    (outage,) = [one for one in truth if one["kind"] == "outage"]
    assert outage["batteries"]
    for site, empty in outage["batteries"].items():
        raised = [
            row
            for row in rows["network.alarms"]
            if row["element"] == site
            and row.get("specific_problem") == "on battery"
            and row["alarm_id"].startswith("b")
        ]
        assert ms(raised[0]["time"]) < ms(empty)
        assert ms(outage["later"][site]) >= ms(empty)


@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [
        ("planned", ["planned", "started", "completed"]),
        ("overrun", ["planned", "started", "completed"]),
        ("moved", ["planned", "planned", "started", "completed"]),
        ("cancelled", ["planned", "cancelled"]),
    ],
)
def test_work_is_told_of_as_it_happens(scenario: str, statuses: list[str]) -> None:
    rows, truth = played(4, scenario)
    (work,) = [one for one in truth if one["kind"] == "planned"]
    told = rows["network.maintenance"]
    assert [row["status"] for row in told] == statuses
    assert work["outcome"] == {"planned": "completed"}.get(scenario, scenario)
    late = ms(work["end"]) + work["overrun_s"] * 1000
    assert told[-1]["status"] == "cancelled" or told[-1]["ts"] == late
    assert told[0]["start"] == (work["moved_from"][0] if scenario == "moved" else work["start"])


def test_customers_whose_service_stays_dead_say_so_and_their_devices_beat() -> None:
    rows, truth = played(4, "still_out")
    (part,) = [one for one in truth if one["kind"] == "still_out"]
    start, end = ms(part["start"]), ms(part["end"])
    beats = Counter(r["element"] for r in rows["network.heartbeats"] if start + 5 * MINUTE < r["ts"] < end)
    assert all(beats[device] > 3 for device in part["devices"])
    replies = [row for row in rows["customers.interactions"] if row["id"].startswith("reply-")]
    assert {row["key"] for row in replies} <= set(part["customers"])
    assert all(row["ts"] > start for row in replies)


def test_false_alarms_and_old_beats_are_in_the_truth() -> None:
    rows, truth = played(24)
    raised = {row["alarm_id"] for row in rows["network.alarms"] if row["alarm_id"].startswith("false")}
    assert raised == {one["id"] for one in truth if one.get("reason") == "false_alarm"}


def test_every_silent_device_is_in_the_truth() -> None:
    """No device is silent for long while nothing is said of it, its clock or its collector."""
    rows, truth = played(24)
    excused: dict[str, list[tuple[int, int]]] = defaultdict(list)
    collectors: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in truth:
        if "devices" in one and one["kind"] != "still_out":
            last = ms(one["end"]) + round(one.get("overrun_s", 0) * 1000)
            for device in one["devices"]:
                excused[device].append((ms(one["start"]), last))
        if "collector" in one:
            collectors[one["collector"]].append((ms(one["start"]), ms(one["end"])))
    heard: dict[str, list[Row]] = defaultdict(list)
    for row in rows["network.heartbeats"]:
        heard[row["element"]].append(row)
    assert len(heard) == SMALL.devices
    for device, beats in heard.items():
        for one, other in pairwise(beats):
            if other["ts"] - one["ts"] > 4 * 300_000:
                spans = excused[device] + collectors[one["collector"]]
                assert any(start - 600_000 < one["ts"] and other["ts"] < end + 900_000 for start, end in spans), device


def test_bills_come_once_a_cycle_with_six_before_them_and_the_truth_knows_the_shocks() -> None:
    rows, truth = played(24 * 8, "quiet")
    billed = [one for one in truth if one["kind"] == "bill"]
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for row in rows["billing.bills"]:
        by_customer[row["key"]].append(row)
    assert len(billed) > 20
    for one in billed:
        found = sorted(by_customer[one["customer"]], key=lambda row: ms(row["time"]))
        assert len(found) == 7
        assert found[-1]["amount"] == one["amount"]
        assert one["amount"] == pytest.approx(sum(line["amount"] for line in found[-1]["lines"]))
        assert one["usual"] == pytest.approx(median(row["amount"] for row in found[:-1]), abs=0.011)
        assert one["shock"] == (one["amount"] > 1.3 * one["usual"] + 5)


def test_a_week_has_journeys_of_every_kind() -> None:
    rows, _ = played(24 * 8, "quiet")
    statuses = {row["status"] for row in rows["customers.appointments"]}
    assert statuses >= {"booked", "completed"}
    assert {row["kind"] for row in rows["customers.interactions"]} >= {"help_viewed"}
    languages = Counter(row["locale"][:2] for row in rows["customers.profiles"])
    assert set(languages) >= {"en", "de", "es"}
    assert any("contract_end" in row for row in rows["customers.profiles"])
    assert any("line" in row for row in rows["usage.records"])
    assert rows["customers.preferences"]
    days = Counter((row["ts"] - START) // DAY for row in rows["marketing.requests"])
    assert set(days) == set(range(8))


def test_fewer_usage_records_add_up_to_as_much() -> None:
    sums, counts = [], []
    for share in (1.0, 0.1):
        rows, _ = played(48, "quiet", usage_share=share)
        used = [r for r in rows["usage.records"] if r["bucket"] == "data" and "opening" not in r["record_id"]]
        sums.append(sum(row["amount"] for row in used if "burst" not in row["record_id"]))
        counts.append(len(used))
    assert counts[1] < 0.2 * counts[0]
    assert sums[1] == pytest.approx(sums[0], rel=0.35)


def test_raw_records_are_read_as_the_events_they_stand_for() -> None:
    plain, _ = played(2, "olt_crash")
    rows, _ = played(2, "olt_crash", raw_share=0.5)
    records = [
        _Record(number, row["ts"], row["key"].encode(), orjson.dumps(_bare(row)))
        for number, row in enumerate(rows["network.raw"])
    ]
    decoded = codecs.by_topic()["network.raw"].decode(records)
    assert not decoded.malformed
    kinds = Counter(type(event).__name__ for event in decoded.events)
    assert set(kinds) == {"Heartbeat", "Alarm", "Kpi"}
    for topic, name in (("network.heartbeats", "Heartbeat"), ("network.alarms", "Alarm"), ("network.kpis", "Kpi")):
        assert len(rows[topic]) + kinds[name] == len(plain[topic])


def _bare(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("ts", "key")}
