"""Smaller parts: clock, rows, planned work, collectors, chunks."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.clock import Clock
from forewarn.stream.outages.impact import AIM, cut, part
from forewarn.stream.outages.outbox import CHUNK, Outbox
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.suspicion import Suspicion
from forewarn.topics.events.outages import Signal

TOPICS = ("network.heartbeats", "network.alarms")


def test_a_fast_device_clock_moves_the_clock_no_further_than_the_arrival() -> None:
    clock = Clock(TOPICS)
    clock.read("network.heartbeats", 220_000, 100_000)
    clock.tick(105_000, frozenset(), 60_000)
    assert clock.clock == 100_000


def test_an_idle_source_follows_the_tick_and_the_slowest_one_holds_the_watermark() -> None:
    clock = Clock(TOPICS)
    clock.read("network.alarms", 50_000, 50_000)
    clock.tick(100_000, frozenset({"network.heartbeats", "other"}), 10_000)
    assert (clock.clock, clock.watermark) == (100_000, 40_000)
    clock.tick(90_000, frozenset(TOPICS), 10_000)
    assert (clock.clock, clock.watermark) == (100_000, 80_000)


def test_a_row_of_an_unknown_schema_is_refused() -> None:
    shelf = Shelf("c/", Suspicion)
    with pytest.raises(ValueError, match="schema 9"):
        shelf.unpack(b"\x09\x90")


def test_chunks_hold_every_element_once_and_none_is_too_large() -> None:
    elements = [f"onu-{i}" for i in range(60_000)]
    chunks = cut(len(elements))
    assert chunks == 60_000 // AIM
    parts = [part(elements, chunk, chunks) for chunk in range(chunks)]
    assert sorted(element for some in parts for element in some) == sorted(elements)
    assert max(map(len, parts)) <= CHUNK
    assert part(elements[:7], 0, cut(7)) == tuple(elements[:7])


def test_sequences_rise_also_when_the_table_was_lost() -> None:
    unit = Unit({}, {}, 1_000)
    outbox = Outbox(3)
    for _ in range(3):
        outbox.send(unit, Signal("progress", 0, 0, 0))
    assert outbox.sequence == 1_002
    lost = Outbox(3)
    lost.send(Unit({}, {}, 2_000), Signal("progress", 0, 0, 0))
    assert lost.sequence == 2_000
    assert unit.outputs[0].key == b"partition/3"
