"""Records, a fold and a codec that are as small as can be, for tests of the engine without Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from forewarn.stream.engine.mailbox import Batch
from forewarn.stream.engine.marker import MARKER, TAKEOVER, Marker, encode
from forewarn.stream.engine.role import Fold, Record
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.topics.codecs import Decoded


class Plain(Struct, frozen=True):
    """A record."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def run(start: int, *values: bytes, key: bytes = b"k", then: int = 0) -> Batch:
    """Records of one key from an offset on; behind them come `then` offsets without anything to read."""
    records = [Plain(start + step, key, value) for step, value in enumerate(values)]
    return Batch(records, start + len(records) + then)


class Changelog:
    """Builds a changelog batch by batch, as brokers would number it."""

    def __init__(self) -> None:
        self.batches: list[list[Record]] = []
        self.end = 0

    def _append(self, *pairs: tuple[bytes, bytes | None]) -> list[Record]:
        batch: list[Record] = [Plain(self.end + step, key, value) for step, (key, value) in enumerate(pairs)]
        self.end += len(batch)
        self.batches.append(batch)
        return batch

    def takeover(self, owner: str) -> None:
        """A new owner announces itself."""
        self._append((TAKEOVER, owner.encode()))

    def unit(self, owner: str, changes: dict[bytes, bytes | None], offset: int = 0) -> None:
        """A commit unit of an owner."""
        marker = encode(Marker(owner, {"in": offset}, 0, []))
        self._append(*changes.items(), (MARKER, marker))

    def unmarked(self, changes: dict[bytes, bytes | None]) -> None:
        """What compaction leaves of a unit whose marker is superseded."""
        self._append(*changes.items())


class AsIs:
    """A codec that takes every record as an event."""

    def decode(self, records: Sequence[Record]) -> Decoded:
        """All records, unchanged."""
        return Decoded(list(records), list(records), [], Counter())


class Counting(Fold):
    """Counts records by key; keeps what was fired, heard and ticked."""

    def __init__(self) -> None:
        self.fired: list[tuple[int, Timer]] = []
        self.rearm: dict[str, int] = {}

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        """One more of each key."""
        for record in records:
            key = b"n/" + (record.key or b"")
            before = unit.get(key)
            unit.put(key, b"\x01%d" % (1 + int(before[1:] if before else 0)))

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Remembers the timer, and sets it again if told to."""
        self.fired.append((unit.now, timer))
        if (due := self.rearm.pop(timer.name, None)) is not None:
            unit.arm(due, timer.subject, timer.name)


def count_of(table: dict[bytes, bytes], key: bytes) -> int:
    """What `Counting` has counted of a key."""
    return int(table.get(b"n/" + key, b"\x010")[1:])
