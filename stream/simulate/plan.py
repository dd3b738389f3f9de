"""Draws what goes wrong in a span of time: which incidents, where, when. See `incidents.py` for what each is.

Rates are per region and day (an ordinary regional access network, in a bad month). Each family draws from a stream of
its own; what needs a quiet time in many regions at once (collectors, mass outages) is placed first.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from forewarn.stream.simulate import everyday
from forewarn.stream.simulate.incidents import (
    DAY,
    HOUR,
    MINUTE,
    Degradation,
    Delay,
    Demand,
    Incident,
    Kind,
    Lingering,
    Loss,
    Plan,
    Repeat,
    merged,
)
from forewarn.stream.simulate.layout import PLACES
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.repairs import local_hour, repair_ms
from forewarn.stream.simulate.size import Size, draws
from forewarn.stream.simulate.slots import Slots
from forewarn.stream.simulate.trouble import BLIP, CAUSES, flapping, lingering, outage
from forewarn.stream.simulate.works import Works

#: Kind of outage, weight, and the kinds of element it happens to.
OUTAGES: tuple[tuple[Kind, float, tuple[str, ...]], ...] = (
    ("fibre_cut", 0.17, ("pon",)),
    ("fibre_cut", 0.14, ("olt",)),
    ("fibre_cut", 0.04, ("aggregation",)),
    ("splitter", 0.05, ("pon",)),
    ("equipment", 0.12, ("olt",)),
    ("equipment", 0.10, ("node",)),
    ("cell", 0.11, ("cell",)),
    ("power", 0.15, ("olt", "node")),
    ("upstream", 0.03, ("core",)),
    ("blip", 0.09, ("olt", "node", "aggregation")),
)
#: Per region and day.
OUTAGES_A_DAY, FLAPPERS_A_DAY, DEGRADED_A_DAY = 1.0, 0.15, 0.08
#: Per collector and day.
LOSSES_A_DAY, DELAYS_A_DAY, REPEATS_A_DAY = 1.0, 0.2, 0.2
#: Per metro aggregation and day; of the whole country, a day.
CROSSING_A_DAY, MASS_A_DAY, DEMAND_A_DAY = 0.3, 0.05, 0.1
#: Part of the regions that a mass outage takes.
MASS = 0.3
#: Of outages with a part that could, how often service of a part stays dead although it beats again.
LINGERS = 0.12


def draw(seed: int, size: Size, network: Network, start: int, end: int, intensity: float = 1.0) -> Plan:
    """What goes wrong in [start, end), epoch ms; `intensity` multiplies the rate of outages, flapping and the like."""
    return _Planner(seed, size, network, start, end, intensity).plan()


def degradation(random: Random, element: Element, start: int, end: int, number: int) -> Degradation:
    """Figures below `element` creep for the first two thirds of [start, end)."""
    return Degradation(
        id=f"degradation-{number:04d}",
        region=element.region,
        element=element.element,
        start=start,
        full=start + (end - start) * 2 // 3,
        end=end,
        loss=round(random.uniform(0.02, 0.08), 4),
        failures=round(random.uniform(0.05, 0.25), 4),
    )


def holiday(random: Random, start: int, end: int, number: int) -> Demand:
    """People are elsewhere."""
    return Demand(id=f"demand-{number:04d}", start=start, end=end, left=round(random.uniform(0.25, 0.42), 3))


def mass(
    network: Network, random: Random, regions: tuple[str, ...], start: int, end: int, number: int
) -> Iterator[Incident]:
    """The power fails in many regions at the same moment; it is back one region after the other."""
    for index, region in enumerate(regions):
        core = network.in_region(region, "core")[0]
        back = end - (end - start) * index // (4 * len(regions))
        group = f"mass-{number:04d}"
        yield outage(network, random, "mass_power", core, start, back, number * 100 + index, group=group)


def heard(network: Network) -> dict[str, tuple[str, ...]]:
    """Collector -> the regions it hears, in order."""
    found: dict[str, dict[str, None]] = {}
    for element in network.elements:
        if element.collector is not None:
            found.setdefault(element.collector, {})[element.region] = None
    return {collector: tuple(regions) for collector, regions in sorted(found.items())}


def touched(network: Network, element: Element) -> tuple[str, ...]:
    """The regions in which something falls silent with `element`."""
    return tuple(dict.fromkeys(network.by_id[name].region for name in network.cut_off(element.element)))


class _Planner:
    def __init__(self, seed: int, size: Size, network: Network, start: int, end: int, intensity: float) -> None:
        self._seed, self._size, self._network = seed, size, network
        self._start, self._end = start, end
        self._days = (end - start) / DAY
        self._busier = self._days * intensity
        self._slots = Slots(network, start, end)
        self._lingering: list[Lingering] = []

    def plan(self) -> Plan:
        first = Plan(
            losses=tuple(self._losses(self._draws("collectors"))),
            delays=tuple(self._delays(self._draws("delays"))),
            repeats=tuple(self._repeats(self._draws("repeats"))),
            incidents=(*self._mass(self._draws("mass")), *self._crossing(self._draws("crossing"))),
            demands=tuple(self._demands(self._draws("demand"))),
        )
        works = Works(self._network, self._slots)
        plans = [first]
        for index, region in enumerate(self._network.regions):
            number = index * 10_000
            incidents = (
                *self._outages(region, self._draws(f"incidents/{index}"), number),
                *works.draw(region, self._draws(f"works/{index}"), number, self._busier),
                *self._flappers(region, self._draws(f"flapping/{index}"), number),
            )
            degraded = tuple(self._degraded(region, self._draws(f"degraded/{index}"), number))
            plans.append(Plan(incidents=incidents, degradations=degraded))
        plans.append(Plan(lingering=tuple(self._lingering)))
        plans.append(everyday.plan(self._seed, self._network, self._start, self._end, self._slots))
        return merged(plans)

    def _draws(self, name: str) -> Random:
        return draws(self._seed, name)

    def _outages(self, region: str, random: Random, number: int) -> Iterator[Incident]:
        longitude = PLACES[self._network.regions.index(region) % len(PLACES)][2]
        linger = self._draws(f"lingering/{region}")
        for count in range(_poisson(random, OUTAGES_A_DAY * self._busier)):
            kind, _, places = random.choices(OUTAGES, [weight for _, weight, _ in OUTAGES])[0]
            element = self._pick(random, region, places)
            if element is None:
                continue
            length = _Length(random, kind, len(self._network.beating(element.element)), longitude)
            lingers = linger.random() < LINGERS
            longer = linger.randrange(50, 120) * MINUTE if lingers else 0
            span = self._slots.find(random, touched(self._network, element), length, longer)
            if span is None:
                continue
            incident = outage(self._network, random, kind, element, *span, number + count)
            yield incident
            if lingers and incident.facing and (one := lingering(self._network, linger, incident, span[1] + longer)):
                self._lingering.append(one)

    def _flappers(self, region: str, random: Random, number: int) -> Iterator[Incident]:
        for count in range(_poisson(random, FLAPPERS_A_DAY * self._busier)):
            places = ("pon", "node") if random.random() < 0.15 else ("onu", "cpe", "cell")
            element = self._pick(random, region, places)
            if element and (span := self._slots.find(random, [region], lambda _: random.randrange(30, 90) * MINUTE)):
                yield flapping(self._network, random, element, *span, number + count, self._size.interval_ms)

    def _degraded(self, region: str, random: Random, number: int) -> Iterator[Degradation]:
        for count in range(_poisson(random, DEGRADED_A_DAY * self._busier)):
            element = self._pick(random, region, ("olt", "node", "cell", "core"))
            if element and (span := self._slots.find(random, [region], lambda _: random.randrange(60, 240) * MINUTE)):
                yield degradation(random, element, *span, number + count)

    def _mass(self, random: Random) -> Iterator[Incident]:
        regions = self._network.regions
        for number in range(_poisson(random, MASS_A_DAY * self._days) if len(regions) >= 10 else 0):
            count = round(len(regions) * MASS)
            hit = tuple(sorted(random.sample(regions, count)))
            if span := self._slots.find(random, hit, lambda _: random.randrange(60, 240) * MINUTE):
                yield from mass(self._network, random, hit, *span, number)

    def _crossing(self, random: Random) -> Iterator[Incident]:
        metros = [e for e in self._network.elements if e.element.endswith("-metro")]
        for number in range(_poisson(random, CROSSING_A_DAY * self._days * len(metros))):
            element = random.choice(metros)
            length = _Length(random, "cross_region", len(self._network.beating(element.element)), 0.0)
            if span := self._slots.find(random, touched(self._network, element), length):
                yield outage(self._network, random, "cross_region", element, *span, number)

    def _demands(self, random: Random) -> Iterator[Demand]:
        for number in range(_poisson(random, DEMAND_A_DAY * self._days)):
            start = random.randrange(self._slots.first, self._slots.last)
            length = min(random.randrange(3, 14) * HOUR, self._slots.last - start)
            yield holiday(random, start, start + length, number)

    def _losses(self, random: Random) -> Iterator[Loss]:
        for name, collector, span in self._collectors(random, "collector_loss", LOSSES_A_DAY, (4, 30)):
            yield Loss(id=name, collector=collector, start=span[0], end=span[1], kept=random.random() < 0.5)

    def _delays(self, random: Random) -> Iterator[Delay]:
        for name, collector, span in self._collectors(random, "late_beats", DELAYS_A_DAY, (10, 40)):
            late = random.randrange(20_000, 80_000)
            yield Delay(id=name, collector=collector, start=span[0], end=span[1], late=late)

    def _repeats(self, random: Random) -> Iterator[Repeat]:
        for name, collector, span in self._collectors(random, "replayed_beats", REPEATS_A_DAY, (10, 40)):
            yield Repeat(id=name, collector=collector, start=span[0], end=span[1], at=span[1] + 10_000)

    def _collectors(
        self, random: Random, name: str, a_day: float, minutes: tuple[int, int]
    ) -> Iterator[tuple[str, str, tuple[int, int]]]:
        """Mishaps of collectors: an id, the collector, and when."""
        number = 0
        for collector, regions in heard(self._network).items():
            for _ in range(_poisson(random, a_day * self._days)):
                if span := self._slots.find(random, regions, lambda _: random.randrange(*minutes) * MINUTE):
                    yield f"{name}-{number:04d}", collector, span
                    number += 1

    def _pick(self, random: Random, region: str, kinds: tuple[str, ...]) -> Element | None:
        candidates = self._network.in_region(region, *kinds)
        return random.choice(candidates) if candidates else None


class _Length:
    """How long an outage lasts that begins at an instant."""

    def __init__(self, random: Random, kind: Kind, devices: int, longitude: float) -> None:
        self._random, self._kind, self._devices, self._longitude = random, kind, devices, longitude

    def __call__(self, start: int) -> int:
        if self._kind == "blip":
            return round(self._random.uniform(*BLIP))
        cause = CAUSES.get(self._kind, "equipment")
        return repair_ms(self._random, cause, self._devices, local_hour(start, self._longitude))


def _poisson(random: Random, mean: float) -> int:
    """How often something of this mean happened (by exponential gaps)."""
    count, at = 0, random.expovariate(1)
    while at < mean:
        count += 1
        at += random.expovariate(1)
    return count
