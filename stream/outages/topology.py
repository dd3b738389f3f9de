"""The network as correlate knows it: elements, what is above what, who is down, and what that takes down with it. Pure.

    agg ── olt-1 ── onu-1            an element that beats is down when its own beats say so;
       └── olt-2 ─┬ onu-2            one that does not, when all its parents are (rings, dual homing),
                  └ onu-3            or when most of what beats beneath it is down

Rows: `e/<element>` Known, `d/<element>` that it is down, `u/<element>` that it is unseen.
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
    longitude: float | None = None


KNOWN = Shelf("e/", Known)
DOWN, UNSEEN = b"d/", b"u/"


class Topology:
    """All elements of all regions. Everything but the elements and who is down is rebuilt from the rows.

    `beating` and `fallen` are, for what has something below it, the devices below that beat and those of them that are
    down: kept up to date with every change, so that judging an element looks at nothing below it.
    """

    def __init__(self) -> None:
        self.elements: dict[str, Known] = {}
        self.children: dict[str, dict[str, None]] = {}
        self.regions: dict[str, dict[str, None]] = {}
        self.down: dict[str, None] = {}
        self.unseen: dict[str, None] = {}  #: fell silent together with their collector
        self.beating: dict[str, int] = {}
        self.fallen: dict[str, int] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the indexes. Devices that hang on the same parents are counted in at once."""
        for key, value in table.items():
            if key.startswith(KNOWN.prefix):
                self._index(KNOWN.name(key), KNOWN.unpack(value))
            elif key.startswith(DOWN):
                self.down[key[len(DOWN) :].decode()] = None
            elif key.startswith(UNSEEN):
                self.unseen[key[len(UNSEEN) :].decode()] = None
        siblings: dict[tuple[str, ...], list[int]] = {}
        for element, known in self.elements.items():
            if known.beats:
                counts = siblings.setdefault(known.parents, [0, 0])
                counts[0] += 1
                counts[1] += element in self.down
        for parents, (beating, fallen) in siblings.items():
            self._add(parents, beating, fallen)

    def put(self, unit: Unit, element: str, known: Known) -> Known | None:
        """Adds or changes an element; gives what was known before."""
        was = self.elements.get(element)
        if known != was:
            devices = self._devices(element, moved=was is None or was.parents != known.parents)
            self._recount(devices, -1)
            self._unindex(element)
            self._index(element, known)
            self._recount(devices, 1)
            unit.put(KNOWN.key(element), KNOWN.pack(known))
        return was

    def remove(self, unit: Unit, element: str) -> Known | None:
        """Takes an element out; gives what was known of it."""
        if element not in self.elements:
            return None
        devices = self._devices(element, moved=True)
        self._recount(devices, -1)
        was = self._unindex(element)
        unit.delete(KNOWN.key(element))
        self._recount(devices, 1)
        self.set_down(unit, element, down=False)
        return was

    def _devices(self, element: str, *, moved: bool) -> list[str]:
        """The elements whose counts hang on what is known of `element`: all below it, if what is above it changes."""
        return self.below((element,)) if moved and self.children.get(element) else [element]

    def _recount(self, devices: list[str], sign: int) -> None:
        for device in devices:
            known = self.elements.get(device)
            if known is not None and known.beats:
                self._add(known.parents, sign, sign * (device in self.down))

    def _add(self, parents: tuple[str, ...], beating: int, fallen: int) -> None:
        for name in self._up(parents):
            self.beating[name] = self.beating.get(name, 0) + beating
            self.fallen[name] = self.fallen.get(name, 0) + fallen

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
        found = self._find(unit, element)
        if down == (element in self.down):
            return found
        if down:
            self.down[element] = None
            unit.put(DOWN + element.encode(), SCHEMA)
        else:
            del self.down[element]
            unit.delete(DOWN + element.encode())
        known = self.elements.get(element)
        if known is not None and known.beats:
            self._add(known.parents, 0, 1 if down else -1)
        return True

    def lose(self, unit: Unit, element: str) -> bool:
        """Notes that an element went out of sight; whether that is news."""
        if element in self.unseen or element in self.down:
            return False
        self.unseen[element] = None
        unit.put(UNSEEN + element.encode(), SCHEMA)
        return True

    def _find(self, unit: Unit, element: str) -> bool:
        if element not in self.unseen:
            return False
        del self.unseen[element]
        unit.delete(UNSEEN + element.encode())
        return True

    def beats(self, element: str) -> bool:
        """Whether an element was heard itself."""
        known = self.elements.get(element)
        return known is not None and known.beats

    # -- ways up and down

    def above(self, element: str) -> Iterator[str]:
        """The element and everything above it, nearest first."""
        yield from self._up((element,))

    def _up(self, names: Iterable[str]) -> Iterator[str]:
        queue = list(dict.fromkeys(names))
        found = set(queue)
        for name in queue:
            yield name
            known = self.elements.get(name)
            for parent in known.parents if known is not None else ():
                if parent not in found:
                    found.add(parent)
                    queue.append(parent)

    def names_above(self, element: str, region: str) -> list[str]:
        """In an outage's words, the element and everything above it, nearest first, then its region."""
        return [*(f"element/{name}" for name in self.above(element)), f"region/{region}"]

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

    def watched(self, element: str) -> bool:
        """Whether anything beats at or below an element."""
        known = self.elements.get(element)
        return (known is not None and known.beats) or self.beating.get(element, 0) > 0

    def fallen_share(self, element: str) -> float:
        """The share of the devices that beat at or below an element that is down; 0 when none beats."""
        known = self.elements.get(element)
        own = known is not None and known.beats
        beating = self.beating.get(element, 0) + own
        return (self.fallen.get(element, 0) + (own and element in self.down)) / beating if beating else 0.0

    def tops(self, region: str) -> list[str]:
        """The elements of a region with nothing of the same region above them."""
        inside = self.regions.get(region, {})
        return [name for name in inside if not any(parent in inside for parent in self.elements[name].parents)]

    def region_below(self, element: str) -> str | None:
        """The region of what names an unknown element as its parent."""
        return next((self.elements[child].region for child in self.children.get(element, ())), None)

    def scope(self, names: Iterable[str]) -> list[str]:
        """What an outage about these elements and regions covers (`element/<id>`, `region/<id>`)."""
        tops: dict[str, None] = {}
        for name in names:
            kind, _, place = name.partition("/")
            tops |= dict.fromkeys(self.regions.get(place, ())) if kind == "region" else {place: None}
        return self.below(tops)
