"""The outages that concern customers now, as `outages.impact` tells them: headers, sets of elements, and the index.

    chunk 0 ─┐                         ┌─ state, times, cause ...      (newest revision wins)
    chunk 1 ─┼─> elements_revision 7 ──┤
    chunk 2 ─┘   whole: replaces 4     └─ by_element: element -> outages

A set of elements counts from its first chunk on (the marketing gate must not wait for the last one); an element leaves
when the new set is whole and it is not in it. What left, and what was restored, stays until the outage is forgotten:
not before the lease is over.

Table: `o/h/<outage>` header, `o/e/<revision>/<chunk>/<outage>` elements, `o/l/<outage>` elements that left and when.
Invariant: `by_element` is the union of the sets, of the chunks under way and of what left, of every outage kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.outages import Etr, ImpactChunk, OutageState

HEADER, ELEMENTS, LEFT = b"o/h/", b"o/e/", b"o/l/"
SCHEMA = b"\x01"

#: States after which nothing is broken any more.
OVER = frozenset({"restored", "closed", "dismissed", "merged"})


class Incident(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One outage as its newest revision says. Instants are epoch milliseconds.

    `whole` is the revision of the complete set of `chunks` chunks (-1: none yet); `coming` that of the one under way.
    `notify_after` is the end of the first group wait; `ended` when service was back, or the outage proved to be none.
    `promises`: times that customers here were told service is back by, 0 for none. `noticed`: one was told of it.
    `storm`: it affects very many here; `crowded`: so many that a revision must say whether it is held.
    """

    outage_id: str
    revision: int
    time: int
    state: OutageState
    region: str
    element: str
    started: int
    whole: int = -1
    chunks: int = 0
    coming: int = -1
    coming_chunks: int = 0
    have: tuple[int, ...] = ()
    confirmed: int | None = None
    restored: int | None = None
    cause: str | None = None
    etr: Etr | None = None
    parent: str | None = None
    merged_into: str | None = None
    maintenance_id: str | None = None
    hold: bool | None = None
    muted: bool | None = None
    text: str | None = None
    reopened: int = 0
    notify_after: int | None = None
    ended: int | None = None
    left_due: int | None = None
    promises: tuple[int, ...] = ()
    noticed: bool = False
    crowded: bool = False
    storm: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing is broken any more."""
        return self.state in OVER

    @property
    def telling(self) -> bool:
        """Whether customers may be told `confirmed` in this state."""
        return self.state == "confirmed" and self.whole >= 0 and not (self.hold or self.crowded)


class Change(Struct, frozen=True):
    """What one chunk changed. `before` is None for a new outage; `resized`: a set became whole and differs."""

    before: Incident | None
    after: Incident
    resized: bool


ENCODE = msgspec.msgpack.Encoder().encode
DECODE_HEADER = msgspec.msgpack.Decoder(Incident).decode
DECODE_ELEMENTS = msgspec.msgpack.Decoder(tuple[str, ...]).decode
DECODE_LEFT = msgspec.msgpack.Decoder(dict[str, int]).decode


class Incidents:
    """The outages of one customer partition."""

    def __init__(self) -> None:
        self.by_id: dict[str, Incident] = {}
        self.by_element: dict[str, set[str]] = {}
        self._set: dict[str, set[str]] = {}
        self._coming: dict[str, set[str]] = {}
        self._left: dict[str, dict[str, int]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds headers, sets and the index from the table."""
        for key, value in table.items():
            if key.startswith(HEADER):
                self.by_id[key[len(HEADER) :].decode()] = DECODE_HEADER(memoryview(value)[1:])
            elif key.startswith(LEFT):
                self._left[key[len(LEFT) :].decode()] = DECODE_LEFT(memoryview(value)[1:])
        for key, value in table.items():
            if key.startswith(ELEMENTS):
                revision, _, outage = key[len(ELEMENTS) :].decode().split("/", 2)
                whole = int(revision) == self.by_id[outage].whole
                kept = (self._set if whole else self._coming).setdefault(outage, set())
                kept.update(DECODE_ELEMENTS(memoryview(value)[1:]))
        for outage in self.by_id:
            self._index(outage, self.concerned(outage))

    def heir(self, incident: Incident) -> Incident:
        """The outage that an outage is a part of, through all mergers that are known here; else itself."""
        seen = {incident.outage_id}
        while incident.state == "merged" and incident.merged_into is not None and incident.merged_into not in seen:
            seen.add(incident.merged_into)
            incident = self.by_id.get(incident.merged_into, incident)
        return incident

    def elements(self, outage: str) -> set[str]:
        """The elements that are down, those of chunks under way included."""
        return self._set.get(outage, set()) | self._coming.get(outage, set())

    def left(self, outage: str) -> Mapping[str, int]:
        """Element -> epoch ms at which it left the confirmed outage's set."""
        return self._left.get(outage, {})

    def concerned(self, outage: str) -> set[str]:
        """The elements down and those that left."""
        return self.elements(outage) | self._left.get(outage, {}).keys()

    def down(self, outage: str, element: str) -> bool:
        """Whether the element is in the outage's set."""
        return element in self._set.get(outage, ()) or element in self._coming.get(outage, ())

    def concerning(self, elements: Iterable[str]) -> list[Incident]:
        """The outages kept that concern any of the elements, by id."""
        sets = [outages for element in elements if (outages := self.by_element.get(element))]
        found = sorted(set().union(*sets)) if len(sets) > 1 else sorted(sets[0]) if sets else ()
        return [self.by_id[outage] for outage in found]

    def broken(self, element: str) -> bool:
        """Whether a confirmed outage that is not over has the element down."""
        for outage in self.by_element.get(element, ()):
            incident = self.by_id[outage]
            if incident.confirmed is not None and not incident.over and self.down(outage, element):
                return True
        return False

    def take(self, unit: Unit, chunk: ImpactChunk) -> Change | None:
        """Folds one chunk. None when it says nothing new, or concerns an outage that is over and was not kept."""
        before = self.by_id.get(chunk.outage_id)
        if before is None and chunk.state in OVER and chunk.elements is None:
            return None
        after = _revised(before, chunk)
        after, resized = self._chunk(unit, after, chunk)
        if after == before:
            return None
        self.save(unit, after)
        return Change(before, after, resized)

    def save(self, unit: Unit, incident: Incident) -> None:
        """Stores a header."""
        self.by_id[incident.outage_id] = incident
        unit.put(HEADER + incident.outage_id.encode(), SCHEMA + ENCODE(incident))

    def forget(self, unit: Unit, outage: str) -> None:
        """Removes an outage: header, sets and index."""
        incident = self.by_id.pop(outage)
        self._unindex(outage, self.concerned(outage))
        for held in (self._set, self._coming, self._left):
            held.pop(outage, None)
        self._drop_chunks(unit, outage, incident.whole, range(incident.chunks))
        self._drop_chunks(unit, outage, incident.coming, incident.have)
        unit.delete(HEADER + outage.encode())
        unit.delete(LEFT + outage.encode())

    def _chunk(self, unit: Unit, incident: Incident, chunk: ImpactChunk) -> tuple[Incident, bool]:
        """Takes the chunk's elements; the second value says whether a new set became whole and differs."""
        outage, revision = incident.outage_id, chunk.elements_revision
        if chunk.elements is None or revision <= incident.whole or revision < incident.coming:
            return incident, False
        if revision > incident.coming:
            self._drop_chunks(unit, outage, incident.coming, incident.have)
            abandoned = self._coming.pop(outage, set())
            self._unindex(outage, abandoned - self.concerned(outage))
            self._coming[outage] = set()
            incident = msgspec.structs.replace(incident, coming=revision, coming_chunks=chunk.chunks, have=())
        if chunk.chunk in incident.have:
            return incident, False
        unit.put(_elements_key(outage, revision, chunk.chunk), SCHEMA + ENCODE(chunk.elements))
        self._coming[outage].update(chunk.elements)
        self._index(outage, chunk.elements)
        incident = msgspec.structs.replace(incident, have=tuple(sorted((*incident.have, chunk.chunk))))
        if len(incident.have) < incident.coming_chunks:
            return incident, False
        return self._whole(unit, incident, chunk.time)

    def _whole(self, unit: Unit, incident: Incident, time: int) -> tuple[Incident, bool]:
        """Puts the set that has fully arrived in the place of the old one."""
        outage = incident.outage_id
        old, new = self._set.get(outage, set()), self._coming.pop(outage)
        self._drop_chunks(unit, outage, incident.whole, range(incident.chunks))
        self._set[outage] = new
        self._move_left(unit, incident, gone=old - new, back=new, time=time)
        after = msgspec.structs.replace(
            incident, whole=incident.coming, chunks=incident.coming_chunks, coming=-1, coming_chunks=0, have=()
        )
        return after, old != new or incident.whole < 0

    def _move_left(self, unit: Unit, incident: Incident, *, gone: set[str], back: set[str], time: int) -> None:
        """Notes which elements left the set and which came back. What was never confirmed leaves no trace."""
        outage = incident.outage_id
        known = self._left.get(outage, {})
        kept = {element: since for element, since in known.items() if element not in back}
        if incident.confirmed is not None:
            kept.update((element, time) for element in sorted(gone))
        self._unindex(outage, gone - kept.keys())
        if kept != known:
            self._left[outage] = kept
            unit.put(LEFT + outage.encode(), SCHEMA + ENCODE(kept))

    def _drop_chunks(self, unit: Unit, outage: str, revision: int, chunks: Iterable[int]) -> None:
        if revision >= 0:
            for chunk in chunks:
                unit.delete(_elements_key(outage, revision, chunk))

    def _index(self, outage: str, elements: Iterable[str]) -> None:
        for element in elements:
            self.by_element.setdefault(element, set()).add(outage)

    def _unindex(self, outage: str, elements: Iterable[str]) -> None:
        for element in elements:
            outages = self.by_element.get(element)
            if outages is not None:
                outages.discard(outage)
                if not outages:
                    del self.by_element[element]


