"""The batch transport: Faust receives whole record batches, as aiokafka's C parser gives them, one event a poll.

Stock Faust builds one ConsumerRecord, one Message and one Event per Kafka record. Here all that a poll fetched is one
Faust message: its `value` maps topic-partitions to lists of parsed batches; it goes by the name of the first. Where
records are read from, and what is committed to the group, is the engine's word (`Positions`), not the framework's: an
offset is committed only for what a commit unit has made durable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol, cast

import aiokafka
import uvloop
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from forewarn.stream.engine.connection import any_ended
from forewarn.stream.engine.mailbox import Batch
from forewarn.stream.engine.role import Record

#: A broker answers a fetch without data after this long. aiokafka has one fetch under way per broker, so this bounds
#: how long a partition that has just been drained waits behind idle ones (Faust's own 1,500 ms would be latency).
FETCH_WAIT_MS = 25
#: Seconds between two looks when every source is paused; Faust's one second would be a stall after each resumption.
PAUSED_S = 0.02
#: Rest after a poll, by the records that it brought and at most. A poll costs two ways between threads and a commit
#: unit per partition, whatever it brings; half saturated, a worker that polls at once does nothing but poll.
REST_PER_RECORD_S, REST_S = 20e-6, 0.004

#: What one poll fetched: record batches by topic-partition.
Fetched = Mapping[TP, Sequence[Batch]]


class Positions(Protocol):
    """What the transport asks the engine."""

    def read_from(self, tp: TP) -> int | None:
        """The offset to read next, or None if this partition is not restored yet."""

    def durable(self) -> Mapping[TP, int]:
        """For every restored source the offset below which everything is in a committed unit."""


def chunks(key: bytes | None) -> bytes | None:
    """As a consumer's key deserializer: marks a consumer whose records come as lists, one a record batch."""
    return key


