"""The input files of a replay. Each can be read twice: once to look at it, once to replay it.

Standard input is first copied to an unnamed temporary file, so memory stays bounded however long it is.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from forewarn.stream.replay.lines import Line, LineError, decode

#: Lines between two calls of the progress callback.
_STRIDE = 20_000


class InputError(ValueError):
    """An input that cannot be replayed; the text names file and line."""


class Inputs:
    """The files in the order given; `-` is standard input."""

    def __init__(self, names: Sequence[str], prefix: str = "", progress: Callable[[int], None] | None = None) -> None:
        self.names = tuple(names)
        self._prefix = prefix
        self._progress = progress
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        try:
            for name in self.names:
                self._files.append(_open(name))
        except OSError as error:
            self.__exit__(None, None, None)
            raise InputError(f"{error.filename}: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()
        self._files = []

    def __len__(self) -> int:
        return len(self.names)

    @property
    def size(self) -> int:
        """Bytes of all files together; 0 where a file has no size (a pipe given by name)."""
        total = 0
        for file in self._files:
            with suppress(OSError):
                total += file.seek(0, 2)
        return total

    def read(self, index: int) -> Iterator[tuple[int, Line]]:
        """Line numbers (from 1) and records of one file, from its start. Raises `InputError` at the first bad line."""
        file = self._files[index]
        file.seek(0)
        prefix, number, done = self._prefix, 0, 0
        for number, text in enumerate(file, 1):
            done += len(text)
            if number % _STRIDE == 0:
                self._report(done)
                done = 0
            if text.isspace():
                continue
            try:
                line = decode(text)
            except LineError as error:
                raise self.error(index, number, str(error)) from None
            if prefix:
                line = _without_prefix(line, prefix)
            yield number, line
        self._report(done)

    def error(self, index: int, number: int, text: str) -> InputError:
        """What is wrong with a line, with its place."""
        name = "standard input" if self.names[index] == "-" else self.names[index]
        return InputError(f"{name}, line {number}: {text}")

    def _report(self, done: int) -> None:
        if self._progress is not None:
            self._progress(done)


def _open(name: str) -> IO[bytes]:
    if name != "-":
        path = Path(name)
        return path.open("rb") if path.is_file() or not path.exists() else _spool(path.open("rb"))
    return _spool(sys.stdin.buffer)


def _spool(source: IO[bytes]) -> IO[bytes]:
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by Inputs
    shutil.copyfileobj(source, spool)
    return spool


def _without_prefix(line: Line, prefix: str) -> Line:
    if not line.topic.startswith(prefix):
        return line
    topic = line.topic[len(prefix) :]
    return Line(topic, line.ts, line.key, line.value, line.partition, line.offset, line.headers)
