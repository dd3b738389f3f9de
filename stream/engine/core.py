"""One partition without IO: table, timers and fold. The engine drives it with Kafka, the replay without.

records ─┐
ticks   ─┼─> Core ──> Unit (dirty keys, outputs, effects) ──> sealed ──> appended ──> installed
timers  ─┘
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from forewarn.stream.engine.role import Fold, Record
from forewarn.stream.engine.unit import TIMER, Timer, Unit
from forewarn.topics.codecs import Codec
from forewarn.topics.dead_letters import dead_letter

#: Due timers fired in one unit at most; the rest follow in the next one.
TIMERS_A_UNIT = 500


class Core:
    """The state of one partition of one role."""

    def __init__(self, fold: Fold, codecs: Mapping[str, Codec], partition: int) -> None:
        self.fold = fold
        self.codecs = codecs
        self.partition = partition
        self.table: dict[bytes, bytes] = {}
        self.pending: dict[bytes, bytes] = {}
        self.timers: list[bytes] = []
        self.now = 0

    def restore(self, now: int) -> None:
        """Rebuilds timers and the fold's indexes after the table has been filled."""
        self.now = max(self.now, now)
        self.timers = sorted(key for key in self.table if key.startswith(TIMER))
        self.fold.restore(self.table)

    def begin(self, now: int) -> Unit:
        """Opens a unit at `now` (epoch ms); time never goes back."""
        self.now = max(self.now, now)
        return Unit(self.table, self.pending, self.now)

    def take(self, unit: Unit, topic: str, records: Sequence[Record]) -> None:
        """Decodes and folds records of one topic; undecodable ones become dead letters."""
        decoded = self.codecs[topic].decode(records)
        for malformed in decoded.malformed:
            unit.outputs.append(dead_letter(topic, self.partition, malformed, unit.now))
        if decoded.events:
            self.fold.fold(unit, topic, decoded.events, decoded.records)
        unit.applied[topic] += len(decoded.events)
        unit.filtered[topic] += decoded.filtered.total()

    def hear(self, topic: str, records: Sequence[Record]) -> None:
        """Gives the fold records outside any unit: nothing is emitted, nothing becomes durable."""
        decoded = self.codecs[topic].decode(records)
        self.fold.reread(topic, decoded.events, decoded.records)

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Lets time pass: fires due timers in (due, key) order, then the fold's own tick."""
        self.fire_due(unit)
        self.fold.tick(unit, idle)

    def fire_due(self, unit: Unit) -> None:
        """Fires at most `TIMERS_A_UNIT` due timers."""
        limit = b"t/%013d/\xff" % unit.now
        for _ in range(TIMERS_A_UNIT):
            if not self.timers or self.timers[0] > limit:
                return
            key = heapq.heappop(self.timers)
            if unit.get(key) is None:  # disarmed, or armed twice and fired
                continue
            unit.delete(key)
            self.fold.fire(unit, Timer.parse(key))
            self._arm(unit)

    @property
    def next_due(self) -> int | None:
        """Epoch ms of the earliest timer, or None."""
        return int(self.timers[0][2:15]) if self.timers else None

    def answer(self, unit: Unit, reply: Any) -> None:
        """Folds the reply of an effect."""
        self.fold.heard(unit, reply)

    def work(self, unit: Unit) -> bool:
        """Lets the fold do a bounded piece of spread work; True while more is left."""
        return self.fold.work(unit)

    def seal(self, unit: Unit) -> Unit:
        """Closes a unit: its writes are what the next unit sees, though not yet installed."""
        self._arm(unit)
        self.pending = unit.dirty
        return unit

    def install(self, unit: Unit) -> None:
        """Makes a sealed unit's writes the table's."""
        table = self.table
        table.update(unit.dirty)
        for key in unit.deleted:
            if not unit.dirty[key]:  # not put again since
                table.pop(key, None)
        if self.pending is unit.dirty:
            self.pending = {}

    def _arm(self, unit: Unit) -> None:
        for key in unit.armed:
            heapq.heappush(self.timers, key)
        unit.armed.clear()
