"""Planned work, and what becomes of plans: it overruns, is moved to another time, or is cancelled.

announced ─┬─ started ── done
           ├─ started ── still at it ── done          overrun
           ├─ moved ─────────── started ── done       nothing happens in the first window
           └─ cancelled                               at times what breaks there then is a real outage
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from forewarn.stream.simulate.incidents import HOUR, MINUTE, Incident, Work
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.slots import Slots
from forewarn.stream.simulate.trouble import maintenance, outage

#: Per region and day.
WORKS_A_DAY = 0.25
#: Of works, how many are moved, how many cancelled; of the cancelled, in how many windows something breaks.
MOVED, CANCELLED, BROKEN = 0.12, 0.12, 0.5


class Works:
    """Plans the work of a network."""

    def __init__(self, network: Network, slots: Slots) -> None:
        self._network, self._slots = network, slots

    def draw(self, region: str, random: Random, number: int, days: float) -> Iterator[Incident]:
        """The work of one region in so many days."""
        at, count = random.expovariate(WORKS_A_DAY), 0
        elements = self._network.in_region(region, "olt", "node", "cell")
        while at < days and elements:
            yield from self._one(random, random.choice(elements), number + count)
            at += random.expovariate(WORKS_A_DAY)
            count += 1

    def _one(self, random: Random, element: Element, number: int) -> Iterator[Incident]:
        span = self._slots.find(random, [element.region], lambda _: random.randrange(45, 150) * MINUTE)
        if span is None:
            return
        chance = random.random()
        if chance < MOVED:
            if later := self._slots.find(random, [element.region], lambda _: span[1] - span[0]):
                first, second = sorted((span, later))
                yield moved(self._network, random, element, first, second, number)
        elif chance < MOVED + CANCELLED:
            yield from cancelled(self._network, random, element, span, number, broken=random.random() < BROKEN)
        else:
            yield maintenance(self._network, random, element, *span, number)


def moved(
    network: Network, random: Random, element: Element, first: tuple[int, int], second: tuple[int, int], number: int
) -> Incident:
    """Work announced for the first span and done in the second; said half an hour before the first."""
    work = Work(first=first, told=first[0] - 30 * MINUTE)
    return maintenance(network, random, element, *second, number, overrun=0, work=work)


def cancelled(
    network: Network, random: Random, element: Element, span: tuple[int, int], number: int, *, broken: bool
) -> Iterator[Incident]:
    """Work that is called off half an hour before; `broken`: then the element fails in that time."""
    yield maintenance(network, random, element, *span, number, work=Work(cancelled=True, told=span[0] - 30 * MINUTE))
    if broken:
        start = span[0] + (span[1] - span[0]) // 4
        end = min(span[1], start + HOUR)
        yield outage(network, random, "equipment", element, start, end, 5_000 + number)
