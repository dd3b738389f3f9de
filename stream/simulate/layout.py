"""How a region is laid out: each a tree from the core over aggregation to the devices at the customers.

    core ─┬─ agg-1 ─┬─ OLT ─┬─ PON ─── ONU      fibre; every fourth OLT hangs on both aggregations (a ring)
          │         ├─ node ── CPE              cable
          │         ├─ DSLAM ── CPE             DSL
          │         └─ cell                     mobile; every fifth hangs on both aggregations
          └─ metro ─┬─ agg-2 ── …               in some regions a metro aggregation carries the half
                    └─ agg-2 of the next region ── …         of the next region, too

    grid ── power area ── OLT, its PONs and ONUs, cells near by        (powered_by)

A PON is passive: it is in the inventory and never beats, like a power area. All else beats. Every tenth region is
sparse: a handful of devices. Business sites (one leaf in forty) have two accesses.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from random import Random

from forewarn.stream.simulate.network import PASSIVE, Element, Network
from forewarn.stream.simulate.size import Size, draws

#: Time zone and centre (latitude, longitude) of a region; regions take them in turn.
PLACES = (
    ("Europe/London", 51.51, -0.13),
    ("Europe/Berlin", 52.52, 13.40),
    ("Europe/Madrid", 40.42, -3.70),
    ("America/New_York", 40.71, -74.01),
    ("Europe/Paris", 48.86, 2.35),
    ("Europe/Vienna", 48.21, 16.37),
    ("America/Los_Angeles", 34.05, -118.24),
    ("Europe/Zurich", 47.37, 8.54),
    ("America/Chicago", 41.88, -87.63),
    ("Europe/Dublin", 53.35, -6.26),
)
#: Devices of a sparse region, and a region large enough to be thinned out to one.
SPARSE, DENSE = 8, 24
#: Share of the leaves on cable and DSL; one in BUSINESS has two accesses; one in OLD does not say how often it beats.
CABLE, DSL, BUSINESS, OLD = 0.24, 0.16, 40, 25


def build(seed: int, size: Size) -> Network:
    """The network of a seed: the same elements for the same seed and size."""
    elements: list[Element] = []
    shares = _shares(size)
    for index, share in enumerate(shares):
        random = draws(seed, f"network/{index}")
        metro = index % 8 == 0 and share >= 40 and index + 1 < size.regions and shares[index + 1] >= 40
        behind = f"r{index:02d}-metro" if index % 8 == 1 and f"r{index:02d}-metro" in _names(elements) else None
        elements.extend(_Region(index, size, random, metro, behind).elements(share))
    return Network(tuple(elements))


def _names(elements: list[Element]) -> set[str]:
    return {element.element for element in elements if element.kind == "aggregation"}


def _shares(size: Size) -> list[int]:
    """Devices of each region: every tenth is sparse where there are enough, the others share the rest evenly."""
    sparse = [index % 10 == 9 and size.devices // size.regions >= DENSE for index in range(size.regions)]
    rest = size.devices - SPARSE * sum(sparse)
    dense = size.regions - sum(sparse)
    shares, number = [], 0
    for thin in sparse:
        shares.append(SPARSE if thin else rest // dense + (number < rest % dense))
        number += not thin
    return shares


class _Region:
    """Builds one region. `metro`: it has a metro aggregation; `behind`: it hangs on that of the region before."""

    def __init__(self, index: int, size: Size, random: Random, metro: bool, behind: str | None) -> None:
        self.name = f"r{index + 1:02d}"
        self._random = random
        self._metro, self._behind = metro, behind
        _, self._latitude, self._longitude = PLACES[index % len(PLACES)]
        first = index % size.collectors
        self._collectors = (
            f"col-{first + 1}",
            f"col-{(first + 1 + index // size.collectors % (size.collectors - 1)) % size.collectors + 1}",
        )
        self._leaf = 0

    def elements(self, devices: int) -> Iterator[Element]:
        """`devices` beating elements, and the passive ones between them."""
        olts, nodes, cells = max(1, devices // 25), max(1, devices // 50), max(1, devices // 12)
        dslams = devices // 80
        leaves = max(0, devices - 3 - self._metro - olts - nodes - cells - dslams)
        cable, dsl = int(leaves * CABLE), int(leaves * DSL) if dslams else 0
        business = leaves // BUSINESS
        yield self._element(f"{self.name}-grid", "power", "ethernet")
        aggregations = yield from self._upper()
        for number in range(cells):
            area = f"{self.name}-power-{number % olts + 1}"
            homes: tuple[str, ...] = aggregations if number % 5 == 4 else (aggregations[number % 2],)
            yield self._element(f"{self.name}-cell-{number + 1:02d}", "cell", "mobile", homes, area)
        yield from self._fibre(aggregations, olts, leaves - cable - dsl - business)
        yield from self._copper(aggregations, "node", "cable", nodes, cable)
        yield from self._copper(aggregations, "dslam", "dsl", dslams, dsl)
        for number in range(business):
            homes = (f"{self.name}-olt-{number % olts + 1}", f"{self.name}-node-{number % nodes + 1}")
            yield self._element(f"{self.name}-site-{number + 1:02d}", "cpe", "ethernet", homes, f"{self.name}-grid")

    def _upper(self) -> Generator[Element, None, tuple[str, str]]:
        """Core and aggregations; returns the names of the two that access hangs on."""
        core, first, second, metro = (f"{self.name}-{name}" for name in ("core", "agg-1", "agg-2", "metro"))
        yield self._element(core, "core", "ethernet")
        if self._metro:
            yield self._element(metro, "aggregation", "ethernet", (core,))
        yield self._element(first, "aggregation", "ethernet", (core,))
        yield self._element(second, "aggregation", "ethernet", (metro if self._metro else self._behind or core,))
        return first, second

    def _fibre(self, aggregations: tuple[str, str], olts: int, onus: int) -> Iterator[Element]:
        for number in range(olts):
            name, area = f"{self.name}-olt-{number + 1}", f"{self.name}-power-{number + 1}"
            yield self._element(area, "power", "ethernet", (), f"{self.name}-grid")
            homes: tuple[str, ...] = aggregations if number % 4 == 3 else (aggregations[number % 2],)
            yield self._element(name, "olt", "fibre", homes, area)
            for port in (1, 2):
                yield self._element(f"{name}-pon-{port}", "pon", "fibre", (name,), area)
            for leaf in range(number, onus, olts):
                pon = f"{name}-pon-{leaf // olts % 2 + 1}"
                yield self._element(f"{self.name}-onu-{leaf + 1:04d}", "onu", "fibre", (pon,), area)

    def _copper(
        self, aggregations: tuple[str, str], kind: str, technology: str, roots: int, leaves: int
    ) -> Iterator[Element]:
        """Cable nodes or DSLAMs, and the devices on them; each has a power area of its own."""
        for number in range(roots):
            name, area = f"{self.name}-{kind}-{number + 1}", f"{self.name}-power-{kind}-{number + 1}"
            yield self._element(area, "power", "ethernet", (), f"{self.name}-grid")
            yield self._element(name, "node", technology, (aggregations[number % 2],), area)
            for _ in range(number, leaves, roots):
                self._leaf += 1
                yield self._element(f"{self.name}-cpe-{self._leaf:04d}", "cpe", technology, (name,), area)

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
            says_interval=self._random.randrange(OLD) > 0,
        )
