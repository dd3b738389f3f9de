"""Draws what goes wrong in a span of time: which incidents, where, when. See `incidents.py` for what each is.

Rates are per region and day (an ordinary regional access network, in a bad month); a quiet margin lies before the first
incident, after the last one and between two of one region.
"""

from __future__ import annotations

from random import Random

from forewarn.stream.simulate.incidents import (
    DAY,
    HOUR,
    MINUTE,
    Incident,
    Kind,
    Loss,
    Plan,
    flapping,
    maintenance,
    noise,
    outage,
)
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.size import Size, draws

#: Kind of outage, weight, and the kinds of element it happens to.
OUTAGES: tuple[tuple[Kind, float, tuple[str, ...]], ...] = (
    ("fibre_cut", 0.18, ("pon",)),
    ("fibre_cut", 0.16, ("olt",)),
    ("fibre_cut", 0.05, ("aggregation",)),
    ("equipment", 0.12, ("olt",)),
    ("equipment", 0.11, ("node",)),
    ("cell", 0.12, ("cell",)),
    ("power", 0.14, ("olt",)),
    ("upstream", 0.03, ("core",)),
    ("blip", 0.09, ("olt", "node", "aggregation")),
)
OUTAGES_A_DAY, FLAPPERS_A_DAY, WORKS_A_DAY = 1.0, 0.15, 0.25
LOSSES_A_DAY = 1.0
SWITCHED_OFF_A_DAY = 0.15
#: Quiet time that separates two incidents of one region: longer than the time in which a relapse reopens an outage.
APART = 75 * MINUTE
_TRIES = 40


def draw(seed: int, size: Size, network: Network, start: int, end: int) -> Plan:
    """What goes wrong in [start, end), epoch ms."""
    return _Planner(seed, size, network, start, end).plan()


class _Planner:
    def __init__(self, seed: int, size: Size, network: Network, start: int, end: int) -> None:
        self._seed, self._size, self._network = seed, size, network
        self._start, self._end = start, end
        self._days = (end - start) / DAY
        self._first = start + min(40 * MINUTE, (end - start) // 6)
        self._last = end - min(20 * MINUTE, (end - start) // 8)
        self._busy: dict[str, list[tuple[int, int]]] = {region: [] for region in network.regions}

    def plan(self) -> Plan:
        # A collector needs a quiet time in many regions at once, so its losses are placed first.
        losses = self._losses(draws(self._seed, "collectors"))
        incidents: list[Incident] = []
        for index, region in enumerate(self._network.regions):
            incidents.extend(self._region(region, draws(self._seed, f"incidents/{index}")))
        leaves = [e for e in self._network.elements if e.kind in ("onu", "cpe")]
        incidents.extend(noise(draws(self._seed, "noise"), leaves, self._start, self._end, SWITCHED_OFF_A_DAY))
        incidents.sort(key=lambda incident: (incident.start, incident.id))
        return Plan(incidents=tuple(incidents), losses=losses, skews=self._skews(draws(self._seed, "skew")))

    def _region(self, region: str, random: Random) -> list[Incident]:
        found: list[Incident] = []
        number = self._network.regions.index(region) * 100
        for _ in range(_poisson(random, OUTAGES_A_DAY * self._days)):
            kind, _, places = random.choices(OUTAGES, [weight for _, weight, _ in OUTAGES])[0]
            span = self._span(random, [region], self._duration(random, kind))
            element = self._pick(random, region, places)
            if span is not None and element is not None:
                found.append(outage(self._network, random, kind, element, *span, number + len(found)))
        for _ in range(_poisson(random, WORKS_A_DAY * self._days)):
            span = self._span(random, [region], random.randrange(45, 150) * MINUTE)
            element = self._pick(random, region, ("olt", "node", "cell"))
            if span is not None and element is not None:
                found.append(maintenance(self._network, random, element, *span, number + len(found)))
        for _ in range(_poisson(random, FLAPPERS_A_DAY * self._days)):
            span = self._span(random, [region], random.randrange(30, 90) * MINUTE)
            element = self._pick(random, region, ("onu", "cpe", "cell"))
            if span is not None and element is not None:
                interval = self._size.interval_ms
                found.append(flapping(random, element, *span, number + len(found), interval))
        return found

    def _duration(self, random: Random, kind: Kind) -> int:
        if kind == "blip":
            return round(random.uniform(60_000, 150_000))
        return round(min(5 * HOUR, max(6 * MINUTE, random.lognormvariate(3.7, 0.8) * MINUTE)))

    def _pick(self, random: Random, region: str, kinds: tuple[str, ...]) -> Element | None:
        candidates = self._network.in_region(region, *kinds)
        return random.choice(candidates) if candidates else None

    def _span(self, random: Random, regions: list[str], duration: int) -> tuple[int, int] | None:
        """A time in which none of the regions has anything else, marked as taken; None if there is none to be found."""
        duration = min(duration, (self._last - self._first) // 2)
        for _ in range(_TRIES):
            start = random.randrange(self._first, self._last - duration)
            end = start + duration
            taken = (span for region in regions for span in self._busy[region])
            if all(end + APART <= since or until + APART <= start for since, until in taken):
                for region in regions:
                    self._busy[region].append((start, end))
                return start, end
        return None

    def _losses(self, random: Random) -> tuple[Loss, ...]:
        heard: dict[str, list[str]] = {}
        for element in self._network.elements:
            if element.collector is not None and element.region not in heard.setdefault(element.collector, []):
                heard[element.collector].append(element.region)
        losses: list[Loss] = []
        for collector, regions in sorted(heard.items()):
            for _ in range(_poisson(random, LOSSES_A_DAY * self._days)):
                span = self._span(random, regions, random.randrange(4, 30) * MINUTE)
                if span is not None:
                    identity = f"collector_loss-{len(losses):04d}"
                    kept = random.random() < 0.5
                    losses.append(Loss(id=identity, collector=collector, start=span[0], end=span[1], kept=kept))
        return tuple(sorted(losses, key=lambda loss: (loss.start, loss.id)))

    def _skews(self, random: Random) -> dict[str, int]:
        skews: dict[str, int] = {}
        for element in self._network.elements:
            draw = random.random()
            if element.beats and draw < 0.01:
                skews[element.element] = round(random.uniform(-90_000, 90_000))
            elif element.kind in ("onu", "cpe") and draw < 0.012:
                skews[element.element] = HOUR
        return skews


def _poisson(random: Random, mean: float) -> int:
    """How often something of this mean happened (by exponential gaps)."""
    count, at = 0, random.expovariate(1)
    while at < mean:
        count += 1
        at += random.expovariate(1)
    return count
