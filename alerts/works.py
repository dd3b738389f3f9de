"""The planned work that concerns customers, as `outages.impact` tells it: headers, sets of elements, and the index.

    chunk 0 ─┐                         ┌─ window, status, turn ...     (newest revision wins)
    chunk 1 ─┼─> elements_revision 7 ──┤
    chunk 2 ─┘   whole: replaces 4     └─ by_element: element -> works

Nobody is told of a work before its set is whole: what it takes down is known long before it does. Table: `v/h/<id>`
header, `v/e/<revision>/<chunk>/<id>` elements. Invariant: `by_element` is the union of all whole sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.works import WorkChunk, WorkStatus

HEADER, ELEMENTS = b"v/h/", b"v/e/"
SCHEMA = b"\x01"


class Work(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One planned work as its newest revision says. Instants are epoch ms.

    `whole` is the revision of the complete set of `chunks` chunks (-1: none yet); `coming` that of the one under way.
    Nothing is told before `notify_after`, the end of the group wait.
    """

    maintenance_id: str
    revision: int
    status: WorkStatus
    start: int
    end: int
    turn: int = 0
    previous: tuple[int, int] | None = None
    late: int = 0
    promised: int = 0
    ended: int | None = None
    region: str | None = None
    reason: str | None = None
    whole: int = -1
    chunks: int = 0
    coming: int = -1
    coming_chunks: int = 0
    have: tuple[int, ...] = ()
    notify_after: int = 0

    @property
    def over(self) -> bool:
        """Whether it took place, or never will."""
        return self.status in ("completed", "cancelled")

    @property
    def last(self) -> int:
        """When it ended, or was to end."""
        return self.end if self.ended is None else max(self.end, self.ended)


class Change(Struct, frozen=True):
    """What one chunk changed. `before` is None for a new work; `resized`: a set became whole and differs."""

    before: Work | None
    after: Work
    resized: bool


ENCODE = msgspec.msgpack.Encoder().encode
DECODE_HEADER = msgspec.msgpack.Decoder(Work).decode
DECODE_ELEMENTS = msgspec.msgpack.Decoder(tuple[str, ...]).decode


class Works:
    """The planned works of one customer partition."""

    def __init__(self) -> None:
        self.by_id: dict[str, Work] = {}
        self.by_element: dict[str, set[str]] = {}
        self._set: dict[str, set[str]] = {}
        self._coming: dict[str, set[str]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds headers, sets and the index from the table."""
        for key, value in table.items():
            if key.startswith(HEADER):
                self.by_id[key[len(HEADER) :].decode()] = DECODE_HEADER(memoryview(value)[1:])
        for key, value in table.items():
            if key.startswith(ELEMENTS):
                revision, _, name = key[len(ELEMENTS) :].decode().split("/", 2)
                held = self._set if int(revision) == self.by_id[name].whole else self._coming
                held.setdefault(name, set()).update(DECODE_ELEMENTS(memoryview(value)[1:]))
        for name, elements in self._set.items():
            self._index(name, elements)

    def elements(self, name: str) -> set[str]:
        """What the work takes down."""
        return self._set.get(name, set())

    def covers(self, name: str, element: str) -> bool:
        """Whether the work takes the element down."""
        return element in self._set.get(name, ())

    def concerning(self, elements: Iterable[str]) -> set[str]:
        """The works that take any of the elements down."""
        return set().union(*(self.by_element.get(element, ()) for element in elements))

    def take(self, unit: Unit, chunk: WorkChunk) -> Change | None:
        """Folds one chunk. None when it says nothing new, or is the end of a work that was not kept."""
        name = chunk.maintenance_id
        before = self.by_id.get(name)
        if before is None and chunk.elements is None and chunk.status in ("completed", "cancelled"):
            return None
        after, resized = self._chunk(unit, _revised(before, chunk), chunk)
        if after == before:
            return None
        self.save(unit, after)
        return Change(before, after, resized)

    def save(self, unit: Unit, work: Work) -> None:
        """Stores a header."""
        self.by_id[work.maintenance_id] = work
        unit.put(HEADER + work.maintenance_id.encode(), SCHEMA + ENCODE(work))

    def forget(self, unit: Unit, name: str) -> None:
        """Removes a work: header, sets and index."""
        work = self.by_id.pop(name)
        self._unindex(name, self._set.pop(name, set()))
        self._coming.pop(name, None)
        self._drop(unit, name, work.whole, range(work.chunks))
        self._drop(unit, name, work.coming, work.have)
        unit.delete(HEADER + name.encode())

    def _chunk(self, unit: Unit, work: Work, chunk: WorkChunk) -> tuple[Work, bool]:
        """Takes the chunk's elements; the second value says whether a new set became whole and differs."""
        name, revision = work.maintenance_id, chunk.elements_revision
        if chunk.elements is None or revision <= work.whole or revision < work.coming:
            return work, False
        if revision > work.coming:
            self._drop(unit, name, work.coming, work.have)
            self._coming[name] = set()
            work = msgspec.structs.replace(work, coming=revision, coming_chunks=chunk.chunks, have=())
        if chunk.chunk in work.have:
            return work, False
        unit.put(_key(name, revision, chunk.chunk), SCHEMA + ENCODE(chunk.elements))
        self._coming[name].update(chunk.elements)
        work = msgspec.structs.replace(work, have=tuple(sorted((*work.have, chunk.chunk))))
        return self._whole(unit, work) if len(work.have) == work.coming_chunks else (work, False)

    def _whole(self, unit: Unit, work: Work) -> tuple[Work, bool]:
        """Puts the set that has fully arrived in the place of the old one."""
        name = work.maintenance_id
        old, new = self._set.get(name, set()), self._coming.pop(name)
        self._drop(unit, name, work.whole, range(work.chunks))
        self._unindex(name, old - new)
        self._set[name] = new
        self._index(name, new - old)
        after = msgspec.structs.replace(
            work, whole=work.coming, chunks=work.coming_chunks, coming=-1, coming_chunks=0, have=()
        )
        return after, old != new or work.whole < 0

    def _drop(self, unit: Unit, name: str, revision: int, chunks: Iterable[int]) -> None:
        if revision >= 0:
            for chunk in chunks:
                unit.delete(_key(name, revision, chunk))

    def _index(self, name: str, elements: Iterable[str]) -> None:
        for element in elements:
            self.by_element.setdefault(element, set()).add(name)

    def _unindex(self, name: str, elements: Iterable[str]) -> None:
        for element in elements:
            works = self.by_element[element]
            works.discard(name)
            if not works:
                del self.by_element[element]


def _key(name: str, revision: int, chunk: int) -> bytes:
    return b"%s%d/%d/%s" % (ELEMENTS, revision, chunk, name.encode())


def _revised(before: Work | None, chunk: WorkChunk) -> Work:
    """The header after the chunk's revision; an older revision changes nothing."""
    if before is not None and chunk.revision <= before.revision:
        return before
    known = before or Work(chunk.maintenance_id, 0, chunk.status, chunk.start, chunk.end)
    return msgspec.structs.replace(
        known,
        revision=chunk.revision,
        status=chunk.status,
        start=chunk.start,
        end=chunk.end,
        turn=chunk.turn,
        previous=chunk.previous,
        late=chunk.late,
        promised=chunk.promised,
        ended=chunk.ended,
        region=chunk.region,
        reason=chunk.reason,
    )
