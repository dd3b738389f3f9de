"""What can go wrong in a simulated world: the words in which the truth is planned before anything is sent.

    Plan ── incidents      devices fall silent           ── degradations   figures creep, no device is lost
         ├─ losses         a collector hears nothing     ├─ demands        people stay away, everywhere
         ├─ delays         ... or hands on late          ├─ phantoms       an alarm with nothing behind it
         ├─ repeats        ... or hands on again         ├─ lingering      beats are back, service is not
         └─ skews          clocks that are wrong

An incident says which devices fall silent, from when to when; everything else (alarms, usage, calls) follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Kind = Literal[
    "fibre_cut",
    "splitter",
    "equipment",
    "power",
    "mass_power",
    "upstream",
    "cross_region",
    "cell",
    "blip",
    "flapping",
    "maintenance",
    "noise",
]
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: An outage that lasts this long and takes three devices, or one that others hang on, is one to tell customers about.
FACING_MS = 5 * MINUTE


class Down(Struct, frozen=True):
    """One device is silent in [start, end), epoch ms. `gasp`: it says so with its last breath; `said`: what it hangs on
    reports it as down."""

    element: str
    start: int
    end: int
    gasp: bool = False
    said: bool = False


class Battery(Struct, frozen=True):
    """An element runs on its battery from `start`; it is empty at `empty` (None: power is back before), epoch ms."""

    element: str
    start: int
    empty: int | None


class Work(Struct, frozen=True, kw_only=True):
    """What was said of planned work, in epoch ms. `announced`: when, None for before the world begins.

    `first`: the window announced first, where it was moved; `told`: when the move, or that it is cancelled, was said.
    """

    announced: int | None = None
    first: tuple[int, int] | None = None
    told: int | None = None
    cancelled: bool = False


class Incident(Struct, frozen=True, kw_only=True):
    """One thing that went wrong at `element`, in [start, end), epoch ms.

    `facing`: customers are to be told of an outage. `overrun`: planned work that ends so many ms later than announced.
    `group`: incidents of one cause that took several regions share it. `flood`: alarms that each silent device
    raises in the first minute.
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
    group: str | None = None
    batteries: tuple[Battery, ...] = ()
    flood: int = 0
    work: Work | None = None

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


class Delay(Struct, frozen=True, kw_only=True):
    """A collector hands on what it hears in [start, end), epoch ms, this many ms late."""

    id: str
    collector: str
    start: int
    end: int
    late: int


class Repeat(Struct, frozen=True, kw_only=True):
    """A collector hands on once more, from `at` on, what it heard in [start, end), epoch ms."""

    id: str
    collector: str
    start: int
    end: int
    at: int


class Degradation(Struct, frozen=True, kw_only=True):
    """Loss and failed sessions below `element` grow from `start` until `full`, and are over at `end`, epoch ms.

    `loss`: the ratio of packets lost at the worst; `failures`: the ratio of sessions that fail then.
    """

    id: str
    region: str
    element: str
    start: int
    full: int
    end: int
    loss: float
    failures: float


class Demand(Struct, frozen=True, kw_only=True):
    """People stay away: in all regions sessions fall to the share `left` of the usual, in [start, end), epoch ms."""

    id: str
    start: int
    end: int
    left: float


class Phantom(Struct, frozen=True, kw_only=True):
    """A critical alarm with nothing behind it, in [start, end), epoch ms."""

    id: str
    region: str
    element: str
    start: int
    end: int


class Lingering(Struct, frozen=True, kw_only=True):
    """After an incident the devices below `element` beat again, but their service is dead until `end`, epoch ms."""

    id: str
    incident: str
    region: str
    element: str
    devices: tuple[str, ...]
    start: int
    end: int


class Plan(Struct, frozen=True, kw_only=True):
    """All that goes wrong. `skews` maps a device to how far its clock is ahead, in ms."""

    incidents: tuple[Incident, ...] = ()
    losses: tuple[Loss, ...] = ()
    delays: tuple[Delay, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    skews: dict[str, int] = {}
    degradations: tuple[Degradation, ...] = ()
    demands: tuple[Demand, ...] = ()
    phantoms: tuple[Phantom, ...] = ()
    lingering: tuple[Lingering, ...] = ()

    def downs(self) -> dict[str, list[Down]]:
        """For each device the times in which it is down, in order and without overlap."""
        found: dict[str, list[Down]] = {}
        for incident in self.incidents:
            for down in incident.downs:
                found.setdefault(down.element, []).append(down)
        return {element: _united(downs) for element, downs in found.items()}


def merged(plans: Iterable[Plan]) -> Plan:
    """All that goes wrong in any of the plans, in the order of time."""
    plans = tuple(plans)
    skews: dict[str, int] = {}
    for plan in plans:
        skews |= plan.skews
    return Plan(
        incidents=tuple(sorted((i for p in plans for i in p.incidents), key=_order)),
        losses=tuple(sorted((one for p in plans for one in p.losses), key=_order)),
        delays=tuple(sorted((one for p in plans for one in p.delays), key=_order)),
        repeats=tuple(sorted((one for p in plans for one in p.repeats), key=_order)),
        skews=skews,
        degradations=tuple(sorted((one for p in plans for one in p.degradations), key=_order)),
        demands=tuple(sorted((one for p in plans for one in p.demands), key=_order)),
        phantoms=tuple(sorted((one for p in plans for one in p.phantoms), key=_order)),
        lingering=tuple(sorted((one for p in plans for one in p.lingering), key=_order)),
    )


def _order(
    one: Incident | Loss | Delay | Repeat | Degradation | Demand | Phantom | Lingering,
) -> tuple[int, str]:
    return one.start, one.id


def _united(downs: list[Down]) -> list[Down]:
    united: list[Down] = []
    for down in sorted(downs, key=lambda down: down.start):
        if united and down.start <= united[-1].end:
            last = united[-1]
            united[-1] = Down(last.element, last.start, max(last.end, down.end), last.gasp, last.said)
        else:
            united.append(down)
    return united
