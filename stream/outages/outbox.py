"""What one unit of detect tells correlate: changes are collected, then sent once, in chunks. Pure.

Invariant: sequences rise within a partition, also over a lost table, as they never lie behind the clock of the unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

import msgspec
import orjson
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.outages import AlarmRow, LearnedElement, Signal

SIGNALS = "outages.signals"
#: Ids or rows of one signal at most.
CHUNK = 5000
#: Learned elements of one signal: correlate passes each of them on.
LEARNED_CHUNK = 1000

Change = Literal["down", "veiled", "up"]
CHANGES: tuple[Change, ...] = ("down", "veiled", "up")

T = TypeVar("T")


def wire(event: Struct) -> bytes:
    """JSON of an event, without the fields that are at their default."""
    return orjson.dumps(msgspec.to_builtins(event))


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[tuple[T, ...]]:
    """Cuts a sequence into tuples of at most `size`."""
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])


class Outbox:
    """Collects over one unit. `sequence` is that of the last signal sent."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.sequence = 0
        self._changed: dict[str, dict[str, Change]] = {}
        self._learned: dict[str, list[LearnedElement]] = {}
        self._alarms: dict[tuple[str, str], AlarmRow] = {}

    def changed(self, region: str, element: str, change: Change) -> None:
        """A device went down, out of sight, or came back; the last word of a unit counts."""
        self._changed.setdefault(region, {})[element] = change

    def learned(self, region: str, element: LearnedElement) -> None:
        """An element was first heard of, or what it says of its place has changed."""
        self._learned.setdefault(region, []).append(element)

    def alarm(self, row: AlarmRow) -> None:
        """Alarms of one class opened or closed on an element; the last word of a unit counts."""
        self._alarms[row.element, row.alarm] = row

    def send(self, unit: Unit, signal: Signal) -> None:
        """Sends one signal, with the next sequence."""
        self.sequence = max(self.sequence + 1, unit.now)
        key = signal.region if signal.region is not None else f"partition/{self.partition}"
        value = wire(msgspec.structs.replace(signal, partition=self.partition, sequence=self.sequence))
        unit.emit(SIGNALS, key.encode(), value, partitions=(0,))

    def flush(self, unit: Unit, clock: int) -> None:
        """Sends what was collected: learned elements first, then alarms, then who went down, then who came back."""
        for region, elements in self._learned.items():
            for part in chunks(elements, LEARNED_CHUNK):
                self.send(unit, Signal("learned", clock, 0, 0, region=region, learned=part))
        for rows in chunks(list(self._alarms.values())):
            self.send(unit, Signal("alarm", clock, 0, 0, alarms=rows))
        for region, changes in self._changed.items():
            for change in CHANGES:
                ids = sorted(element for element, last in changes.items() if last == change)
                for some in chunks(ids):
                    self.send(unit, Signal(change, clock, 0, 0, region=region, devices=some))
        self._learned.clear()
        self._alarms.clear()
        self._changed.clear()
