"""The network as correlate knows it: elements, what is above what, who is down, and what that takes down with it. Pure.

    agg ── olt-1 ── onu-1            an element that beats is down when its own beats say so;
       └── olt-2 ─┬ onu-2            one that does not, when all its parents are (rings, dual homing),
                  └ onu-3            or when most of what beats beneath it is down

Rows: `e/<element>` Known, `d/<element>` that it is down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.rows import SCHEMA, Shelf


class Known(Struct, frozen=True, array_like=True, gc=False):
    """One element. `beats`: it was heard itself, so that its own liveness decides. `inventory`: not merely learned."""

    region: str
    parents: tuple[str, ...] = ()
    kind: str | None = None
    technology: str | None = None
    collector: str | None = None
    interval_s: float | None = None
    powered_by: str | None = None
    inventory: bool = False
    beats: bool = False


KNOWN = Shelf("e/", Known)
DOWN = b"d/"


class Topology:
    """All elements of all regions. `children` and the sets of down elements are rebuilt from the rows."""

    def __init__(self) -> None:
        self.elements: dict[str, Known] = {}
        self.children: dict[str, dict[str, None]] = {}
        self.regions: dict[str, dict[str, None]] = {}
        self.down: dict[str, None] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the indexes."""
        for key, value in table.items():
            if key.startswith(KNOWN.prefix):
                self._index(KNOWN.name(key), KNOWN.unpack(value))
            elif key.startswith(DOWN):
                self.down[key[len(DOWN) :].decode()] = None

    def put(self, unit: Unit, element: str, known: Known) -> Known | None:
        """Adds or changes an element; gives what was known before."""
        was = self.elements.get(element)
        if known != was:
            self._unindex(element)
            self._index(element, known)
            unit.put(KNOWN.key(element), KNOWN.pack(known))
        return was

    def remove(self, unit: Unit, element: str) -> Known | None:
        """Takes an element out; gives what was known of it."""
        was = self._unindex(element)
        if was is not None:
            unit.delete(KNOWN.key(element))
            self.set_down(unit, element, down=False)
        return was

    def _index(self, element: str, known: Known) -> None:
        self.elements[element] = known
        self.regions.setdefault(known.region, {})[element] = None
        for parent in known.parents:
            self.children.setdefault(parent, {})[element] = None

    def _unindex(self, element: str) -> Known | None:
        was = self.elements.pop(element, None)
        if was is not None:
            self.regions[was.region].pop(element, None)
            for parent in was.parents:
                self.children[parent].pop(element, None)
        return was

    def set_down(self, unit: Unit, element: str, *, down: bool) -> bool:
        """Notes that an element went down or came back; whether that is news."""
        if down == (element in self.down):
            return False
        if down:
            self.down[element] = None
            unit.put(DOWN + element.encode(), SCHEMA)
        else:
            del self.down[element]
            unit.delete(DOWN + element.encode())
        return True

    # -- ways up and down

    def above(self, element: str) -> Iterator[str]:
        """The element and everything above it, nearest first."""
        found, queue = {element: None}, [element]
        for name in queue:
            yield name
            known = self.elements.get(name)
            for parent in known.parents if known is not None else ():
                if parent not in found:
                    found[parent] = None
                    queue.append(parent)

    def below(self, tops: Iterable[str]) -> list[str]:
        """These elements and everything below them, each after at least one of its parents."""
        found = dict.fromkeys(tops)
        queue = list(found)
        for name in queue:
            for child in self.children.get(name, ()):
                if child not in found:
                    found[child] = None
                    queue.append(child)
        return queue

    def region_below(self, element: str) -> str | None:
        """The region of what names an unknown element as its parent."""
        return next((self.elements[child].region for child in self.children.get(element, ())), None)

    def scope(self, element: str, region: str, *, whole_region: bool) -> list[str]:
        """What an outage on an element, or on a whole region, covers."""
        return self.below(self.regions.get(region, ())) if whole_region else self.below((element,))
