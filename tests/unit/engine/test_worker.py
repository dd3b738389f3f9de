"""What a worker does when assignments come and go, without a broker: only what is asked of the framework is played."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from faust.types import TP

from forewarn.stream.engine import fatal, framework
from forewarn.stream.engine import worker as module
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.deployment import Deployment
from forewarn.stream.engine.mailbox import Mailbox
from forewarn.stream.engine.partition import Partition
from forewarn.stream.engine.role import Layout, Source
from forewarn.stream.engine.takeover import Succession
from forewarn.stream.engine.worker import EngineWorker
from tests.unit.engine.records import AsIs, Counting, run

CHANGELOG = "forewarn-tally-changelog"
ASSIGNED = {TP("in", 0), TP(CHANGELOG, 0)}


class Tally:
    """A role that counts."""

    name = "tally"
    group = "customer"
    sources = (Source("in", 0),)

    def open(self, partition: int, layout: Layout) -> Counting:
        return Counting()


class Names:
    """Topics have no prefix."""

    def full_name(self, topic: str) -> str:
        return topic

    def partition_of(self, topic: str, key: bytes | None) -> int:
        return 0


class Quiet:
    """Hears and says nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Consumer:
    """What the group's consumer knows: whether the assignment still holds, where partitions end, and since when."""

    holding = True
    heard_at = float("inf")
    end: int | None = 0
    age = 0.0

    def highwater(self, tp: TP) -> int | None:
        return self.end

    def fetch_age(self, tp: TP) -> float:
        return self.age


class Framework:
    """A joined group."""

    generation = 1
    crashed = False

    def __init__(self) -> None:
        self.consumer = Consumer()


class Handovers:
    """Takeovers without Kafka: `owners` in their order; `gate` holds them up."""

    def __init__(self) -> None:
        self.owners: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, succession: Succession, numbers: Sequence[int]) -> list[Partition]:
        self.owners.append(succession.owner)
        await self.gate.wait()
        return [self._partition(succession, number) for number in numbers]

    def _partition(self, succession: Succession, number: int) -> Partition:
        core = Core(Counting(), cast(Any, {"in": AsIs()}), number)
        core.restore(0)
        mailbox = Mailbox(succession.sources, {"in": 0})
        return Partition(succession.worker, core, mailbox, owner=succession.owner, end=0)


@pytest.fixture
async def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineWorker:
    deployment = Deployment(
        bootstrap="127.0.0.1:1", connection={}, group="tally", changelog=CHANGELOG, layout=Layout(1, 1),
        addresses=Names(), data_dir=tmp_path, tick_s=60.0, stalled_s=1.5,
    )  # fmt: skip
    monkeypatch.setattr(framework, "Framework", lambda **_: Framework())
    return EngineWorker(cast(Any, Tally()), deployment, cast(Any, {"in": AsIs()}), cast(Any, Quiet()))


@pytest.fixture
async def handovers(monkeypatch: pytest.MonkeyPatch) -> Handovers:
    handovers = Handovers()
    monkeypatch.setattr(module, "take_over", handovers)
    return handovers


async def test_what_is_restored_is_put_to_work(worker: EngineWorker, handovers: Handovers) -> None:
    assert await worker.restore(ASSIGNED, 1)
    assert list(worker.partitions) == [0]
    await worker.revoke()


async def test_rows_are_read_with_few_garbage_collections(worker: EngineWorker, handovers: Handovers) -> None:
    """As often as Python does by itself, they double the time of a restore; without any, waiting for a broker leaks."""
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    handovers.gate.clear()
    try:
        restoring = asyncio.create_task(worker.restore(ASSIGNED, 1))
        await asyncio.sleep(0)
        assert handovers.owners
        assert gc.isenabled()
        assert gc.get_threshold()[0] == module.GC_THRESHOLD
        handovers.gate.set()
        await restoring
    finally:
        gc.set_threshold(*before)
    await worker.revoke()


async def test_a_partition_revoked_while_it_is_restored_is_never_put_to_work(
    worker: EngineWorker, handovers: Handovers
) -> None:
    """The group's next generation is not known before the rebalance ends: the number alone would not tell."""
    handovers.gate.clear()
    restoring = asyncio.create_task(worker.restore(ASSIGNED, 1))
    await asyncio.sleep(0)
    worker.framework.consumer.holding = False
    await worker.revoke()
    handovers.gate.set()
    assert not await restoring
    assert worker.partitions == {}


async def test_a_partition_restored_for_a_generation_that_is_over_is_never_put_to_work(
    worker: EngineWorker, handovers: Handovers
) -> None:
    cast(Any, worker.framework).generation = 2
    assert not await worker.restore(ASSIGNED, 1)
    assert worker.partitions == {}


async def test_every_takeover_has_an_owner_id_of_its_own(worker: EngineWorker, handovers: Handovers) -> None:
    """Else what a worker left under way when it lost a partition would count once it regained it."""
    for _ in range(2):
        await worker.restore(ASSIGNED, 1)
        await worker.revoke()
    first, second = handovers.owners
    assert first != second


async def test_an_uneven_assignment_opens_nothing(worker: EngineWorker, handovers: Handovers) -> None:
    assert not await worker.restore({TP("in", 0), TP("in", 1), TP(CHANGELOG, 0)}, 1)
    assert handovers.owners == []


@pytest.mark.parametrize(
    ("end", "age", "idle"), [(0, 0.0, True), (1, 0.0, False), (None, 0.0, False), (0, 60.0, False)]
)
async def test_a_source_is_idle_only_by_what_the_broker_said_lately(
    worker: EngineWorker, handovers: Handovers, end: int | None, age: float, idle: bool
) -> None:
    await worker.restore(ASSIGNED, 1)
    consumer = cast(Any, worker.framework.consumer)
    consumer.end, consumer.age = end, age
    assert worker.idle(worker.partitions[0]) == (frozenset({"in"}) if idle else frozenset())
    await worker.revoke()


@pytest.mark.parametrize(("answers", "leaves"), [(True, True), (False, False)])
async def test_only_input_that_waits_while_the_group_answers_is_a_stall(
    worker: EngineWorker, handovers: Handovers, answers: bool, leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    monkeypatch.setattr(fatal, "fail", left.append)
    await worker.restore(ASSIGNED, 1)
    partition = worker.partitions[0]
    await partition.stop(0)  # it folds no more
    partition.put("in", [run(0, b"1")])
    partition.progressed_at -= 100  # long idle, or long without a broker
    cast(Any, worker.framework.consumer).heard_at = float("inf") if answers else float("-inf")
    watching = asyncio.create_task(worker._watch())
    await asyncio.sleep(1.2)
    assert bool(left) == leaves
    watching.cancel()
