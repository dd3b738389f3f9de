"""The simulated network: its elements, and who hangs on whom. How regions are laid out stands in `layout.py`."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

SERVING = frozenset({"onu", "cpe", "cell"})
PASSIVE = frozenset({"pon", "power"})


class Element(Struct, frozen=True, kw_only=True):
    """One element of the network. `parents` holds one element, or two for a dual-homed one, or none.

    `says_interval`: false for old firmware, of which neither inventory nor beats tell how often it beats.
    """

    element: str
    region: str
    kind: str
    technology: str
    parents: tuple[str, ...] = ()
    powered_by: str | None = None
    collector: str | None = None
    latitude: float
    longitude: float
    says_interval: bool = True

    @property
    def beats(self) -> bool:
        """Whether it sends heartbeats."""
        return self.kind not in PASSIVE

    @property
    def serves(self) -> bool:
        """Whether customers are connected to it."""
        return self.kind in SERVING


class Network:
    """All elements, and who hangs on whom."""

    def __init__(self, elements: tuple[Element, ...]) -> None:
        self.elements = elements
        self.by_id = {element.element: element for element in elements}
        self.regions = tuple(dict.fromkeys(element.region for element in elements))
        self.children: dict[str, list[str]] = {}
        self.fed: dict[str, list[str]] = {}
        self._of: dict[str, list[Element]] = {}
        for element in elements:
            self._of.setdefault(element.region, []).append(element)
            for parent in element.parents:
                self.children.setdefault(parent, []).append(element.element)
            if element.powered_by is not None:
                self.fed.setdefault(element.powered_by, []).append(element.element)
        self.cut_off = cache(self._cut_off)

    def in_region(self, region: str, *kinds: str) -> list[Element]:
        """The elements of a region, of the kinds named, in the order of the inventory."""
        return [e for e in self._of.get(region, ()) if not kinds or e.kind in kinds]

    def _cut_off(self, root: str) -> tuple[str, ...]:
        """`root` and everything that reaches the core only through it, parents before children."""
        lost = {root: None}
        waiting = [root]
        for one in waiting:
            for child in self.children.get(one, ()):
                if child not in lost and all(parent in lost for parent in self.by_id[child].parents):
                    lost[child] = None
                    waiting.append(child)
        return tuple(lost)

    def powered(self, source: str) -> tuple[str, ...]:
        """Everything that gets its power from `source`, over any number of steps."""
        found = list(self.fed.get(source, ()))
        for one in found:
            found.extend(self.fed.get(one, ()))
        return tuple(found)

    def above(self, element: str) -> tuple[str, ...]:
        """The ancestors of an element, nearest first."""
        found = dict.fromkeys(self.by_id[element].parents)
        for one in (waiting := list(found)):
            for parent in self.by_id[one].parents:
                if parent not in found:
                    found[parent] = None
                    waiting.append(parent)
        return tuple(found)

    def beating(self, root: str) -> tuple[str, ...]:
        """What beats among `root` and all that is cut off with it."""
        return tuple(element for element in self.cut_off(root) if self.by_id[element].beats)

    def share(self, root: str, down: int) -> float:
        """What part of the beating elements under `root`, itself included, `down` of them are."""
        return down / max(1, len(self.beating(root)))
