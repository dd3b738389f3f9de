"""Folds a changelog back into a table. Pure: fed with record batches in log order, it keeps what counts.

A unit counts when its marker's owner is that of the last takeover before it in the log, or when its marker was
compacted away. What a dispossessed owner wrote does not count, and its keys must be written again by the new owner:
compaction would otherwise one day keep the foreign value and drop the marker that exposes it.

Short values that are alike are one object, as they were when they were written: of half a million devices, most rows
are one of a few thousand.
"""

from __future__ import annotations

from collections.abc import Sequence

from forewarn.stream.engine.marker import MARKER, TAKEOVER, Marker, decode
from forewarn.stream.engine.role import Record

#: Bytes of a value that may have many alike, and how many different ones are remembered.
SHORT, REMEMBERED = 256, 1 << 16


class Restorer:
    """The table, the last marker that counts, and the keys to repair."""

    def __init__(self) -> None:
        self.table: dict[bytes, bytes] = {}
        self.marker: Marker | None = None
        self.owner: str | None = None
        self.foreign: set[bytes] = set()
        self.records = 0
        self._alike: dict[bytes, bytes] = {}

    def feed(self, batch: Sequence[Record]) -> None:
        """Takes one record batch of the changelog."""
        last = batch[-1]
        self.records += len(batch)
        if last.key == TAKEOVER and last.value is not None:
            self.owner = last.value.decode()
            return
        if last.key == MARKER and last.value is not None:
            marker = decode(last.value)
            if self.owner is not None and marker.owner != self.owner:
                self.foreign.update(record.key for record in batch[:-1] if record.key is not None)
                return
            self.marker = marker
            batch = batch[:-1]
        self._apply(batch)

    def _apply(self, batch: Sequence[Record]) -> None:
        table = self.table
        for record in batch:
            key, value = record.key, record.value
            if key is None:
                continue
            if value:
                table[key] = self._alike.setdefault(value, value) if len(value) <= SHORT else value
            else:
                table.pop(key, None)
        if len(self._alike) > REMEMBERED:
            self._alike.clear()

    def repairs(self) -> dict[bytes, bytes]:
        """What the new owner must write again: its own value of each foreign key (`b""` = deleted)."""
        return {key: self.table.get(key, b"") for key in sorted(self.foreign)}
