"""A worker: one role, one Faust application, one task per owned partition, one way out.

assigned ─> taken over (takeover.py) ─> folding and committing (partition.py) ─> revoked
"""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from faust.types import TP
from msgspec.structs import replace

from forewarn.stream.engine import fatal, framework, log
from forewarn.stream.engine.changelog import Reader
from forewarn.stream.engine.deployment import Deployment, Observer, Performer
from forewarn.stream.engine.log import Landing
from forewarn.stream.engine.mailbox import Batch
from forewarn.stream.engine.marker import MARKER, TAKEOVER, Marker, encode
from forewarn.stream.engine.partition import Partition
from forewarn.stream.engine.role import Role
from forewarn.stream.engine.takeover import Succession, broadcast_tps, hear_again, take_over
from forewarn.stream.engine.unit import Output, Unit
from forewarn.topics.codecs import Codec

logger = logging.getLogger("forewarn.engine")

#: Seconds that a revoked partition waits for its append in flight.
REVOKE_SECONDS = 2.0
#: Seconds that leaving the group may take; without it others wait for the session to end.
LEAVE_SECONDS = 3.0
#: Allocations between two young collections: records and Structs are short-lived and form no cycles.
GC_THRESHOLD = 100_000
#: A source is idle only by a fetch that was answered this lately; one is answered every few 10 ms.
FETCH_FRESH_S = 2.0


