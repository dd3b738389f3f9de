"""The input ledger: every record is on the disk before it is produced, so no crash can make an input forgotten.

Lines whose topic starts with `#` are not produced: they tell the model what the generator did to the world.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

#: An outage: {"outage": n, "elements": [...], "time": ms}.
BEGUN, KNOWN, MENDED = "#outage.begun", "#outage.known", "#outage.mended"


class Input(Struct, frozen=True, omit_defaults=True):
    """One record to produce. `partition` None: by the key."""

    topic: str
    key: str
    value: dict[str, Any]
    partition: int | None = None


class Ledger:
    """An append-only file of inputs, synced with every `write`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: IO[bytes] = path.open("ab")

    def write(self, inputs: Iterable[Input]) -> None:
        """Appends inputs; when this returns they are on the disk."""
        lines = [msgspec.json.encode(one) + b"\n" for one in inputs]
        self._file.write(b"".join(lines))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.count += len(lines)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def read(path: Path) -> Iterator[Input]:
    """All inputs of a ledger, in the order in which they were produced; a line that is still being written is none."""
    decode = msgspec.json.Decoder(Input).decode
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield decode(line)
