"""A worker: one role, one Faust application, one task per owned partition, one way out.

Life of a partition: assigned -> takeover appended -> changelog read up to it -> last outputs produced again -> first
marker appended -> folding -> revoked.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from aiokafka.structs import TopicPartition
from faust.types import TP
from msgspec import Struct

from forewarn.stream.engine import crash, fatal, framework, log
from forewarn.stream.engine.changelog import Reader
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.log import Addresses, Landing
from forewarn.stream.engine.mailbox import Mailbox
from forewarn.stream.engine.marker import MARKER, TAKEOVER, Marker, encode
from forewarn.stream.engine.partition import Partition, records_of
from forewarn.stream.engine.restorer import Restorer
from forewarn.stream.engine.role import Layout, Role
from forewarn.stream.engine.transport import BatchConsumer
from forewarn.stream.engine.unit import Output, Unit
from forewarn.topics.codecs import Codec

logger = logging.getLogger("forewarn.engine")

#: Seconds that a revoked partition waits for its append in flight.
REVOKE_SECONDS = 2.0
#: Seconds that leaving the group may take; without it others wait for the session to end.
LEAVE_SECONDS = 3.0


class Performer(Protocol):
    """Does what a role asks for outside Kafka (sends a mail) and gives the reply back to its fold."""

    async def perform(self, request: Any) -> Any: ...


class Deployment(Struct, frozen=True):
    """Where and how a worker runs. `connection` holds aiokafka's arguments (bootstrap_servers, security)."""

    bootstrap: str
    connection: dict[str, Any]
    group: str
    changelog: str
    layout: Layout
    addresses: Addresses
    data_dir: Any
    tick_s: float = 5.0
    session_s: float = 10.0
    stalled_s: float = 120.0
    accept_loss: bool = False


