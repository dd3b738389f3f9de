"""The places of one region partition, by what can be said of many at once: who is heard, expected and down. Pure.

    region r1 ─┬─ behind col-1 ─┬─ place (olt-1, beats of 60 s) ── devices
               │    a quarter   └─ place (olt-2, beats of 60 s) ── devices
               └─ behind col-2 ─── …

A place never leaves and its quarter never changes, so what does not change is kept with the quarter; when it was heard
and how it counts is read off its places each tick, some tens of nanoseconds a place.
Invariant: every place is in exactly one quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from forewarn.stream.outages.device import SPECS, Place, Spec
from forewarn.stream.outages.groups import Groups, Node

_heard: Callable[[Place], int] = attrgetter("heard")
_expected: Callable[[Place], int] = attrgetter("expected")
_down: Callable[[Place], int] = attrgetter("down")


class Quarter:
    """The places of a region behind one collector (None: nobody knows which).

    `fastest`: the shortest beat interval in it, `slowest`: the longest that was said, 0 for none (ms).
    """

    __slots__ = ("behind", "fastest", "places", "region", "slowest")

    def __init__(self, region: str, behind: str | None) -> None:
        self.region = region
        self.behind = behind
        self.places: list[Place] = []
        self.fastest = 0
        self.slowest = 0

    @property
    def heard(self) -> int:
        """The newest event time of a beat from here, epoch ms."""
        return max(map(_heard, self.places))

    @property
    def expected(self) -> int:
        """Devices that were heard at all."""
        return sum(map(_expected, self.places))

    @property
    def down(self) -> int:
        """Devices that are down."""
        return sum(map(_down, self.places))


class Places:
    """All places. `default` is the interval (ms) where none was said; `node` finds or makes the group of an element."""

    def __init__(self, default: int, groups: Groups, node: Callable[[str, str], Node]) -> None:
        self.quarters: dict[tuple[str, str | None], Quarter] = {}
        self._default = default
        self._groups = groups
        self._node = node
        self._places: dict[tuple[Spec, str | None, str | None, float | None], Place] = {}
        self._below: dict[Node, list[Place]] = {}
        self._drawn = (-1, 0)  #: what `_below` was made from

    def __iter__(self) -> Iterator[Place]:
        return iter(self._places.values())

    def at(
        self, spec: Spec, parent: str | None, collector: str | None, interval_s: float | None, row: bytes | None
    ) -> Place:
        """The place of devices of this spec, whose beats say this; `row` is the spec encoded, if that is at hand."""
        key = (spec, parent, collector, interval_s)
        place = self._places.get(key)
        if place is None:
            nodes = tuple(self._node(element, spec.region) for element in spec.parents)
            place = Place(
                spec, row or SPECS.pack(spec), parents=nodes, parent=parent, collector=collector, interval_s=interval_s
            )
            self._places[key] = place
            self._settle(place)
        return place

    def _settle(self, place: Place) -> None:
        region, behind, interval = place.spec.region, place.behind, place.interval
        quarter = self.quarters.get((region, behind))
        if quarter is None:
            quarter = self.quarters[region, behind] = Quarter(region, behind)
        usual = interval or self._default
        quarter.fastest = min(quarter.fastest or usual, usual)
        quarter.slowest = max(quarter.slowest, interval)
        quarter.places.append(place)

    def heard_below(self, nodes: Iterable[Node]) -> dict[Node, int]:
        """When a device below each of these groups was last heard (epoch ms); 0: never."""
        drawn = (self._groups.version, len(self._places))
        if drawn != self._drawn:
            self._below = {}
            for place in self:
                for node in {node: None for parent in place.parents for node in self._groups.lineage(parent)}:
                    self._below.setdefault(node, []).append(place)
            self._drawn = drawn
        return {node: max(map(_heard, self._below.get(node, ())), default=0) for node in nodes}
