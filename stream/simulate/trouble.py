r"""How each kind of incident takes devices down, and brings them back.

fibre, equipment   ▔▔▔▔\_____________________/▔▔▔▔    all behind it at once, back within the minute
power, homes       ▔▔▔▔\__gasp_______________/▔▔▔▔    homes have no battery and say so with their last breath
power, OLT         ▔▔▔▔▔▔▔▔battery▔▔▔\_______/▔▔▔▔    only when its battery is empty before the power is back
flapping           ▔▔\__/▔\__/▔▔\__/▔\__/▔▔▔▔▔▔▔▔▔
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from forewarn.stream.simulate.incidents import (
    DAY,
    FACING_MS,
    HOUR,
    MINUTE,
    Battery,
    Down,
    Incident,
    Kind,
    Lingering,
    Work,
)
from forewarn.stream.simulate.network import Element, Network

CAUSES: dict[str, str] = {
    "fibre_cut": "fibre",
    "splitter": "fibre",
    "power": "power",
    "mass_power": "power",
    "upstream": "upstream",
    "cross_region": "equipment",
    "cell": "radio",
}
#: Minutes that batteries of a kind last (least, most); what has generators is not listed.
BATTERIES = {"olt": (25, 120), "node": (90, 240), "cell": (40, 240)}
#: Of the homes in an area without power, how many have none; of fibre terminals, how many gasp.
DARK, GASPS = 0.95, 0.85
#: Of DSL lines that fall, how many their DSLAM reports.
SAID = 0.5
#: How long a blip lasts, ms: up to two of the three beats that make silence, or two samples of a KPI. What lasts longer
#: can be known by both, and is an outage then, however short.
BLIP = (40_000, 120_000)
#: So many devices make an outage.
FEW = 3


def outage(
    network: Network,
    random: Random,
    kind: Kind,
    element: Element,
    start: int,
    end: int,
    number: int,
    *,
    group: str | None = None,
    flood: int = 0,
) -> Incident:
    """A real outage of everything behind `element`, by its kind; a splitter takes a part of its PON."""
    scale = min(1.0, (end - start) / HOUR)
    batteries: tuple[Battery, ...] = ()
    if kind in ("power", "mass_power"):
        areas = [element.powered_by] if kind == "power" and element.powered_by else [f"{element.region}-grid"]
        downs, batteries = _powerless(network, random, areas, start, end, scale)
    else:
        downs = _cut(network, random, kind, element, start, end, scale)
    if batteries and downs:
        start = max(start, min(down.start for down in downs) - 1)  # only when the first battery is empty
    return Incident(
        id=f"{kind}-{number:04d}",
        kind=kind,
        cause=CAUSES.get(kind, "equipment"),
        region=element.region,
        element=element.element,
        start=start,
        end=end,
        downs=downs,
        facing=kind != "blip" and end - start >= FACING_MS and (len(downs) >= FEW or element.kind == "cell"),
        group=group,
        batteries=batteries,
        flood=flood,
    )


def _cut(
    network: Network, random: Random, kind: Kind, element: Element, start: int, end: int, scale: float
) -> tuple[Down, ...]:
    """All behind the element fall silent together, and come back one after the other."""
    hit = [network.by_id[name] for name in network.beating(element.element)]
    if kind == "fibre_cut" and element.kind == "olt":  # the equipment at the near end still runs
        hit = [e for e in hit if e.element != element.element]
    if kind == "splitter" and len(hit) > 3:
        hit = sorted(random.sample(hit, max(3, round(len(hit) * random.uniform(0.4, 0.7)))), key=lambda e: e.element)
    return tuple(
        Down(
            e.element,
            start + round(random.uniform(0, 1_500 * scale)),
            end + round(random.uniform(0, 40_000 * scale)),
        )
        for e in hit
    )


def _powerless(
    network: Network, random: Random, areas: Sequence[str], start: int, end: int, scale: float
) -> tuple[tuple[Down, ...], tuple[Battery, ...]]:
    """Homes go dark at once; sites live on their batteries; what hangs on a site that dies falls silent with it.

    Fewer than three homes are no outage by themselves: they hold out as long as their site does.
    """
    downs: dict[str, Down] = {}
    batteries: list[Battery] = []
    for element in _powered(network, areas):
        if element.kind in BATTERIES:
            empty = start + random.randrange(*(minutes * MINUTE for minutes in BATTERIES[element.kind]))
            batteries.append(Battery(element.element, start, empty if empty < end else None))
        elif element.beats and random.random() < DARK:
            gasp = element.kind == "onu" and random.random() < GASPS
            downs[element.element] = Down(
                element.element,
                start + round(random.uniform(0, 20_000 * scale)),
                end + round(random.uniform(0, 90_000 * scale)),
                gasp,
            )
    if len(downs) < FEW:
        downs = {}
    for battery in batteries:
        if battery.empty is not None:
            for name in network.beating(battery.element):
                if name not in downs:
                    back = end + round(random.uniform(0, 120_000))
                    downs[name] = Down(name, battery.empty + random.randrange(1_500), back, name == battery.element)
    return tuple(downs.values()), tuple(batteries)


def _powered(network: Network, areas: Iterable[str]) -> list[Element]:
    names = dict.fromkeys(name for area in areas for name in network.powered(area))
    return [network.by_id[name] for name in names]


def flapping(
    network: Network, random: Random, element: Element, start: int, end: int, number: int, interval: int
) -> Incident:
    """What comes and goes: silent a little longer than it takes to notice, then back for a few beats.

    With the beat before it that makes less than four and a half intervals: nobody could take one of them for an outage.
    Where lines are reported as down at once, a fall is shorter, and over before it could be confirmed.
    """
    names = network.beating(element.element)
    reported = any(network.by_id[name].technology == "dsl" for name in names)
    shortest, longest = (0.6, 1.3) if reported else (3.05, 3.4)
    downs, at = [], start
    while at < end:
        until = at + round(interval * random.uniform(shortest, longest))
        downs += [Down(name, at, until, said=network.by_id[name].technology == "dsl") for name in names]
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


def maintenance(
    network: Network,
    random: Random,
    element: Element,
    start: int,
    end: int,
    number: int,
    *,
    overrun: int | None = None,
    work: Work | None = None,
) -> Incident:
    """Planned work in [start, end): the element and what hangs on it are down for most of it; one in six overruns.

    `overrun` says by how many ms; cancelled work takes nothing down.
    """
    if overrun is None:
        overrun = random.randrange(10, 45) * MINUTE if random.random() < 1 / 6 else 0
    work = work or Work()
    if work.cancelled:
        overrun = 0
    # All is up again for a while before the crew says that it is done.
    first, last = start + 5 * MINUTE, end + overrun - (4 * MINUTE if overrun else 10 * MINUTE)
    names = () if work.cancelled else network.beating(element.element)
    downs = tuple(Down(name, first + random.randrange(3_000), last + random.randrange(40_000)) for name in names)
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
        work=work,
    )


def lingering(network: Network, random: Random, incident: Incident, end: int) -> Lingering | None:
    """A part of what was down stays without service until `end`, though it beats; None when there is no such part."""
    silent = set(incident.silent)
    parts = [e for e in network.cut_off(incident.element) if network.by_id[e].kind in ("pon", "node")]
    for element in random.sample(parts, len(parts)):
        devices = tuple(e for e in network.cut_off(element) if network.by_id[e].serves and e in silent)
        if len(devices) >= 3:
            return Lingering(
                id=f"lingering-{incident.id}",
                incident=incident.id,
                region=network.by_id[element].region,
                element=element,
                devices=devices,
                start=incident.end,
                end=end,
            )
    return None


def noise(random: Random, elements: Sequence[Element], start: int, end: int, per_day: float) -> list[Incident]:
    """Single devices that their owners switch off."""
    found: list[Incident] = []
    for element in elements:
        at = start + random.expovariate(per_day) * DAY
        while at < end:
            off = round(at)
            back = off + round(min(8 * HOUR, random.lognormvariate(3.4, 1.0) * MINUTE))
            said = element.technology == "dsl" and random.random() < SAID
            found.append(
                Incident(
                    id=f"noise-{len(found):05d}",
                    kind="noise",
                    cause="equipment",
                    region=element.region,
                    element=element.element,
                    start=off,
                    end=back,
                    downs=(Down(element.element, off, back, said=said),),
                    facing=False,
                )
            )
            at = back + random.expovariate(per_day) * DAY
    return found
