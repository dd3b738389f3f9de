"""The machine of a replay: every role's partitions over topics in memory, driven by the time of the records.

    push ──> stations that read the topic ──> outputs ──> topics in memory ──> stations that read those ──> …
    time ──> timers at their due time, ticks at multiples of the tick, in the order of the roles

What a record causes is followed through all roles before the next record is taken, so a barrier always holds. Records
of bulk topics wait until anything else happens (another topic's record, a timer, a tick) and are folded as one batch.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping

from msgspec import Struct

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout, Role
from forewarn.stream.engine.unit import Output
from forewarn.stream.replay.clock import Clock
from forewarn.stream.replay.lines import Headers, Produced, Received
from forewarn.stream.replay.partitions import partition_of
from forewarn.stream.replay.station import Answer, Station
from forewarn.topics.codecs import Codec

#: Topics whose records come by the million and are judged on ticks: only these are batched over time.
BULK = frozenset({"network.heartbeats", "network.kpis"})
#: A batch of bulk records is folded when it is this long, whatever else happens.
BATCH = 4_000


class Wiring(Struct, frozen=True):
    """What a machine is built of.

    `roles` stand in the order in which they are ticked, from the network to the customer. `counts` maps every topic to
    its number of partitions, `answers` a role to what answers its effects.
    """

    roles: tuple[Role, ...]
    codecs: Mapping[str, Codec]
    counts: Mapping[str, int]
    layout: Layout
    tick_ms: int
    answers: Mapping[str, Answer]


class Machine:
    """Takes records and time, in order, and hands every record that the roles write to `sink`. Times are epoch ms."""

    def __init__(self, wiring: Wiring, sink: Callable[[Produced], None]) -> None:
        self.now = 0
        self._sink = sink
        self._counts = wiring.counts
        self._clock = Clock(wiring.tick_ms)
        self._stations: list[Station] = []
        self._roles: list[range] = []
        self._readers: dict[tuple[str, int], tuple[int, ...]] = {}
        self._listeners: dict[str, list[Core]] = {}
        self._ends: dict[tuple[str, int], int] = {}
        self._ready: list[int] = []
        self._marked: set[int] = set()
        self._held: dict[int, tuple[str, list[Received]]] = {}
        self._earliest: int | None = None
        self._started = False
        for role in wiring.roles:
            self._open(role, wiring)

    def _open(self, role: Role, wiring: Wiring) -> None:
        first = len(self._stations)
        partitions: int = getattr(wiring.layout, role.group)
        codecs = {source.topic: wiring.codecs[source.topic] for source in role.sources}
        broadcast = {source.topic for source in role.sources if source.broadcast}
        for partition in range(partitions):
            core = Core(role.open(partition, wiring.layout), codecs, partition)
            self._stations.append(Station(role, core, self._emit, wiring.answers.get(role.name)))
            for topic in broadcast:
                self._listeners.setdefault(topic, []).append(core)
            for topic in codecs.keys() - broadcast:
                readers = self._readers.get((topic, partition), ())
                self._readers[topic, partition] = (*readers, first + partition)
        self._roles.append(range(first, first + partitions))

    def take(self, topic: str, partition: int, record: Received, ts: int) -> None:
        """Takes one record at `ts`, after everything that was due before. Time never goes back."""
        ts = max(ts, self.now)
        if not self._started:
            self._start(ts)
        if self._due_before(ts):
            self._flush()
            self._pass(ts, ts)
        self.now = ts
        self._clock.record(ts)
        if topic in BULK:
            self._hold(topic, partition, record)
        else:
            self._flush()
            self._deliver(topic, partition, record)
            self._settle()

    def advance(self, to: int) -> None:
        """Lets time come to `to`: ticks and timers that are due at `to` happen too."""
        if not self._started:
            self._start(to)
        self._flush()
        self._pass(to + 1, to)
        self.now = max(self.now, to)

    def settle(self) -> None:
        """Folds bulk records that still wait for something to happen; time stands still."""
        self._flush()

    def _start(self, now: int) -> None:
        self._started = True
        self.now = now
        self._clock.start(now)
        for station in self._stations:
            station.core.restore(now)

    # Bulk records wait in runs, one a station.

    def _hold(self, topic: str, partition: int, record: Received) -> None:
        for index in self._readers.get((topic, partition), ()):
            run = self._held.get(index)
            if run is not None and (run[0] != topic or len(run[1]) >= BATCH):
                self._flush()
                run = None
            if run is None:
                self._held[index] = (topic, [record])
            else:
                run[1].append(record)

    def _flush(self) -> None:
        held = self._held
        if not held:
            return
        self._held = {}
        for index, (topic, records) in held.items():
            self._stations[index].fold(topic, records, self.now)
            self._touched(index)
        self._settle()

    # Time.

    def _due_before(self, ts: int) -> bool:
        return self._clock.next_tick < ts or (self._earliest is not None and self._earliest < ts)

    def _pass(self, before: int, until: int) -> None:
        """Does everything that is due earlier than `before`; nothing comes from outside earlier than `until`."""
        while self._due_before(before):
            due = self._earliest
            if due is not None and due <= self._clock.next_tick:
                self._fire(max(due, self.now))
            else:
                self._tick(self._clock.next_tick)
                self._clock.ticked(until)

    def _fire(self, now: int) -> None:
        self.now = now
        for index, station in enumerate(self._stations):
            due = station.next_due
            if due is not None and due <= now:
                if station.fire(now):
                    self._clock.timer(now)
                self._touched(index)
                self._settle()
        self._earliest = min((s.next_due for s in self._stations if s.next_due is not None), default=None)

    def _tick(self, now: int) -> None:
        self.now = now
        for indexes in self._roles:
            for index in indexes:
                self._stations[index].tick(now)
                self._touched(index)
            self._settle()

    # Records on their way.

    def _settle(self) -> None:
        """Goes on until nothing waits and no fold has work left, the first role first."""
        while self._ready:
            index = heapq.heappop(self._ready)
            self._marked.discard(index)
            if self._stations[index].step(self.now):
                self._mark(index)
            self._remember(index)

    def _touched(self, index: int) -> None:
        self._mark(index)
        self._remember(index)

    def _mark(self, index: int) -> None:
        if index not in self._marked:
            self._marked.add(index)
            heapq.heappush(self._ready, index)

    def _remember(self, index: int) -> None:
        due = self._stations[index].next_due
        if due is not None and (self._earliest is None or due < self._earliest):
            self._earliest = due

    def _deliver(self, topic: str, partition: int, record: Received) -> None:
        for core in self._listeners.get(topic, ()):
            core.hear(topic, [record])
        for index in self._readers.get((topic, partition), ()):
            self._stations[index].put(topic, record)
            self._mark(index)

    def _emit(self, outputs: list[Output], now: int) -> None:
        for output in outputs:
            if output.partitions is None:
                count = self._counts[output.topic]
                partitions: tuple[int, ...] = (partition_of(output.key, count) if output.key else 0,)
            else:
                partitions = output.partitions
            for partition in partitions:
                self._append(output, partition, now)

    def _append(self, output: Output, partition: int, now: int) -> None:
        place = (output.topic, partition)
        offset = self._ends.get(place, 0)
        self._ends[place] = offset + 1
        headers: Headers = output.headers
        self._sink(Produced(output.topic, partition, offset, now, output.key, output.value, headers))
        if place in self._readers or output.topic in self._listeners:
            self._deliver(output.topic, partition, Received(offset, now, output.key, output.value, headers))
