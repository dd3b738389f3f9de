"""The commit unit of one partition, driven with a worker whose Kafka is a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.log import Landing
from forewarn.stream.engine.mailbox import Mailbox
from forewarn.stream.engine.marker import MARKER, Marker, decode
from forewarn.stream.engine.partition import Partition
from forewarn.stream.engine.role import Source
from forewarn.stream.engine.unit import Output, Unit
from tests.unit.engine.records import AsIs, Counting, count_of, run


class Lines:
    """A worker around one partition: `appended` are the batches, `story` what happened in which order."""

    tick_s = 0.01

    def __init__(self) -> None:
        self.appended: list[dict[bytes, bytes]] = []
        self.produced: list[Output] = []
        self.story: list[str] = []
        self.end = 0
        self.owner = True
        self.foreign = 0
        self.open = asyncio.Event()
        self.open.set()

    def still_owner(self) -> bool:
        return self.owner

    async def append(
        self, partition: int, changes: Mapping[bytes, bytes], last: tuple[bytes, bytes], timestamp: int
    ) -> Landing:
        batch = dict([*changes.items(), last])
        await self.open.wait()
        self.story.append("append")
        self.appended.append(batch)
        landing = Landing(self.end + self.foreign, timestamp)
        self.end += self.foreign + len(batch)
        return landing

    async def produce(self, outputs: Sequence[Output], timestamp: int) -> None:
        self.story.append("produce")
        self.produced += outputs

    async def perform(self, request: Any) -> Any:
        self.story.append("perform")
        return request

    async def ends(self, topics: Sequence[str], partition: int) -> Mapping[str, int]:
        return dict.fromkeys(topics, 0)

    async def dispossessed(self, partition: Partition, landing: Landing, unit: Unit, marker: Marker) -> None:
        self.story.append("dispossessed")
        raise asyncio.CancelledError  # the real one ends the process

    def resume(self, topic: str, partition: int) -> None:
        self.story.append(f"resume {topic}")

    def idle(self, partition: Partition) -> frozenset[str]:
        return frozenset()

    def observe(self, partition: int, unit: Unit, records: int, seconds: float) -> None:
        pass

    @property
    def offsets(self) -> list[int]:
        """The progress that each appended marker names."""
        return [decode(batch[MARKER]).offsets["in"] for batch in self.appended]


class Telling(Counting):
    """Counts, emits one output a record and asks for one effect a unit."""

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Any]) -> None:
        super().fold(unit, topic, events, records)
        for record in records:
            unit.emit("out", record.key, record.value)
        unit.effect("mail")


@asynccontextmanager
async def running(fold: Counting) -> AsyncIterator[tuple[Lines, Partition]]:
    worker = Lines()
    core = Core(fold, cast(Any, {"in": AsIs()}), 0)
    core.restore(0)
    partition = Partition(worker, core, Mailbox([Source("in", 1)], {"in": 0}), owner="me", end=0)
    partition.start()
    try:
        yield worker, partition
    finally:
        worker.open.set()
        await partition.stop(1.0)


async def until(done: Any) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110  nobody signals these lists
            await asyncio.sleep(0.005)


async def test_a_unit_is_appended_then_produced_then_acknowledged_then_performed() -> None:
    async with running(Telling()) as (worker, partition):
        partition.put("in", [run(0, b"1", b"2")])
        await until(lambda: "perform" in worker.story)
        assert worker.story[:3] == ["append", "produce", "perform"]
        assert partition.durable == {"in": 2}
        marker = decode(worker.appended[0][MARKER])
        assert (marker.owner, marker.offsets, marker.outputs) == ("me", {"in": 2}, worker.produced)


async def test_nothing_is_visible_or_acknowledged_before_the_append_is_answered() -> None:
    async with running(Telling()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await asyncio.sleep(0.05)
        assert (partition.core.table, worker.produced, partition.durable) == ({}, [], {"in": 0})


async def test_a_partition_is_busy_until_its_last_append_is_answered() -> None:
    """The watchdog must see an append that hangs, though nothing else waits."""
    async with running(Telling()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await until(lambda: partition.folded["in"] == 1)
        assert partition.busy()
        worker.open.set()
        await until(lambda: not partition.busy())


async def test_what_comes_during_an_append_is_one_unit_that_follows_it() -> None:
    async with running(Counting()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await until(lambda: partition.folded["in"] == 1)
        for number in (1, 2, 3):
            partition.put("in", [run(number, b"1")])
            await until(lambda end=number + 1: partition.folded["in"] == end)
        worker.open.set()
        await until(lambda: partition.durable == {"in": 4})
        assert worker.offsets == [1, 4]


async def test_what_is_full_is_closed_though_an_append_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away does not make a unit grow: the rest waits in the mailbox."""
    monkeypatch.setattr("forewarn.stream.engine.partition.UNIT_RECORDS", 2)
    async with running(Counting()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await until(lambda: partition.folded["in"] == 1)
        for number in (1, 2, 3):
            partition.put("in", [run(number, b"1")])
            await asyncio.sleep(0.02)
        assert partition.folded["in"] == 3
        worker.open.set()
        await until(lambda: partition.durable == {"in": 4})
        assert worker.offsets[:2] == [1, 3]


async def test_a_unit_folded_during_an_append_builds_on_it() -> None:
    async with running(Counting()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await until(lambda: partition.folded["in"] == 1)
        partition.put("in", [run(1, b"2", b"3")])
        await until(lambda: partition.folded["in"] == 3)
        worker.open.set()
        await until(lambda: partition.durable == {"in": 3})
        assert count_of(partition.core.table, b"k") == 3
        assert worker.offsets == [1, 3]


async def test_an_idle_tick_during_an_append_hides_nothing_from_the_next_unit() -> None:
    """A tick that changes nothing is no unit: what is being appended must stay in sight."""
    async with running(Counting()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await until(lambda: partition.folded["in"] == 1)
        await asyncio.sleep(10 * worker.tick_s)
        partition.put("in", [run(1, b"2")])
        await until(lambda: partition.folded["in"] == 2)
        worker.open.set()
        await until(lambda: partition.durable == {"in": 2})
        assert count_of(partition.core.table, b"k") == 2


async def test_units_are_appended_one_after_the_other() -> None:
    async with running(Telling()) as (worker, partition):
        for offset in range(5):
            partition.put("in", [run(offset, b"x")])
            await asyncio.sleep(0)
        await until(lambda: partition.durable == {"in": 5})
        steps = [step for step in worker.story if step in ("append", "produce")]
        assert steps == ["append", "produce"] * (len(steps) // 2)
        assert worker.offsets == sorted(worker.offsets)


async def test_without_an_answer_of_the_group_nothing_is_appended() -> None:
    async with running(Counting()) as (worker, partition):
        worker.owner = False
        partition.put("in", [run(0, b"1")])
        await asyncio.sleep(0.1)
        assert worker.appended == []
        worker.owner = True
        await until(lambda: worker.offsets == [1])


async def test_a_revoked_partition_appends_nothing_more() -> None:
    async with running(Counting()) as (worker, partition):
        worker.owner = False
        partition.put("in", [run(0, b"1")])
        await asyncio.sleep(0.05)
        await partition.stop(0.1)
        worker.owner = True
        await asyncio.sleep(0.1)
        assert worker.appended == []


async def test_a_gap_in_the_changelog_is_noticed_before_anything_is_produced() -> None:
    async with running(Telling()) as (worker, partition):
        worker.foreign = 3
        partition.put("in", [run(0, b"1")])
        await until(lambda: "dispossessed" in worker.story)
        assert worker.story == ["append", "dispossessed"]
        assert worker.produced == []
        assert partition.core.table == {}


@pytest.mark.parametrize("records", [30_000, 35_000])
async def test_a_full_mailbox_says_so_and_is_resumed_when_low(records: int) -> None:
    async with running(Counting()) as (worker, partition):
        assert not partition.put("in", [run(0, *[b""] * records)])
        await until(lambda: "resume in" in worker.story)
        await until(lambda: partition.durable == {"in": records})
        assert count_of(partition.core.table, b"k") == records


async def test_a_partition_revoked_as_the_group_answers_again_appends_nothing() -> None:
    async with running(Counting()) as (worker, partition):
        worker.owner = False
        partition.put("in", [run(0, b"1")])
        await asyncio.sleep(0.02)  # the unit waits for the group
        stopping = asyncio.create_task(partition.stop(1.0))
        await asyncio.sleep(0)
        worker.owner = True
        await stopping
        assert worker.appended == []


async def test_a_unit_that_outlives_its_revocation_performs_nothing() -> None:
    """The next owner counts its effects as unanswered and may have repeated them already."""
    async with running(Telling()) as (worker, partition):
        worker.open.clear()
        partition.put("in", [run(0, b"1")])
        await asyncio.sleep(0.02)
        await partition.stop(0.01)
        worker.open.set()
        await until(lambda: "produce" in worker.story)
        await asyncio.sleep(0.02)
        assert worker.story == ["append", "produce"]


async def test_a_gap_that_a_revoked_partition_sees_is_its_successors_business() -> None:
    async with running(Telling()) as (worker, partition):
        worker.open.clear()
        worker.foreign = 3
        partition.put("in", [run(0, b"1")])
        await asyncio.sleep(0.02)
        await partition.stop(0.01)
        worker.open.set()
        await until(lambda: "append" in worker.story)
        await asyncio.sleep(0.02)
        assert worker.story == ["append"]


class Busy(Counting):
    """Has spread work for ever, and nothing to tell of it."""

    def work(self, unit: Unit) -> bool:
        return True


async def test_spread_work_without_anything_to_tell_leaves_time_for_others() -> None:
    async with running(Busy()):
        async with asyncio.timeout(5):
            await asyncio.sleep(0.01)


class Echo(Counting):
    """Emits every record as it is, as dead letters are."""

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Any]) -> None:
        for record in records:
            unit.emit("out", record.key, record.value)


@pytest.mark.parametrize("value", [b"x" * 1_000_000, b""], ids=["large values", "large keys"])
async def test_a_unit_fits_its_batch_whatever_follows_many_small_records(value: bytes) -> None:
    """A unit that did not fit would end the process, and every process after it at the same record."""
    poison = run(1_000, *[value] * 60, key=b"k" if value else b"x" * 1_000_000)
    async with running(Echo()) as (worker, partition):
        partition.put("in", [run(0, *[b"1"] * 1_000), poison])
        await until(lambda: partition.durable == {"in": 1_060})
        assert max(sum(map(len, batch.values())) for batch in worker.appended) < 4_000_000


async def test_a_unit_fits_its_batch_when_small_records_begin_to_tell_much() -> None:
    class Loud(Counting):
        def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Any]) -> None:
            for record in records:
                if record.offset >= 5_000:
                    unit.emit("out", record.key, b"x" * 2_000)

    async with running(Loud()) as (worker, partition):
        partition.put("in", [run(0, *[b"1"] * 10_000)])
        await until(lambda: partition.durable == {"in": 10_000})
        assert max(sum(map(len, batch.values())) for batch in worker.appended) < 4_000_000