def _elements_key(outage: str, revision: int, chunk: int) -> bytes:
    return b"%s%d/%d/%s" % (ELEMENTS, revision, chunk, outage.encode())


def _revised(before: Incident | None, chunk: ImpactChunk) -> Incident:
    """The header after the chunk's revision; an older revision changes nothing."""
    if before is not None and chunk.revision <= before.revision:
        return before
    return Incident(
        outage_id=chunk.outage_id,
        revision=chunk.revision,
        time=chunk.time,
        state=chunk.state,
        region=chunk.region,
        element=chunk.element,
        started=chunk.started,
        whole=before.whole if before else -1,
        chunks=before.chunks if before else 0,
        coming=before.coming if before else -1,
        coming_chunks=before.coming_chunks if before else 0,
        have=before.have if before else (),
        confirmed=_confirmed(before, chunk),
        restored=chunk.restored,
        cause=chunk.cause,
        etr=chunk.etr,
        parent=chunk.parent,
        merged_into=chunk.merged_into,
        maintenance_id=chunk.maintenance_id,
        hold=chunk.hold,
        muted=chunk.muted,
        text=chunk.text,
        reopened=chunk.reopened,
        notify_after=before.notify_after if before else None,
        ended=before.ended if before else None,
        left_due=before.left_due if before else None,
        noticed=before.noticed if before else False,
        storm=before.storm if before else False,
        crowded=before.crowded and chunk.hold is None if before else False,
        promises=before.promises if before else (),
    )


def _confirmed(before: Incident | None, chunk: ImpactChunk) -> int | None:
    """When the outage was confirmed: as the revision says, else as known, else now if that is its state."""
    if chunk.confirmed is not None:
        return chunk.confirmed
    if before is not None and before.confirmed is not None:
        return before.confirmed
    return chunk.time if chunk.state == "confirmed" else None
