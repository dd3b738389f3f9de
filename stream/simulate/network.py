"""The simulated network: regions, each a tree from the core over aggregation to the devices at the customers.

    core ─┬─ aggregation ─┬─ OLT ─┬─ PON ─── ONU      (fibre; every fourth OLT hangs on both aggregations)
          │               ├─ node ── CPE              (cable)
          │               └─ cell                     (mobile)
          └─ aggregation ─ …

A PON is passive: it is in the inventory and never beats, like a power area. All else beats.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msgspec import Struct

from forewarn.stream.simulate.size import Size, draws

#: Time zone and centre (latitude, longitude) of a region; regions take them in turn.
PLACES = (
    ("Europe/London", 51.51, -0.13),
    ("Europe/Berlin", 52.52, 13.40),
    ("Europe/Berlin", 48.14, 11.58),
    ("America/New_York", 40.71, -74.01),
    ("Europe/London", 53.48, -2.24),
    ("Europe/Vienna", 48.21, 16.37),
    ("America/Los_Angeles", 34.05, -118.24),
    ("Europe/Zurich", 47.37, 8.54),
    ("America/Chicago", 41.88, -87.63),
    ("Europe/Dublin", 53.35, -6.26),
)
SERVING = frozenset({"onu", "cpe", "cell"})
PASSIVE = frozenset({"pon", "power"})


class Element(Struct, frozen=True, kw_only=True):
    """One element of the network. `parents` holds one element, or two for a dual-homed one, or none."""

    element: str
    region: str
    kind: str
    technology: str
    parents: tuple[str, ...] = ()
    powered_by: str | None = None
    collector: str | None = None
    latitude: float
    longitude: float

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
        for element in elements:
            for parent in element.parents:
                self.children.setdefault(parent, []).append(element.element)

    def in_region(self, region: str, *kinds: str) -> list[Element]:
        """The elements of a region, of the kinds named, in the order of the inventory."""
        return [e for e in self.elements if e.region == region and (not kinds or e.kind in kinds)]

    def cut_off(self, root: str) -> tuple[str, ...]:
        """`root` and everything that reaches the core only through it, parents before children."""
        lost = {root: None}
        waiting = [root]
        while waiting:
            for child in self.children.get(waiting.pop(0), ()):
                if child not in lost and all(parent in lost for parent in self.by_id[child].parents):
                    lost[child] = None
                    waiting.append(child)
        return tuple(lost)

    def share(self, root: str, down: int) -> float:
        """What part of the beating elements under `root`, itself included, `down` of them are."""
        return down / max(1, sum(self.by_id[element].beats for element in self.cut_off(root)))


def build(seed: int, size: Size) -> Network:
    """The network of a seed: the same elements for the same seed and size."""
    elements: list[Element] = []
    for index in range(size.regions):
        share = size.devices // size.regions + (index < size.devices % size.regions)
        elements.extend(_Region(index, size, draws(seed, f"network/{index}")).elements(share))
    return Network(tuple(elements))


class _Region:
    """Builds one region."""

    def __init__(self, index: int, size: Size, random: Random) -> None:
        self.name = f"r{index + 1:02d}"
        self._random = random
        _, self._latitude, self._longitude = PLACES[index % len(PLACES)]
        first = index % size.collectors
        self._collectors = (
            f"col-{first + 1}",
            f"col-{(first + 1 + index // size.collectors % (size.collectors - 1)) % size.collectors + 1}",
        )

    def elements(self, devices: int) -> Iterator[Element]:
        """`devices` beating elements, and the passive ones between them."""
        olts, nodes, cells = max(1, devices // 25), max(1, devices // 50), max(1, devices // 12)
        leaves = max(0, devices - 3 - olts - nodes - cells)
        cable = leaves * 3 // 10
        core, *aggregations = (f"{self.name}-{name}" for name in ("core", "agg-1", "agg-2"))
        yield self._element(core, "core", "ethernet")
        for name in aggregations:
            yield self._element(name, "aggregation", "ethernet", (core,))
        for number in range(cells):
            area = f"{self.name}-power-{number % olts + 1}"
            yield self._element(
                f"{self.name}-cell-{number + 1:02d}", "cell", "mobile", (aggregations[number % 2],), area
            )
        yield from self._fibre(aggregations, olts, leaves - cable)
        for number in range(nodes):
            name = f"{self.name}-node-{number + 1}"
            yield self._element(name, "node", "cable", (aggregations[number % 2],))
            for leaf in range(number, cable, nodes):
                yield self._element(f"{self.name}-cpe-{leaf + 1:04d}", "cpe", "cable", (name,))

    def _fibre(self, aggregations: list[str], olts: int, onus: int) -> Iterator[Element]:
        for number in range(olts):
            name, area = f"{self.name}-olt-{number + 1}", f"{self.name}-power-{number + 1}"
            ring = number % 4 == 3
            yield self._element(area, "power", "ethernet")
            homes = tuple(aggregations) if ring else (aggregations[number % 2],)
            yield self._element(name, "olt", "fibre", homes, area)
            for port in (1, 2):
                yield self._element(f"{name}-pon-{port}", "pon", "fibre", (name,), area)
            for leaf in range(number, onus, olts):
                pon = f"{name}-pon-{leaf // olts % 2 + 1}"
                yield self._element(f"{self.name}-onu-{leaf + 1:04d}", "onu", "fibre", (pon,), area)

    def _element(
        self, name: str, kind: str, technology: str, parents: tuple[str, ...] = (), area: str | None = None
    ) -> Element:
        return Element(
            element=name,
            region=self.name,
            kind=kind,
            technology=technology,
            parents=parents,
            powered_by=area,
            collector=None if kind in PASSIVE else self._collectors[self._random.random() < 0.5],
            latitude=round(self._latitude + self._random.uniform(-0.2, 0.2), 4),
            longitude=round(self._longitude + self._random.uniform(-0.2, 0.2), 4),
        )
