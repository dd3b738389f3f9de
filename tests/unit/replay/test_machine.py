"""The machine: one order of everything, time from the records."""

from __future__ import annotations

from itertools import pairwise

from forewarn.stream.engine.role import Layout
from forewarn.stream.replay.clock import CALM_AFTER_MS, STRIDE_MS
from forewarn.stream.replay.lines import Received
from forewarn.stream.replay.partitions import partition_of
from tests.unit.replay.tiny import machine, told, usage

HOUR = 3_600_000


def test_what_a_record_causes_is_followed_to_its_end_before_the_next_one() -> None:
    replay, out = machine()
    replay.take("usage.records", 0, usage(0, 1_000, "a"), 1_000)
    replay.take("usage.records", 0, usage(1, 1_000, "b"), 1_000)
    assert told(out) == [
        "1000 usage.records a",
        "1000 heard a at 1000",
        "1000 notifications.log re a",
        "1000 usage.records b",
        "1000 heard b at 1000",
        "1000 notifications.log re b",
    ]


def test_ticks_come_at_multiples_of_the_tick_and_after_the_records_of_their_instant() -> None:
    replay, out = machine()
    for ts in (1_000, 5_000, 12_000):
        replay.take("usage.records", 0, usage(0, ts, f"timer:{HOUR}"), ts)
    replay.advance(15_000)
    assert told(out) == [
        f"1000 usage.records timer:{HOUR}",
        f"5000 usage.records timer:{HOUR}",
        "5000 tick",
        "10000 tick",
        f"12000 usage.records timer:{HOUR}",
        "15000 tick",
    ]


def test_timers_fire_at_their_due_time_and_before_the_tick_of_that_instant() -> None:
    replay, out = machine()
    replay.take("usage.records", 0, usage(0, 1_000, "timer:4000"), 1_000)
    replay.take("usage.records", 0, usage(1, 1_000, "timer:1234"), 1_000)
    replay.advance(6_000)
    assert told(out)[2:] == ["2234 fired 2234", "5000 fired 5000", "5000 tick"]


def test_work_is_done_until_none_is_left() -> None:
    replay, out = machine()
    replay.take("usage.records", 0, usage(0, 1_000, "work:3"), 1_000)
    assert told(out) == ["1000 usage.records work:3", "1000 work", "1000 work", "1000 work"]


def test_heartbeats_are_batched_until_anything_else_happens() -> None:
    replay, out = machine()
    beats = [Received(offset, 1_000 + offset, b"k", f"beat{offset}".encode()) for offset in range(4)]
    for beat in beats[:3]:
        replay.take("network.heartbeats", 0, beat, beat.timestamp)
    assert told(out) == []
    replay.take("usage.records", 0, usage(0, 1_003, "timer:9"), 1_003)
    replay.take("network.heartbeats", 0, beats[3], 1_004)
    replay.settle()
    assert told(out) == [
        "1003 network.heartbeats beat0+beat1+beat2",
        "1003 usage.records timer:9",
        "1004 network.heartbeats beat3",
    ]


def test_no_batch_reaches_over_a_tick() -> None:
    replay, out = machine()
    for ts in (4_000, 5_000, 5_001):
        replay.take("network.heartbeats", 0, Received(0, ts, b"k", b"beat"), ts)
    replay.advance(6_000)
    assert told(out) == ["5000 network.heartbeats beat+beat", "5000 tick", "5001 network.heartbeats beat"]


def test_across_a_long_silence_timers_are_punctual_and_ticks_are_regular_again_before_the_next_record() -> None:
    replay, out = machine()
    day = 24 * HOUR
    replay.take("usage.records", 0, usage(0, 0, f"timer:{20 * HOUR + 1}"), 0)
    replay.take("usage.records", 0, usage(1, 30 * day, "timer:1"), 30 * day)
    ticks = [int(text.split()[0]) for text in told(out) if text.endswith("tick")]
    gaps = [later - earlier for earlier, later in pairwise(ticks)]
    assert f"{20 * HOUR + 1} fired {20 * HOUR + 1}" in told(out)
    assert set(gaps[: CALM_AFTER_MS // 5_000 - 2]) == {5_000}
    assert max(gaps) == STRIDE_MS
    assert set(gaps[-60:]) == {5_000}
    assert ticks[-1] == 30 * day - 5_000
    assert len(ticks) < 15_000


def test_time_never_goes_back() -> None:
    replay, out = machine()
    replay.take("usage.records", 0, usage(0, 9_000, "timer:9"), 9_000)
    replay.take("usage.records", 0, usage(1, 4_000, "timer:9"), 4_000)
    assert told(out)[-1] == "9000 usage.records timer:9"


def test_each_partition_has_its_own_state_and_the_first_is_ticked_first() -> None:
    replay, out = machine(Layout(region=1, customer=2))
    replay.take("usage.records", 1, usage(0, 1_000, "b"), 1_000)
    replay.advance(5_000)
    assert [(one.partition, one.offset) for one in out if one.topic == "usage.alerts"] == [(1, 0)]
    assert [(one.partition, one.offset, one.value) for one in out if one.topic == "decisions"] == [
        (1, 0, b"1000 usage.records b"),
        (1, 1, b"1000 heard b at 1000"),
        (1, 2, b"1000 notifications.log re b"),
        (0, 0, b"5000 tick"),
        (1, 3, b"5000 tick"),
    ]


def test_keys_go_where_a_java_producer_sends_them() -> None:
    # Values of org.apache.kafka.common.utils.Utils.murmur2, as Kafka's own UtilsTest lists them.
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    for key, murmur2 in known.items():
        assert partition_of(key, 12) == (murmur2 & 0x7FFFFFFF) % 12
