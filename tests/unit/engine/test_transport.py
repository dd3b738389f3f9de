"""The consumer between Faust and the engine: where it seeks, and what it does while every source is paused."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

import pytest
from faust.types import TP

from forewarn.stream.engine.transport import BatchConsumer

A, B, LOG = TP("a", 0), TP("b", 0), TP("log", 0)


class Thread:
    """The consumer's own thread: `sought` is what it was asked to seek."""

    def __init__(self) -> None:
        self.sought: dict[TP, int] = {}

    def assignment(self) -> set[TP]:
        return {A, B, LOG}

    async def seek_all(self, offsets: Mapping[TP, int]) -> None:
        self.sought.update(offsets)


class Restored:
    """Only source `a` is restored, up to 7."""

    def read_from(self, tp: TP) -> int | None:
        return {A: 7}.get(tp)

    def durable(self) -> Mapping[TP, int]:
        return {}


@pytest.fixture
def consumer() -> BatchConsumer:
    consumer = cast(Any, BatchConsumer.__new__(BatchConsumer))
    consumer._thread, consumer.positions, consumer._read_offset = Thread(), Restored(), {A: 9}
    consumer._active_partitions, consumer.flow_active = set(), True
    return cast(BatchConsumer, consumer)


async def test_what_is_restored_is_sought_in_the_consumers_own_thread(consumer: BatchConsumer) -> None:
    await consumer.perform_seek()
    assert cast(Any, consumer._thread).sought == {A: 7}
    assert consumer._read_offset[A] is None  # else Faust would drop what it takes for old


async def test_while_every_source_is_paused_nothing_is_fetched_and_resumption_is_seen_at_once(
    consumer: BatchConsumer,
) -> None:
    begun = time.monotonic()
    assert [message async for message in consumer.getmany(1.0)] == []
    assert time.monotonic() - begun < 0.5
