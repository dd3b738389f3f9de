"""What goes wrong in a simulated world, planned before anything is sent: the truth that detection is measured by.

An incident says which devices fall silent, from when to when; everything else (alarms, usage, calls) follows from it.
Two incidents of one region keep apart in time, so that each is told from the other without an opinion.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from msgspec import Struct

from forewarn.stream.simulate.network import Element, Network

Kind = Literal["fibre_cut", "equipment", "power", "upstream", "cell", "blip", "flapping", "maintenance", "noise"]
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: An outage that lasts this long and takes three devices, or one that others hang on, is one to tell customers about.
FACING_MS = 5 * MINUTE


class Down(Struct, frozen=True):
    """One device is silent in [start, end), epoch ms. `gasp`: it says so with its last breath."""

    element: str
    start: int
    end: int
    gasp: bool = False


class Incident(Struct, frozen=True, kw_only=True):
    """One thing that went wrong at `element`, in [start, end), epoch ms.

    `facing`: customers are to be told of an outage. `overrun`: planned work that ends this much later than announced.
    """

    id: str
    kind: Kind
    cause: str
    region: str
    element: str
    start: int
    end: int
    downs: tuple[Down, ...]
    facing: bool
    overrun: int = 0

    @property
    def silent(self) -> tuple[str, ...]:
        """The devices that fall silent, each once, in the order of the network."""
        return tuple(dict.fromkeys(down.element for down in self.downs))


class Loss(Struct, frozen=True, kw_only=True):
    """A collector hears nothing in [start, end), epoch ms; `kept`: it sends what it missed afterwards, late."""

    id: str
    collector: str
    start: int
    end: int
    kept: bool


class Plan(Struct, frozen=True, kw_only=True):
    """All that goes wrong. `skews` maps a device to how far its clock is ahead, in ms."""

    incidents: tuple[Incident, ...] = ()
    losses: tuple[Loss, ...] = ()
    skews: dict[str, int] = {}


def outage(
    network: Network, random: Random, kind: Kind, element: Element, start: int, end: int, number: int
) -> Incident:
    """A real outage of everything behind `element`, by its kind."""
    cause = {"fibre_cut": "fibre", "power": "power", "upstream": "upstream"}.get(kind, "equipment")
    behind = [network.by_id[name] for name in network.cut_off(element.element)]
    if kind == "power":  # the OLT has a battery, the homes have none
        hit = [e for e in behind if e.kind == "onu" and random.random() < 0.95]
    elif kind == "fibre_cut":  # the equipment at the near end still runs
        hit = [e for e in behind if e.beats and (e.element != element.element or e.kind != "olt")]
    else:
        hit = [e for e in behind if e.beats]
    spread, back = (20_000, 90_000) if kind == "power" else (1_500, 40_000)
    scale = min(1.0, (end - start) / HOUR)
    downs = tuple(
        Down(
            e.element,
            start + round(random.uniform(0, spread * scale)),
            end + round(random.uniform(0, back * scale)),
            kind == "power" and random.random() < 0.85,
        )
        for e in hit
    )
    facing = end - start >= FACING_MS and (len(downs) >= 3 or element.kind == "cell")
    return Incident(
        id=f"{kind}-{number:04d}",
        kind=kind,
        cause=cause,
        region=element.region,
        element=element.element,
        start=start,
        end=end,
        downs=downs,
        facing=facing,
    )


def flapping(random: Random, element: Element, start: int, end: int, number: int, interval: int) -> Incident:
    """A device that comes and goes: silent a little longer than it takes to notice, then back for a few beats."""
    downs, at = [], start
    while at < end:
        until = at + round(interval * random.uniform(3.3, 4.0))
        downs.append(Down(element.element, at, until))
        at = until + round(interval * random.uniform(1.5, 3.0))
    return Incident(
        id=f"flapping-{number:04d}",
        kind="flapping",
        cause="equipment",
        region=element.region,
        element=element.element,
        start=start,
        end=downs[-1].end,
        downs=tuple(downs),
        facing=False,
    )


def maintenance(network: Network, random: Random, element: Element, start: int, end: int, number: int) -> Incident:
    """Planned work in [start, end): the element and what hangs on it are down for most of it; one in six overruns."""
    overrun = 15 * MINUTE if random.random() < 1 / 6 else 0
    first, last = start + 5 * MINUTE, end - 10 * MINUTE + (overrun and overrun + 10 * MINUTE)
    downs = tuple(
        Down(name, first + random.randrange(3_000), last + random.randrange(40_000))
        for name in network.cut_off(element.element)
        if network.by_id[name].beats
    )
    return Incident(
        id=f"maintenance-{number:04d}",
        kind="maintenance",
        cause="planned",
        region=element.region,
        element=element.element,
        start=start,
        end=end,
        downs=downs,
        facing=False,
        overrun=overrun,
    )


def noise(random: Random, elements: Sequence[Element], start: int, end: int, per_day: float) -> list[Incident]:
    """Single devices that their owners switch off."""
    found: list[Incident] = []
    for element in elements:
        at = start + random.expovariate(per_day) * DAY
        while at < end:
            off = round(at)
            back = off + round(min(8 * HOUR, random.lognormvariate(3.4, 1.0) * MINUTE))
            found.append(
                Incident(
                    id=f"noise-{len(found):05d}",
                    kind="noise",
                    cause="equipment",
                    region=element.region,
                    element=element.element,
                    start=off,
                    end=back,
                    downs=(Down(element.element, off, back),),
                    facing=False,
                )
            )
            at = back + random.expovariate(per_day) * DAY
    return found