class Observer(Protocol):
    """Hears what a worker does, for metrics and readiness."""

    def unit(self, partition: int, unit: Unit, records: int, seconds: float) -> None: ...
    def ready(self, partitions: int | None) -> None: ...
    def restored(self, partition: int, keys: int, records: int, seconds: float) -> None: ...
    def lost_input(self, topic: str, partition: int, records: int) -> None: ...
    def lag(self, topic: str, partition: int, records: int) -> None: ...


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
        self.codecs = codecs
        self.observer = observer
        self.performer = performer
        self.tick_s = deployment.tick_s
        self.owner = secrets.token_hex(8)
        self.partitions: dict[int, Partition] = {}
        self.sources = tuple(source for source in role.sources if not source.broadcast)
        self._names = {source.topic: deployment.addresses.full_name(source.topic) for source in role.sources}
        self._topics = {full: topic for topic, full in self._names.items()}
        self._restoring = asyncio.Lock()
        self.app = framework.build(
            group=deployment.group,
            bootstrap=deployment.bootstrap,
            topics=[self._names[source.topic] for source in self.sources],
            changelog=deployment.changelog,
            engine=self,
            data_dir=deployment.data_dir,
            session_s=deployment.session_s,
            security=framework.faust_security(deployment.connection),
        )

    @property
    def consumer(self) -> BatchConsumer:
        """The group's consumer."""
        consumer: BatchConsumer = self.app.consumer
        return consumer

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

    def deliver(self, tp: TP, batches: Sequence[Sequence[Any]], generation: int) -> None:
        """Routes a fetched run to its partition; a full mailbox pauses that source alone."""
        partition = self.partitions.get(tp.partition)
        if partition is None or generation != self.app.consumer_generation_id:
            return  # fetched before a rebalance: it is read again by the owner
        if not partition.put(self._topics[tp.topic], batches):
            self.consumer.pause_partitions({tp})

    def resume(self, topic: str, partition: int) -> None:
        """Reads a paused source again."""
        self.consumer.resume_partitions({TP(self._names[topic], partition)})
        self.consumer.poke()

    # -- assignment -----------------------------------------------------------------------------------------------------

    async def revoke(self) -> None:
        """Gives all partitions up: only an append in flight is awaited."""
        self.observer.ready(None)
        owned, self.partitions = self.partitions, {}
        await asyncio.gather(*(partition.stop(REVOKE_SECONDS) for partition in owned.values()))

    async def restore(self, assigned: set[TP], generation: int) -> None:
        """Takes over every assigned partition and starts its task. Called while all sources are paused."""
        async with self._restoring:
            try:
                numbers = self._checked(assigned)
                if numbers is None:
                    return
                restored = await self._restore(numbers)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                fatal.fail("restoring failed", error)
            if self.app.consumer_generation_id != generation:
                return
            self.partitions = {partition.core.partition: partition for partition in restored}
            for partition in restored:
                partition.start()
            gc.collect()
            gc.freeze()
            self.observer.ready(len(restored))

    def _checked(self, assigned: set[TP]) -> list[int] | None:
        """The partition numbers to own; None when topics and changelog do not agree (then stay paused, not ready)."""
        wanted = [*(self._names[source.topic] for source in self.sources), self.deployment.changelog]
        sets = {topic: frozenset(tp.partition for tp in assigned if tp.topic == topic) for topic in wanted}
        if len(set(sets.values())) != 1:
            uneven = {topic: sorted(numbers) for topic, numbers in sets.items()}
            logger.error("worker.assignment_uneven: staying paused until the group agrees: %s", uneven)
            return None
        return sorted(next(iter(sets.values())))

    async def _restore(self, numbers: Sequence[int]) -> list[Partition]:
        async with Reader(self.deployment.connection) as reader:
            takeovers = {number: await self._take_over(number) for number in numbers}
            restorers = await self._read_changelog(reader, takeovers)
            return [await self._open(reader, number, restorers[number], takeovers[number]) for number in numbers]

    async def _take_over(self, number: int) -> Landing:
        landing = await self.append(number, iter([(TAKEOVER, self.owner.encode())]), int(time.time() * 1000))
        crash.point("takeover")
        return landing

    async def _read_changelog(self, reader: Reader, takeovers: Mapping[int, Landing]) -> dict[int, Restorer]:
        started = time.monotonic()
        tps = {number: TopicPartition(self.deployment.changelog, number) for number in takeovers}
        bounds = await reader.bounds(list(tps.values()))
        restorers = {number: Restorer() for number in takeovers}
        ranges = {tp: (bounds[tp][0], takeovers[number].offset + 1) for number, tp in tps.items()}
        async for tp, batch in reader.read(ranges):
            if batch[0].offset <= takeovers[tp.partition].offset:
                restorers[tp.partition].feed(batch)
        for number, restorer in restorers.items():
            self.observer.restored(number, len(restorer.table), restorer.records, time.monotonic() - started)
        return restorers

    async def _open(self, reader: Reader, number: int, restorer: Restorer, takeover: Landing) -> Partition:
        """Opens one partition: outputs of the last unit again, the first marker, the fold's own indexes."""
        marker = restorer.marker
        offsets = await self._offsets(reader, number, marker)
        core = Core(self.role.open(number, self.deployment.layout), self.codecs, number)
        core.table = restorer.table
        if marker is not None:
            await self.produce(marker.outputs, marker.tick)
        mailbox = Mailbox(self.sources, offsets)
        partition = Partition(self, core, mailbox, owner=self.owner, end=takeover.offset + 1)
        core.restore(max(takeover.timestamp, marker.tick if marker else 0))
        partition.set_time(takeover.timestamp)
        repair = Unit(core.table, {}, core.now)
        repair.dirty.update(restorer.repairs())
        await partition.commit(repair, dict(offsets))
        await self._reread(reader, core, marker, offsets)
        return partition

    async def _offsets(self, reader: Reader, number: int, marker: Marker | None) -> dict[str, int]:
        """Where each source goes on; refuses when input was lost or an offset lies beyond a topic's end."""
        tps = {source.topic: TopicPartition(self._names[source.topic], number) for source in self.sources}
        bounds = await reader.bounds(list(tps.values()))
        offsets: dict[str, int] = {}
        for topic, tp in tps.items():
            first, end = bounds[tp]
            at = marker.offsets.get(topic, first) if marker else first
            if at > end:
                fatal.fail(
                    f"{tp.topic}[{number}] ends at {end}, but {at} was already applied: the topic was recreated or "
                    f"truncated. Restore it, or delete and apply the changelog {self.deployment.changelog} to start anew",
                    code=fatal.CONFIGURATION,
                )
            if at < first:
                self.observer.lost_input(topic, number, first - at)
                if not self.deployment.accept_loss:
                    fatal.fail(
                        f"{tp.topic}[{number}] starts at {first}, but {at} was to be read next: {first - at} offsets were "
                        "deleted before they were applied. Start once with --accept-loss to go on without them",
                        code=fatal.CONFIGURATION,
                    )
            offsets[topic] = max(at, first)
        return offsets

    async def _reread(self, reader: Reader, core: Core, marker: Marker | None, offsets: Mapping[str, int]) -> None:
        """Gives a fold again what it does not keep durably; nothing is emitted."""
        for source in self.role.sources:
            tps = [TopicPartition(self._names[source.topic], core.partition)]
            if source.broadcast:
                count = self.deployment.layout.region
                tps = [TopicPartition(self._names[source.topic], number) for number in range(count)]
                ranges = dict(await reader.bounds(tps))
            elif source.reread_s and marker is not None:
                since = marker.tick - int(source.reread_s * 1000)
                starts = await reader.at_time({tps[0]: since})
                ranges = {tps[0]: (start, offsets[source.topic]) for start in starts.values() if start is not None}
            else:
                continue
            async for _, batch in reader.read(ranges):
                decoded = self.codecs[source.topic].decode(batch)
                core.fold.reread(source.topic, decoded.events, decoded.records)

    # -- what a partition asks --------------------------------------------------------------------------------------------

    def still_owner(self) -> bool:
        """Whether the group answered a heartbeat that was sent less than half a session ago (joining counts as one)."""
        return time.monotonic() - self.consumer.heard_at < self.deployment.session_s / 2

    async def append(
        self, partition: int, records: Iterator[tuple[bytes, bytes | None]], timestamp: int
    ) -> Landing:
        """Appends one batch to this role's changelog."""
        producer = self.app.producer._ensure_producer()
        return await log.append(producer, self.deployment.changelog, partition, records, timestamp)

    async def produce(self, outputs: Sequence[Output], timestamp: int) -> None:
        """Produces outputs and waits for all of them."""
        if outputs:
            await log.produce(self.app.producer._ensure_producer(), outputs, self.deployment.addresses, timestamp)

    async def perform(self, request: Any) -> Any:
        """Has an effect performed."""
        if self.performer is None:
            raise RuntimeError(f"role {self.role.name} asks for an effect and has no performer")
        return await self.performer.perform(request)

    async def ends(self, topics: Sequence[str], partition: int) -> Mapping[str, int]:
        """The broker's end offsets now, by topic."""
        tps = {TP(self._names[topic], partition): topic for topic in topics}
        ends = await self.consumer.highwaters(*tps)
        return {tps[TP(tp.topic, tp.partition)]: end for tp, end in ends.items()}

    def idle(self, partition: Partition) -> frozenset[str]:
        """The sources of a partition that have nothing left to read, neither waiting nor at the broker."""
        number = partition.core.partition
        idle = set()
        for topic, offset in partition.folded.items():
            end = self.consumer.highwater(TP(self._names[topic], number))
            self.observer.lag(topic, number, max(0, (end or 0) - offset))
            if end is not None and end <= offset and not partition.mailbox.waiting(topic):
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
                if batch[-1].key == TAKEOVER and batch[0].offset < end:
                    fatal.fail(f"partition {number} has a new owner; leaving")
                foreign.update(record.key for record in batch if record.key not in (None, MARKER))
        core = partition.core
        values = {key: unit.dirty.get(key, core.table.get(key, b"")) for key in sorted(foreign)}
        repair = Unit({}, {}, unit.now)
        repair.dirty.update(values)
        await self.append(number, records_of(repair, marker), unit.now)
        fatal.fail(f"partition {number}: {len(foreign)} foreign keys were written to the changelog and are repaired")

    # -- life ---------------------------------------------------------------------------------------------------------------

    async def run(self, stopping: asyncio.Event) -> None:
        """Runs until `stopping` is set; then gives partitions up and leaves the group."""
        self.app.in_worker = True
        await self.app.start()
        watchdog = asyncio.create_task(self._watch())
        await stopping.wait()
        watchdog.cancel()
        await self.revoke()
        await asyncio.wait([asyncio.ensure_future(self.consumer.leave())], timeout=LEAVE_SECONDS)

    async def _watch(self) -> None:
        """Leaves when input waits and no unit has been committed for too long, or when the framework has crashed."""
        while True:
            await asyncio.sleep(1.0)
            if self.app.crashed:
                fatal.fail("the framework crashed")
            for number, partition in self.partitions.items():
                still = time.monotonic() - partition.progressed_at
                if partition.busy() and still > self.deployment.stalled_s:
                    fatal.fail(f"partition {number} has made no progress for {still:.0f} s with input waiting")
