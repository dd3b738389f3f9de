"""What lies at or below an element or a region, of the things that are placed on elements. Pure.

    put(A, olt-1):   element/olt-1, element/agg-1, region/north ──> A

Invariant: `under` follows the topology: what is above an element changes with `rewire`.
"""

from __future__ import annotations

from collections.abc import Iterable

from forewarn.stream.outages.topology import Topology


class Subtrees:
    """Keys by what they are at or below, each placed on one element."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._under: dict[str, dict[str, None]] = {}
        self._places: dict[str, tuple[str, tuple[str, ...]]] = {}  #: key -> element, names above it

    def put(self, key: str, element: str) -> None:
        """Places a key, or places it again."""
        known = self.topology.elements.get(element)
        above = tuple(self.topology.names_above(element, known.region if known is not None else ""))
        if self._places.get(key) == (element, above):
            return
        self.remove(key)
        self._places[key] = element, above
        for name in above:
            self._under.setdefault(name, {})[key] = None

    def remove(self, key: str) -> None:
        """Takes a key out, if it is in."""
        _, above = self._places.pop(key, ("", ()))
        for name in above:
            held = self._under[name]
            del held[key]
            if not held:
                del self._under[name]

    def rewire(self, element: str) -> None:
        """What is above an element has changed: so has what the keys at or below it are under."""
        for key in list(self._under.get(f"element/{element}", ())):
            self.put(key, self._places[key][0])

    def under(self, name: str) -> Iterable[str]:
        """The keys at or below an element or region, in no order."""
        return self._under.get(name, ())