class EngineWorker:
    """Runs one role until it is told to stop or must leave."""

    def __init__(
        self,
        role: Role,
        deployment: Deployment,
        codecs: Mapping[str, Codec],
        observer: Observer,
        performer: Performer | None = None,
    ) -> None:
        self.role = role
        self.deployment = deployment
        self.observer = observer
        self.performer = performer
        self.tick_s = deployment.tick_s
        self.partitions: dict[int, Partition] = {}
        self.succession = Succession(self, role, deployment, codecs, observer, secrets.token_hex(8))
        self._names = {source.topic: self.succession.name(source.topic) for source in role.sources}
        self._topics = {full: topic for topic, full in self._names.items()}
        self._restoring = asyncio.Lock()
        self.framework = framework.Framework(
            group=deployment.group,
            bootstrap=deployment.bootstrap,
            topics=[self._names[source.topic] for source in self.succession.sources],
            changelog=deployment.changelog,
            engine=self,
            data_dir=deployment.data_dir,
            session_s=deployment.session_s,
            security=framework.faust_security(deployment.connection),
        )

    # -- what the transport asks --------------------------------------------------------------------------------------

    def read_from(self, tp: TP) -> int | None:
        """Where a restored source is read next."""
        partition = self.partitions.get(tp.partition)
        return partition.mailbox.expected.get(self._topics.get(tp.topic, "")) if partition else None

    def durable(self) -> Mapping[TP, int]:
        """Offsets that may be committed to the group."""
        return {
            TP(self._names[topic], number): offset
            for number, partition in self.partitions.items()
            for topic, offset in partition.durable.items()
        }

    def deliver(self, tp: TP, batches: Sequence[Batch], generation: int) -> None:
        """Routes a fetched run to its partition; a full mailbox pauses that source alone."""
        partition = self.partitions.get(tp.partition)
        if partition is None or generation != self.framework.generation:
            return  # fetched before a rebalance: it is read again by the owner
        if not partition.put(self._topics[tp.topic], batches):
            self.framework.consumer.pause_partitions({tp})

    def resume(self, topic: str, partition: int) -> None:
        """Reads a paused source again."""
        self.framework.consumer.resume_partitions({TP(self._names[topic], partition)})
        self.framework.consumer.poke()

    # -- assignment ---------------------------------------------------------------------------------------------------

    async def revoke(self) -> None:
        """Gives all partitions up: only an append in flight is awaited."""
        self.observer.ready(None)
        owned, self.partitions = self.partitions, {}
        await asyncio.gather(*(partition.stop(REVOKE_SECONDS) for partition in owned.values()))

    async def restore(self, assigned: set[TP], generation: int) -> bool:
        """Takes over every assigned partition and starts its task. Called while all sources are paused.

        False: nothing was started, since the assignment is uneven or was revoked meanwhile. Each takeover has an owner
        id of its own: what this very process left under way when it lost a partition must not count when it regains it.
        """
        async with self._restoring:
            numbers = self._agreed(assigned)
            if numbers is None:
                return False
            gc.set_threshold(GC_THRESHOLD, 50, 100)  # before rows are read: as it comes, it doubles the time of that
            try:
                restored = await take_over(replace(self.succession, owner=secrets.token_hex(8)), numbers)
            except Exception as error:  # noqa: BLE001  whatever it is, a partition half restored must not be folded
                fatal.fail("restoring failed", error)
            if self.framework.generation != generation or not self.framework.consumer.holding:
                return False  # a rebalance came meanwhile: another restore follows
            self.partitions = {partition.core.partition: partition for partition in restored}
            for partition in restored:
                partition.start()
            gc.unfreeze()  # the tables of the last assignment are garbage now
            gc.collect()
            gc.freeze()
            self.observer.ready(len(restored))
            return True

    def _agreed(self, assigned: set[TP]) -> list[int] | None:
        """The partition numbers to own; None when topics and changelog do not agree: then stay paused and not ready."""
        wanted = [*(self._names[source.topic] for source in self.succession.sources), self.deployment.changelog]
        sets = {topic: frozenset(tp.partition for tp in assigned if tp.topic == topic) for topic in wanted}
        if len(set(sets.values())) != 1:
            uneven = {topic: sorted(numbers) for topic, numbers in sets.items()}
            logger.error("worker.assignment_uneven: staying paused until the group agrees: %s", uneven)
            return None
        return sorted(next(iter(sets.values())))

    # -- what a partition asks ----------------------------------------------------------------------------------------

    def still_owner(self) -> bool:
        """Whether the group answered a heartbeat that was sent less than half a session ago (joining counts as one)."""
        return time.monotonic() - self.framework.consumer.heard_at < self.deployment.session_s / 2

    async def append(
        self, partition: int, changes: Mapping[bytes, bytes], last: tuple[bytes, bytes], timestamp: int
    ) -> Landing:
        """Appends one batch to this role's changelog."""
        return await log.append(self.framework.producer, self.deployment.changelog, partition, changes, last, timestamp)

    async def produce(self, outputs: Sequence[Output], timestamp: int) -> None:
        """Produces outputs and waits for all of them."""
        if outputs:
            await log.produce(self.framework.producer, outputs, self.deployment.addresses, timestamp)

    async def perform(self, request: Any) -> Any:
        """Has an effect performed."""
        if self.performer is None:
            raise RuntimeError(f"role {self.role.name} asks for an effect and has no performer")
        return await self.performer.perform(request)

    async def ends(self, topics: Sequence[str], partition: int) -> Mapping[str, int]:
        """The broker's end offsets now, by topic."""
        tps = {TP(self._names[topic], partition): topic for topic in topics}
        ends = await self.framework.consumer.highwaters(*tps)
        return {tps[TP(tp.topic, tp.partition)]: end for tp, end in ends.items()}

    def idle(self, partition: Partition) -> frozenset[str]:
        """The sources of a partition that have nothing left to read, neither waiting nor at the broker."""
        number = partition.core.partition
        idle = set()
        for topic, offset in partition.folded.items():
            tp = TP(self._names[topic], number)
            end: int | None = self.framework.consumer.highwater(tp)
            self.observer.lag(topic, number, max(0, (end or 0) - offset))
            fresh = self.framework.consumer.fetch_age(tp) < FETCH_FRESH_S  # else nobody knows what the broker has
            if end is not None and end <= offset and fresh:  # None until the first fetch
                idle.add(topic)
        return frozenset(idle)

    def observe(self, partition: int, unit: Unit, records: int, seconds: float) -> None:
        """Counts a unit."""
        self.observer.unit(partition, unit, records, seconds)

    async def dispossessed(self, partition: Partition, landing: Landing, unit: Unit, marker: Marker) -> None:
        """Something else wrote to the changelog since our last append. Undo it if we are still the owner, then leave.

        `landing.offset` is -1 when the broker called our batch a duplicate: then its place is unknown, and everything
        up to the end is looked at. Our own unit is in that stretch and counts.
        """
        number = partition.core.partition
        tp = TopicPartition(self.deployment.changelog, number)
        foreign: set[bytes] = set()
        async with Reader(self.deployment.connection) as reader:
            end = landing.offset if landing.offset >= 0 else (await reader.bounds([tp]))[tp][1]
            async for _, batch in reader.read({tp: (partition.end, end)}):
                if batch[0].offset >= end:
                    break
                if batch[-1].key == TAKEOVER:
                    fatal.fail(f"partition {number} has a new owner; leaving")
                foreign.update(record.key for record in batch if record.key not in (None, MARKER))
        table = partition.core.table
        repair = {key: unit.dirty.get(key, table.get(key, b"")) for key in sorted(foreign)}
        await self.append(number, repair, (MARKER, encode(marker)), unit.now)
        fatal.fail(f"partition {number}: {len(foreign)} foreign keys in the changelog were written over; leaving")

    # -- life ---------------------------------------------------------------------------------------------------------

    async def run(self, stopping: asyncio.Event) -> None:
        """Runs until `stopping` is set; then gives partitions up and leaves the group."""
        await self.framework.start()
        beside = [asyncio.create_task(self._watch())]
        beside += [asyncio.create_task(self._follow(source.topic)) for source in self.role.sources if source.broadcast]
        for task in beside:
            task.add_done_callback(_must_go_on)
        await stopping.wait()
        for task in beside:
            task.cancel()
        await self.revoke()
        await asyncio.wait([asyncio.ensure_future(self.framework.consumer.leave())], timeout=LEAVE_SECONDS)

    async def _watch(self) -> None:
        """Leaves when input waits and no unit has been committed for too long, or when the framework has crashed."""
        while True:
            await asyncio.sleep(1.0)
            if self.framework.crashed:
                fatal.fail("the framework crashed")
            for number, partition in self.partitions.items():
                if not (partition.busy() and self.still_owner()):
                    partition.progressed_at = time.monotonic()  # idle, or without a broker: that is no stall
                still = time.monotonic() - partition.progressed_at
                if still > self.deployment.stalled_s:
                    fatal.fail(f"partition {number} has made no progress for {still:.0f} s with input waiting")

    async def _follow(self, topic: str) -> None:
        """Keeps folds up to date with a broadcast topic; what came before a partition was opened it has read itself."""
        tps = broadcast_tps(self.succession, topic)
        async with Reader(self.deployment.connection) as reader:
            heard = {tp: end for tp, (_, end) in (await reader.bounds(tps)).items()}
            while True:
                await asyncio.sleep(self.tick_s)
                async with self._restoring:  # a partition being opened has read up to its own end, not up to ours
                    try:
                        ends = {tp: end for tp, (_, end) in (await reader.bounds(tps)).items()}
                        cores = [partition.core for partition in self.partitions.values()]
                        ranges = {tp: (heard[tp], ends[tp]) for tp in tps}
                        await hear_again(reader, topic, ranges, cores)
                    except KafkaError as error:  # the broker is away; what was heard in part is heard again, to no harm
                        logger.warning("follow.interrupted", extra={"topic": topic, "error": repr(error)})
                        continue
                    heard = ends


def _must_go_on(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        fatal.fail("a task of the worker failed", error)