class Chunks(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka is untyped
    """Yields the parsed records of one record batch as one `Batch`, for consumers marked with `chunks`.

    Control batches and batches of aborted transactions come as empty ones: whoever waits until a topic has been read up
    to an offset must hear that there is nothing more to come.
    """

    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[Any]:
        if self._key_deserializer is not chunks:
            yield from super()._unpack_records()
            return
        batches = self._records
        while batches.has_next():
            batch, first = batches.next_batch(), self.next_fetch_offset
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            self.next_fetch_offset = batch.next_offset
            records: Iterable[Record] = () if self._aborted(batch) or batch.is_control_batch else batch
            found = Batch(records, batch.next_offset)
            if found and found[0].offset < first:
                found = Batch((record for record in found if record.offset >= first), batch.next_offset)
            yield found

    def _aborted(self, batch: Any) -> bool:
        """Whether a batch belongs to an aborted transaction (its end, a control batch, ends that, too)."""
        if not self._aborted_transactions and not self._aborted_producers:
            return False
        self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch:
            if self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            return True
        return batch.is_transactional and batch.producer_id in self._aborted_producers


fetcher.PartitionRecords = Chunks


class BatchThread(driver.AIOKafkaConsumerThread):
    """Runs the group's consumer in its own thread, so that heartbeats go on while the engine folds."""

    #: Monotonic time of the last heartbeat that the group's coordinator answered well.
    heard_at: float = 0.0

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._key_deserializer = chunks
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # Faust says so for its own transactions only
        return consumer

    async def on_start(self) -> None:
        """Starts the consumer and listens to its heartbeats."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        heartbeat = coordinator._do_heartbeat

        self.heard_at = time.monotonic()

        async def heard() -> bool:
            sent = time.monotonic()
            answered: bool = await heartbeat()
            if answered:
                self.heard_at = sent
            return answered

        coordinator._do_heartbeat = heard

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Joining the group is an answer of the group, too."""
        self.heard_at = time.monotonic()
        await super().on_partitions_assigned(assigned, generation_id)

    def poke(self) -> None:
        """Wakes waiting polls, from any thread."""
        fetcher = self._ensure_consumer()._fetcher
        self.thread_loop.call_soon_threadsafe(
            lambda: [fetcher._notify(waiter) for waiter in tuple(fetcher._fetch_waiters)]
        )

    async def leave(self) -> None:
        """Stops the consumer in its own thread, which leaves the group."""
        await self.call_thread(self._ensure_consumer().stop)

    async def seek_all(self, offsets: Mapping[TP, int]) -> None:
        """Seeks in the consumer's own thread: the fetcher's buffers are not to be touched from another one."""
        await self.call_thread(self._seek_all, offsets)

    async def _seek_all(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        for tp, offset in offsets.items():
            consumer.seek(tp, offset)

    @property
    def ended(self) -> bool:
        """Whether one of the tasks that keep the consumer's metadata, group and fetches up has ended."""
        consumer = self._ensure_consumer()
        return any_ended(
            (consumer._client._sync_task, consumer._coordinator._coordination_task, consumer._fetcher._fetch_task)
        )

    def fetch_age(self, tp: TP) -> float:
        """Seconds since a fetch of a partition was answered; infinite before the first."""
        subscription = self._ensure_consumer()._subscription.subscription
        state = subscription.assignment.state_value(tp) if subscription and subscription.assignment else None
        return time.time() - state.timestamp / 1000 if state is not None and state.timestamp else float("inf")


class BatchConsumer(driver.Consumer):
    """Delivers one message a poll, seeks and commits by the engine's positions."""

    positions: Positions
    #: From an assignment until the next revocation begins: only then may a restored partition be put to work.
    holding: bool = False
    _thread: BatchThread

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, thread_loop=uvloop.new_event_loop(), beacon=self.beacon)

    @property
    def heard_at(self) -> float:
        """Monotonic time at which the last answered group heartbeat was sent."""
        return self._thread.heard_at

    @property
    def ended(self) -> bool:
        """Whether one of the tasks that keep the consumer's metadata, group and fetches up has ended."""
        return self._thread.ended

    def poke(self) -> None:
        """Wakes a poll that waits for data, so that a resumed partition's buffered records are seen at once."""
        self._thread.poke()

    async def leave(self) -> None:
        """Leaves the group, so that others take over without waiting for the session to end."""
        await self._thread.leave()

    def fetch_age(self, tp: TP) -> float:
        """Seconds since the broker last said where a partition ends."""
        return self._thread.fetch_age(tp)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """A new generation begins."""
        self.holding = True
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The generation ends, though its successor's number is not known yet."""
        self.holding = False
        await super().on_partitions_revoked(revoked)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109  Faust's signature
    ) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yields all that one poll fetched. That is delivered even if a partition was paused meanwhile."""
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(PAUSED_S)
            return
        fetched, _ = await self._wait_next_records(timeout)
        if not fetched or self.should_stop:
            return
        if not self.flow_active:
            return  # a rebalance: every partition is sought again before it is read
        found = cast(Fetched, fetched)
        yield self._message(found, self.app.consumer_generation_id)
        await asyncio.sleep(min(REST_S, REST_PER_RECORD_S * sum(map(len, chain.from_iterable(found.values())))))

    def _message(self, fetched: Fetched, generation: int) -> tuple[TP, ConsumerMessage]:
        tp, batches = next(iter(fetched.items()))
        last, value = batches[-1].next_offset - 1, cast(Any, fetched)
        time_s = next((batch[-1].timestamp / 1000 for batch in reversed(batches) if batch), 0.0)
        no_headers: list[tuple[str, bytes]] = []
        return tp, ConsumerMessage(
            tp.topic, tp.partition, last, time_s, 0, no_headers, None, value, None, 0, 0, tp,
            generation_id=generation,
        )  # fmt: skip

    async def perform_seek(self) -> None:
        """Seeks every restored source to where the engine stands; others stay paused and are not read."""
        found = {tp: self.positions.read_from(tp) for tp in self.assignment()}
        offsets = {tp: offset for tp, offset in found.items() if offset is not None}
        self._read_offset.update(dict.fromkeys(offsets))
        await self._thread.seek_all(offsets)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """No gaps to keep: committed offsets come from the engine."""

    def _filter_committable_offsets(self, tps: Any) -> dict[TP, int]:
        committed = self._committed_offset
        return {tp: offset for tp, offset in self.positions.durable().items() if offset > (committed[tp] or 0)}


class BatchProducer(driver.Producer):
    """Idempotent, with all acknowledgements; Faust sets that for exactly-once only."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class BatchTransport(driver.Transport):
    """The transport of every Forewarn worker."""

    Consumer = BatchConsumer
    Producer = BatchProducer


class Batches(Schema[Any, Any]):
    """Passes the list of records through undecoded."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Faust's decoder for one message."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(None, message.value, message.headers, message)

        return decode
