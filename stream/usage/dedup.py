"""Duplicate recognition: fingerprints of the record ids seen, in two generations that take turns.

    Kafka time   ──┬───── horizon ─────┬───── horizon ─────┬──
                   │        old        │       young       │
                   └ tombstoned when the next one begins   └ a repeated id is known for one horizon at least

A fingerprint is XXH3 (64 bit) of customer and record id: two ids of a full partition share one with probability
10^-7 at 2 million ids. What a unit adds is one changelog record; a short one is filled up by the next unit, so that a
quiet partition does not collect keys.

Invariant: the sets are what the `d/` keys of the table say.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.id_set import IdSet, Marks

PREFIX = b"d/"
_HEAD = struct.Struct("<Bq")  # schema, begin of the generation (epoch ms)
_SCHEMA = 1
#: Marks as they are stored.
_LITTLE = np.dtype("<u8")
#: A stored value shorter than this is filled up before another key is begun.
_SHORT = 1024
#: Tombstones of an ended generation written at a time.
_SWEEP = 1000


class Fingerprints:
    """The record ids of one partition within the horizon. `horizon` is in ms; at most `most` ids are kept.

    The hot loop asks `seen` once for a run of records; `note` then adds what was new and writes it.
    """

    __slots__ = ("_begun", "_expired", "_generation", "_half", "_horizon", "_keys", "_old", "_old_keys", "_young")

    def __init__(self, horizon: int, most: int) -> None:
        self._horizon = horizon
        self._half = most // 2
        self._generation = 0
        self._begun = 0
        #: How many keys the young and the old generation have.
        self._keys = 0
        self._old_keys = 0
        #: Keys of ended generations that are still to be deleted, oldest first.
        self._expired: list[bytes] = []
        self._young = IdSet(self._half)
        self._old = IdSet(self._half)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the sets from the table."""
        keys = sorted(key for key in table if key.startswith(PREFIX))
        if not keys:
            return
        self._generation = _generation(keys[-1])
        self._begun = _HEAD.unpack_from(table[keys[-1]])[1]
        for key in keys:
            age = self._generation - _generation(key)
            if age == 0:
                self._keys += 1
                self._remember(self._young, table[key])
            elif age == 1:
                self._old_keys += 1
                self._remember(self._old, table[key])
            else:
                self._expired.append(key)

    def turn(self, seen: int, room: int) -> None:
        """Begins a generation when `room` records of Kafka time `seen` (ms) need one."""
        full = len(self._young) + room > max(self._half, room)
        if seen < self._begun + self._horizon and not full:
            return
        silent = seen >= self._begun + 2 * self._horizon
        self._begin(seen)
        if silent:  # both generations are past the horizon
            self._begin(seen)

    def seen(self, marks: Marks) -> NDArray[np.bool_]:
        """For each mark whether it is known."""
        return self._young.holds(marks) | self._old.holds(marks)

    def note(self, unit: Unit, marks: Marks) -> None:
        """Adds and writes marks that are distinct and were not known."""
        if not marks.size:
            return
        added = np.sort(marks).astype(_LITTLE, copy=False)
        self._young.add(added)
        key = _key(self._generation, max(0, self._keys - 1))
        stored = unit.get(key)
        if stored is not None and key not in unit.dirty and len(stored) >= _SHORT:
            key, stored = _key(self._generation, self._keys), None
        if stored is None:
            stored = _HEAD.pack(_SCHEMA, self._begun)
            self._keys += 1
        unit.put(key, stored + added.tobytes())

    def sweep(self, unit: Unit) -> None:
        """Deletes some keys of ended generations."""
        for key in self._expired[:_SWEEP]:
            unit.delete(key)
        del self._expired[:_SWEEP]

    def _remember(self, into: IdSet, stored: bytes) -> None:
        into.add(np.frombuffer(stored, _LITTLE, offset=_HEAD.size))

    def _begin(self, seen: int) -> None:
        self._expired += (_key(self._generation - 1, number) for number in range(self._old_keys))
        self._old, self._young = self._young, IdSet(self._half)
        self._old_keys, self._keys = self._keys, 0
        self._generation, self._begun = self._generation + 1, seen


def _key(generation: int, number: int) -> bytes:
    return b"d/%08x/%08x" % (generation, number)


def _generation(key: bytes) -> int:
    return int(key[2:10], 16)
