"""What goes wrong on every day and must stay silent: devices switched off, wrong clocks, alarms that mean nothing."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE, Phantom, Plan
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import draws
from forewarn.stream.simulate.slots import Slots
from forewarn.stream.simulate.trouble import noise

#: Per device and day; per region and day.
SWITCHED_OFF_A_DAY, PHANTOMS_A_DAY = 0.15, 0.1
#: Share of devices whose clocks are off by up to 90 s, and of those an hour ahead.
SKEWED, AN_HOUR = 0.01, 0.002


def plan(seed: int, network: Network, start: int, end: int, slots: Slots, *, skewed: float = SKEWED) -> Plan:
    """The small things of [start, end), epoch ms; `skewed`: share of devices whose clocks are off.

    Alarms that mean nothing are raised only where nothing else is going on, so that they are not half right.
    """
    leaves = [element for element in network.elements if element.kind in ("onu", "cpe")]
    return Plan(
        incidents=tuple(noise(draws(seed, "noise"), leaves, start, end, SWITCHED_OFF_A_DAY)),
        skews=_skews(draws(seed, "skew"), network, skewed),
        phantoms=tuple(_phantoms(draws(seed, "phantoms"), network, start, end, slots)),
    )


def _skews(random: Random, network: Network, share: float) -> dict[str, int]:
    skews: dict[str, int] = {}
    for element in network.elements:
        draw = random.random()
        if element.beats and draw < share:
            skews[element.element] = round(random.uniform(-90_000, 90_000))
        elif element.kind in ("onu", "cpe") and draw < share + AN_HOUR:
            skews[element.element] = HOUR
    return skews


def _phantoms(random: Random, network: Network, start: int, end: int, slots: Slots) -> Iterator[Phantom]:
    for region in network.regions:
        elements = network.in_region(region, "olt", "node", "cell")
        at = start + random.expovariate(PHANTOMS_A_DAY) * DAY
        while at < end and elements:
            begin, element = round(at), random.choice(elements)
            over = begin + random.randrange(2, 20) * MINUTE
            name = f"false_alarm-{region}-{begin}"
            if slots.take([region], begin, over):
                yield Phantom(id=name, region=region, element=element.element, start=begin, end=over)
            at = over + random.expovariate(PHANTOMS_A_DAY) * DAY
