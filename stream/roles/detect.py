"""Role detect: network.* and topology of the regions in one partition -> `outages.signals`. A thin shell.

    network.heartbeats ─> Hearing ─> Roster ─┐
    network.alarms ─────> OpenAlarms ────────┼─> Watch (every tick) ─> Outbox ─> outages.signals
    network.topology ───> Roster ────────────┘                            │
    network.kpis ───────> Gauges (every tick) ────────────────────────────┘

Row of its own: `m` Mark. Last-seen times are not durable: heartbeats and alarms are read again on assignment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from forewarn.stream.engine.role import Fold, Group, Layout, Record, Source
from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.blindness import Ear
from forewarn.stream.outages.clock import Clock
from forewarn.stream.outages.gauges import Gauges
from forewarn.stream.outages.hearing import Hearing
from forewarn.stream.outages.outbox import Outbox, chunks
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.veil import Veil
from forewarn.stream.outages.watch import Watch
from forewarn.topics.events.network import Alarm, Heartbeat, Kpi, TopologyElement
from forewarn.topics.events.outages import Signal
from forewarn.topics.instants import to_ms

TOPOLOGY = "network.topology"
STREAMS = ("network.heartbeats", "network.alarms", "network.kpis")
#: Devices marked silent in one unit at most, so that it fits into one append.
SILENT_A_UNIT = 5000


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """How far the partition is: last sequence sent, clock and watermark in event time, time of the last tick (ms)."""

    sequence: int = 0
    clock: int = 0
    watermark: int = 0
    ticked: int = 0


MARK = Shelf("m", Mark)


class DetectFold(Fold):
    """One region partition."""

    def __init__(self, policy: OutagePolicy, partition: int) -> None:
        self.policy = policy
        self.partition = partition
        self.roster = Roster(policy)
        self.alarms = OpenAlarms(policy)
        self.outbox = Outbox(partition)
        self.watch = Watch(policy, self.roster, self.alarms, self.outbox)
        self.veil = Veil(policy, self.roster)
        self.hearing = Hearing(policy, self.roster, self.alarms, self.watch, self.veil, self.outbox)
        self.gauges = Gauges(policy, self.watch, self.outbox)
        self.clock = Clock(STREAMS)
        self.mark = Mark()
        self.ticking = False  #: a tick has begun whose silent devices are not all marked yet

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        self.roster.restore(table)
        self.alarms.restore(table)
        self.watch.restore(table)
        self.veil.restore(table)
        if (row := table.get(MARK.prefix)) is not None:
            self.mark = MARK.unpack(row)
        self.outbox.sequence = self.mark.sequence
        self.clock.clock, self.clock.watermark = self.mark.clock, self.mark.watermark
        self.gauges.restore(table, self.mark.clock)

    def reread(self, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        for event, record in zip(events, records, strict=True):
            if isinstance(event, Heartbeat) and record.key is not None:
                self.roster.recall(event, record.key.decode(), to_ms(event.time), record.timestamp)
            elif isinstance(event, Alarm):
                self.hearing.reported(event, to_ms(event.time), record.timestamp)

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        if topic == TOPOLOGY:
            self._topology(unit, events, records)
        else:
            top = self.hearing.beats(unit, events, records, self.clock.clock)
            for event, record in self.hearing.others:
                top = max(top, self._other(unit, event, record))
            self.clock.read(topic, top, records[-1].timestamp)
        self._close(unit)

    def _topology(self, unit: Unit, events: Sequence[TopologyElement | None], records: Sequence[Record]) -> None:
        for event, record in zip(events, records, strict=True):
            if event is not None and event.heard is not None:
                self.veil.told(unit, event.collector or "", Ear(*event.heard))
            elif event is not None:
                self.roster.describe(unit, event)
            elif (gone := self.roster.remove(unit, (record.key or b"").decode())) is not None and gone.down:
                self.watch.gone(gone)

    def _other(self, unit: Unit, event: Alarm | Kpi, record: Record) -> int:
        at = to_ms(event.time)
        if isinstance(event, Alarm):
            self.hearing.alarm(unit, event, record, at, self.clock.clock)
        else:
            region = (record.key or b"").decode()
            self.gauges.take(unit, event, region, at, record.timestamp)
        return at

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        step = int(self.policy.tick_s * 1000)
        if unit.now // step == self.mark.ticked // step:
            return
        self.clock.tick(unit.now, idle, int(self.policy.lateness_s * 1000))
        self.mark = Mark(self.mark.sequence, self.mark.clock, self.mark.watermark, unit.now)
        self.ticking = True
        self.veil.listen(unit, self.clock.clock)
        self.work(unit)

    def work(self, unit: Unit) -> bool:
        if not self.ticking:
            return False
        clock = self.clock.clock
        done = self.hearing.silences(unit, clock, SILENT_A_UNIT)
        self.ticking = not (done and self.hearing.unveil(unit, clock, SILENT_A_UNIT))
        self._close(unit)
        if not self.ticking:
            self.watch.tick(unit, clock)
            self.gauges.tick(unit, clock)
            for rows in chunks(self.gauges.rows(self.watch.rows(self.veil)), 500):
                self.outbox.send(unit, Signal("status", clock, 0, 0, rows=rows))
            lag = self.clock.lag(unit.now)
            self.outbox.send(unit, Signal("progress", clock, 0, 0, event_time=self.clock.watermark, lag=lag))
            self._keep_mark(unit)
        return self.ticking

    def _close(self, unit: Unit) -> None:
        self.watch.count(unit, self.clock.clock)
        self.outbox.flush(unit, self.clock.clock)
        self._keep_mark(unit)

    def _keep_mark(self, unit: Unit) -> None:
        mark = Mark(self.outbox.sequence, self.clock.clock, self.clock.watermark, self.mark.ticked)
        if mark != self.mark or unit.get(MARK.prefix) is None:
            self.mark = mark
            unit.put(MARK.prefix, MARK.pack(mark))


class DetectRole:
    """Detect, as the engine and the replay open it."""

    name = "detect"
    group: Group = "region"

    def __init__(self, policy: OutagePolicy) -> None:
        self.policy = policy
        heartbeats, alarms, kpis = STREAMS
        self.sources = (
            Source(TOPOLOGY, 0),
            Source(heartbeats, 1, reread_s=3 * policy.longest_silence_s),
            Source(alarms, 1, reread_s=3 * policy.longest_silence_s),
            Source(kpis, 2),
        )

    def open(self, partition: int, layout: Layout) -> Fold:
        """The fold of one region partition."""
        return DetectFold(self.policy, partition)
