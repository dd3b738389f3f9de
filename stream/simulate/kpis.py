"""Performance figures: of every region each minute, of every OLT, node and cell each five.

    sessions               devices x what a device holds x the local rhythm x (1 - down) x demand, with noise
    loss_ratio             a little, more while the network is broken, creeping up in a degradation
    attach_success_ratio   nearly one, less where sessions fail

They come from the service platform (RADIUS, core), not through the collectors of beats: they go on when one is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from random import Random

from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.incidents import MINUTE, Degradation, Demand, Plan
from forewarn.stream.simulate.layout import PLACES
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.rhythm import local_rhythm
from forewarn.stream.simulate.size import draws

TOPIC = "network.kpis"
REGION_MS, ELEMENT_MS = MINUTE, 5 * MINUTE
#: Sessions that a device holds at the mean of the day, and on a mobile cell.
SESSIONS, CELL_SESSIONS = 40, 220
#: How long people take to leave and to come back.
RAMP_MS = 30 * MINUTE
LOSS, FAILURES = 0.001, 0.004
#: What comes on top when everything is broken: only faults of the network lose packets, not homes that are dark or
#: switched off, nor planned work.
LOST, FAILED = 0.03, 0.06
FAULTS = frozenset(("fibre_cut", "splitter", "equipment", "upstream", "cross_region"))


class _Group:
    """A region or element whose figures are reported."""

    __slots__ = (
        "broken",
        "cell",
        "changes",
        "degradations",
        "down",
        "element",
        "every",
        "longitude",
        "next",
        "region",
        "serving",
    )

    def __init__(self, region: str, element: str | None, serving: int, longitude: float, cell: bool) -> None:
        self.region, self.element, self.serving = region, element, max(1, serving)
        self.longitude, self.cell = longitude, cell
        self.every = ELEMENT_MS if element else REGION_MS
        self.changes: list[tuple[int, int, int]] = []
        self.next = 0
        self.down, self.broken = 0, 0
        self.degradations: list[tuple[Degradation, float]] = []

    def shares(self, at: int) -> tuple[float, float]:
        """The parts of its serving devices that are down, and cut off by a fault; `at` (epoch ms) never goes back."""
        while self.next < len(self.changes) and self.changes[self.next][0] <= at:
            self.down += self.changes[self.next][1]
            self.broken += self.changes[self.next][2]
            self.next += 1
        return self.down / self.serving, self.broken / self.serving


class Kpis:
    """The samples from `start` on, epoch ms. The world may begin with weeks of them."""

    def __init__(self, seed: int, network: Network, plan: Plan, start: int) -> None:
        self._groups = _groups(network, plan)
        self._draws: dict[int, Random] = {
            index: draws(seed, f"kpis/{group.element or group.region}") for index, group in enumerate(self._groups)
        }
        self._demands = plan.demands
        self._at = start - start % MINUTE

    def until(self, to: int) -> Iterator[Event]:
        """The samples before `to`."""
        while self._at < to:
            left = _left(self._demands, self._at)
            for index, group in enumerate(self._groups):
                if self._at % group.every == 0:
                    yield from _samples(self._draws[index], group, self._at, left)
            self._at += MINUTE


def _samples(random: Random, group: _Group, at: int, left: float) -> Iterator[Event]:
    (down, broken), noise = group.shares(at), random.gauss
    usual = group.serving * (CELL_SESSIONS if group.cell else SESSIONS) * local_rhythm(at, group.longitude)
    sessions = max(0, round(usual * (1.0 - down) * left * (1.0 + noise(0.0, 0.02))))
    loss, failures = LOSS + LOST * broken, FAILURES + FAILED * broken
    for one, share in group.degradations:
        worst = _creep(one, at) * share
        loss, failures = loss + one.loss * worst, failures + one.failures * worst
    loss = max(0.0, loss * (1.0 + noise(0.0, 0.1)) + noise(0.0, 0.0002))
    success = min(1.0, max(0.0, 1.0 - failures * (1.0 + noise(0.0, 0.15))))
    tail = b',"time":%d,"interval_s":%d' % (at, group.every // 1000)
    if group.element is not None:
        tail += b',"element":"%b"' % group.element.encode()
    key = group.region
    yield Event(at + 400, TOPIC, key, b'{"name":"sessions","value":%d%b}' % (sessions, tail))
    if not group.cell:
        yield Event(at + 400, TOPIC, key, b'{"name":"loss_ratio","value":%.5f%b}' % (loss, tail))
    if group.cell or group.element is None:
        yield Event(at + 400, TOPIC, key, b'{"name":"attach_success_ratio","value":%.5f%b}' % (success, tail))


def _creep(one: Degradation, at: int) -> float:
    """From 0 at the beginning to 1 when it is full, until it is over."""
    return min(1.0, (at - one.start) / (one.full - one.start)) if one.start <= at < one.end else 0.0


def _left(demands: Iterable[Demand], at: int) -> float:
    left = 1.0
    for one in demands:
        gone = min(1.0, (at - one.start) / RAMP_MS, (one.end - at) / RAMP_MS)
        left = min(left, 1.0 - (1.0 - one.left) * max(0.0, gone))
    return left


def _groups(network: Network, plan: Plan) -> list[_Group]:
    groups: dict[str, _Group] = {}
    inside: dict[str, list[_Group]] = {}
    for index, region in enumerate(network.regions):
        serving = [e.element for e in network.in_region(region) if e.serves]
        longitude = PLACES[index % len(PLACES)][2]
        groups[region] = _Group(region, None, len(serving), longitude, False)
        for name in serving:
            inside.setdefault(name, []).append(groups[region])
        for element in network.in_region(region, "olt", "node", "cell"):
            below = [name for name in network.cut_off(element.element) if network.by_id[name].serves]
            one = groups[element.element] = _Group(
                region, element.element, len(below), longitude, element.kind == "cell"
            )
            for name in below:
                inside.setdefault(name, []).append(one)
    _fall(inside, plan)
    for degradation in plan.degradations:
        _degrade(network, groups, degradation)
    return list(groups.values())


def _fall(inside: Mapping[str, list[_Group]], plan: Plan) -> None:
    """Notes in each group when a device of it goes down and comes back; service that lingers is down, too."""
    spans = [(name, down.start, down.end, 1, 0) for name, downs in plan.downs().items() for down in downs]
    spans += [(name, one.start, one.end, 1, 0) for one in plan.lingering for name in one.devices]
    spans += [(d.element, d.start, d.end, 0, 1) for i in plan.incidents if i.kind in FAULTS for d in i.downs]
    for name, start, end, down, broken in spans:
        for group in inside.get(name, ()):
            group.changes += [(start, down, broken), (end, -down, -broken)]
    for groups in inside.values():
        for group in groups:
            group.changes.sort()


def _degrade(network: Network, groups: Mapping[str, _Group], one: Degradation) -> None:
    """The figures of all below it take it in full, those of the region by the share of its devices."""
    below = network.cut_off(one.element)
    for name in below:
        if name in groups:
            groups[name].degradations.append((one, 1.0))
    served = sum(network.by_id[name].serves for name in below if network.by_id[name].region == one.region)
    region = groups[one.region]
    region.degradations.append((one, min(1.0, served / region.serving)))
