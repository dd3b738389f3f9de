"""One owned partition: its mailbox, its core, and the commit unit whose order everything rests on.

mailbox ──slices──> fold (synchronous, bounded) ──> commit: append ─> install ─> produce ─> acknowledge ─> effects
                         │                              ▲
                         └── the next unit is folded while the last one is committed: it takes in what comes meanwhile,
                             and is appended only after
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol

from forewarn.stream.engine import crash, fatal
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.log import Landing
from forewarn.stream.engine.mailbox import Batch, Mailbox
from forewarn.stream.engine.marker import MARKER, Marker, encode
from forewarn.stream.engine.scales import Scales
from forewarn.stream.engine.unit import Output, Unit

#: Records folded into one unit at most; while spread work (a fan-out) waits, so many that it gets its turn soon.
UNIT_RECORDS, UNIT_RECORDS_BUSY = 10_000, 1_000
#: Seconds that one unit may be folded for, so that time, timers and the other partitions get their turn.
FOLD_SECONDS = 0.1
#: A marker is written at least this often, so that a foreign append is noticed before compaction may hide it.
MARKER_SECONDS = 60.0
#: How long a batch waits at its barrier before it is folded as not fresh (decisions.md: hold, `upstream_stale`).
BARRIER_SECONDS = 30.0


class Worker(Protocol):
    """What a partition needs of the process around it."""

    tick_s: float

    def still_owner(self) -> bool:
        """Whether the group has answered a heartbeat recently enough to append."""

    async def append(
        self, partition: int, changes: Mapping[bytes, bytes], last: tuple[bytes, bytes], timestamp: int
    ) -> Landing: ...
    async def produce(self, outputs: Sequence[Output], timestamp: int) -> None: ...
    async def perform(self, request: Any) -> Any: ...
    async def ends(self, topics: Sequence[str], partition: int) -> Mapping[str, int]: ...
    async def dispossessed(self, partition: Partition, landing: Landing, unit: Unit, marker: Marker) -> None: ...
    def resume(self, topic: str, partition: int) -> None: ...
    def idle(self, partition: Partition) -> frozenset[str]: ...
    def observe(self, partition: int, unit: Unit, records: int, seconds: float) -> None: ...


class Partition:
    """The state and the task of one partition of the worker's role."""

    def __init__(self, worker: Worker, core: Core, mailbox: Mailbox, *, owner: str, end: int) -> None:
        self.worker = worker
        self.core = core
        self.mailbox = mailbox
        self.owner = owner
        self.end = end  #: the offset at which the next append must land
        self.folded = dict(mailbox.expected)
        self.durable = dict(mailbox.expected)
        self.paused: set[str] = set()
        self.replies: list[Any] = []
        self.progressed_at = time.monotonic()
        self._broker_time = (0, time.monotonic())
        self._appended_at = time.monotonic()
        self._ticked_at = 0.0
        self._more_work = False
        self._filling = False
        self._stopped = False
        self._wake = asyncio.Event()
        self._committing: asyncio.Future[None] | None = None
        self._performing: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    # -- time -------------------------------------------------------------------------------------------------------

    def set_time(self, broker_ms: int) -> None:
        """Takes the broker's time of an append as the partition's time."""
        self._broker_time = (broker_ms, time.monotonic())

    def now(self) -> int:
        """Epoch ms: the broker's time of the last append, carried on by the monotonic clock. Never goes back."""
        broker_ms, at = self._broker_time
        return max(self.core.now, broker_ms + int((time.monotonic() - at) * 1000))

    # -- input ------------------------------------------------------------------------------------------------------

    def put(self, topic: str, batches: Sequence[Batch]) -> bool:
        """Accepts a fetched run. False: the mailbox is full, pause the source."""
        slices = self.mailbox.put(topic, batches)
        source = next(source for source in self.mailbox.sources if source.topic == topic)
        if source.barrier and slices:
            self._spawn(self._set_barrier(source.barrier, slices))
        self._wake.set()
        if self.mailbox.full(topic):
            self.paused.add(topic)
            return False
        return True

    async def _set_barrier(self, topics: Sequence[str], slices: Sequence[Any]) -> None:
        for piece in slices:
            piece.deadline = time.monotonic() + BARRIER_SECONDS
        ends = await self.worker.ends(topics, self.core.partition)
        for piece in slices:
            piece.ends = ends
        self._wake.set()

    # -- the task ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to fold and commit."""
        self._task = asyncio.create_task(self._run(), name=f"partition {self.core.partition}")

    async def stop(self, seconds: float) -> None:
        """Stops: what is folded but not begun to be appended is dropped; the append in flight is awaited this long."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
        for task in tuple(self._performing):
            task.cancel()
        if self._committing is not None:
            await asyncio.wait([self._committing], timeout=seconds)

    async def _run(self) -> None:
        try:
            while True:
                await self._wait()
                started = time.monotonic()
                unit, records = await self._fold()
                if unit is None:
                    await asyncio.sleep(0)  # spread work may have nothing to tell for a while: others get their turn
                    continue
                offsets = dict(self.folded)
                if self._committing is not None:
                    await asyncio.shield(self._committing)
                self.worker.observe(self.core.partition, unit, records, time.monotonic() - started)
                self._committing = asyncio.ensure_future(self._guarded(self.commit(unit, offsets)))
                self._committing.add_done_callback(self._committed)
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001  the task's last frame: any error is a bug and ends the process
            fatal.fail(f"partition {self.core.partition} failed while folding", error)

    def _committed(self, _: asyncio.Future[None]) -> None:
        if self._filling:
            self._wake.set()

    async def _guarded(self, committing: Awaitable[None]) -> None:
        try:
            await committing
        except Exception as error:  # noqa: BLE001  likewise
            if not self._stopped:  # a stopped partition's successor finds and repairs whatever this left behind
                fatal.fail(f"partition {self.core.partition} failed while committing", error)

    async def _wait(self) -> None:
        """Returns when there is something to fold: input, a reply, a tick, a timer, spread work, or a due marker."""
        if self._more_work or self._wake.is_set():
            self._wake.clear()
            return
        timeout = min(self._ticked_at + self.worker.tick_s, self.mailbox.parked_until) - time.monotonic()
        if (due := self.core.next_due) is not None:
            timeout = min(timeout, (due - self.now()) / 1000)
        if timeout > 0:
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                pass  # time to tick
        self._wake.clear()

    async def _fold(self) -> tuple[Unit | None, int]:
        """Folds one bounded unit: what waits, and what comes until the last unit is committed. None: nothing to keep.

        A unit closed at once would be appended no sooner, and what came just after it would wait for two commits.
        """
        crash.point("fold.before")
        core = self.core
        unit, records = core.begin(self.now()), 0
        replies, self.replies = self.replies, []
        for reply in replies:
            core.answer(unit, reply)
        limit = UNIT_RECORDS_BUSY if self._more_work else UNIT_RECORDS
        scales = Scales()
        while True:
            taken, full = self._take(unit, scales, records, limit)
            records += taken
            committing = self._committing is not None and not self._committing.done()
            if full or not (records and committing) or self._more_work:  # spread work uses the time of a commit, too
                break
            self._filling = True
            await self._wake.wait()  # more input, or the end of the commit
            self._wake.clear()
            self._filling = False
        if full:
            self._wake.set()
        self._let_time_pass(unit)
        self._more_work = core.work(unit)
        crash.point("fold.after")
        marker_due = time.monotonic() - self._appended_at > MARKER_SECONDS
        if not records and unit.empty and not marker_due:
            return None, 0  # and not sealed: the unit that is still being appended stays what the next one builds on
        return core.seal(unit), records

    def _take(self, unit: Unit, scales: Scales, before: int, limit: int) -> tuple[int, bool]:
        """Folds what waits into a unit of `before` records: how many records that were, and whether it is to close."""
        started, records = time.monotonic(), 0
        while (piece := self.mailbox.next(self.folded, time.monotonic())) is not None:
            topic, taken, unit.fresh = piece
            if taken.records:
                self.core.take(unit, topic, taken.records)
            self.folded[topic] = taken.next_offset
            records += len(taken.records)
            if topic in self.paused and self.mailbox.low(topic):
                self.paused.discard(topic)
                self.worker.resume(topic, self.core.partition)
            heavy = scales.heavy(unit, before + records, taken.size)
            if heavy or before + records >= limit or time.monotonic() - started > FOLD_SECONDS:
                return records, True
        return records, False

    def _let_time_pass(self, unit: Unit) -> None:
        if time.monotonic() - self._ticked_at >= self.worker.tick_s:
            self._ticked_at = time.monotonic()
            self.core.tick(unit, self.worker.idle(self))
        else:
            self.core.fire_due(unit)

    # -- the commit unit --------------------------------------------------------------------------------------------

    async def commit(self, unit: Unit, offsets: dict[str, int]) -> None:
        """Makes a folded unit durable and visible. This order is the engine's promise; nothing may change it.

        1, 2: records were decoded and folded (`_fold`). 3: state, progress and outputs are appended as one record
        batch, by an owner whose group still answers. 4: the state is installed. 5: the outputs are produced, as the
        marker holds them. 6: the sources are acknowledged. Only then are effects performed and the next one appended.
        """
        if not await self._ownership():
            return
        marker = Marker(self.owner, offsets, unit.now, unit.outputs)
        crash.point("append.before")
        landing = await self.worker.append(self.core.partition, unit.dirty, (MARKER, encode(marker)), unit.now)
        crash.point("append.after")
        if landing.offset != self.end:
            if self._stopped:
                return  # somebody else's log by now: its owner sees the gap, too, and repairs it
            await self.worker.dispossessed(self, landing, unit, marker)
        self.end = landing.offset + len(unit.dirty) + 1
        self._appended_at = time.monotonic()
        self.set_time(landing.timestamp)
        self.core.install(unit)
        crash.point("install")
        crash.point("outputs.before")
        await self.worker.produce(unit.outputs, unit.now)
        crash.point("outputs.after")
        self.durable = offsets
        self.progressed_at = time.monotonic()
        crash.point("ack")
        if not self._stopped:  # else nobody would hear the reply, and the next owner already counts it as unanswered
            for request in unit.effects:
                self._spawn(self._perform(request))

    async def _ownership(self) -> bool:
        """Waits until the group has answered lately. False: the partition was revoked meanwhile.

        Without a broker, or after a long pause of this process, nothing is appended until a heartbeat is answered.
        """
        while not (self._stopped or self.worker.still_owner()):  # noqa: ASYNC110  nobody signals a heartbeat
            await asyncio.sleep(0.05)
        return not self._stopped

    async def _perform(self, request: Any) -> None:
        reply = await self.worker.perform(request)
        self.replies.append(reply)  # not in one expression: `_fold` exchanges the list while the reply is awaited
        self._wake.set()

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._performing.add(task)
        task.add_done_callback(self._spawned)

    def _spawned(self, task: asyncio.Task[None]) -> None:
        self._performing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            fatal.fail(f"partition {self.core.partition}: a task beside the fold failed", error)

    def busy(self) -> bool:
        """Whether something waits to be folded, or is being committed."""
        committing = self._committing is not None and not self._committing.done()
        return committing or self._more_work or any(self.mailbox.waiting(topic) for topic in self.folded)
