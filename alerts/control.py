"""Pause and resume, as the internal topic `control` says: obeyed from the next unit on.

One table key a kind, `k/<kind>`; kind `*` stands for all. Kinds are those of alerts, and `marketing` for the gate.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import Control

PREFIX = b"k/"
SCHEMA = b"\x01"
EVERYTHING = "*"


class Controls:
    """The kinds that are paused in one partition."""

    def __init__(self) -> None:
        self._paused: set[str] = set()

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds what is paused."""
        self._paused = {key[len(PREFIX) :].decode() for key in table if key.startswith(PREFIX)}

    def paused(self, kind: str) -> bool:
        """Whether sending of a kind is paused."""
        return bool(self._paused) and (kind in self._paused or EVERYTHING in self._paused)

    @property
    def words(self) -> tuple[str, ...]:
        """What is paused, as operators said it: kinds, `*` for all."""
        return tuple(sorted(self._paused))

    def take(self, unit: Unit, kind: str, control: Control | None) -> bool:
        """Folds a word of the operator's; a tombstone resumes. True when the kind was resumed by it."""
        if control is not None and control.paused:
            self._paused.add(kind)
            unit.put(PREFIX + kind.encode(), SCHEMA + msgspec.msgpack.encode(control.time))
            return False
        resumed = kind in self._paused
        self._paused.discard(kind)
        unit.delete(PREFIX + kind.encode())
        return resumed
