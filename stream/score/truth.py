"""What really happened in a simulated or recorded world: the truth file, line by line (see docs/replay.md).

Invariant: fields and kinds of lines that are not known here change nothing, so that older scores read newer truths; a
field that is left out says nothing (an outage without `share` counts as one to be found).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct, field

from forewarn.topics.instants import Instant, to_ms

#: An outage that lasts at least this long (ms) and takes this share of its element or region is one to be found.
LONG_MS, LARGE = 300_000, 0.1


class TruthError(ValueError):
    """A truth file that cannot be read; the text names file and line."""


class World(Struct, frozen=True, kw_only=True):
    """What was simulated: the span in epoch ms, the beat interval in seconds, devices by region."""

    seed: int
    start: int
    end: int
    interval_s: float
    regions: dict[str, int]


Kind = Literal["outage", "minor", "still_out", "silent", "degraded", "planned"]
KINDS = frozenset(get_args(Kind))
#: Why something must stay silent.
HUSHED = frozenset(
    {
        "blip", "flapping", "noise", "collector_loss", "clock_skew", "late_beats", "replayed_beats", "demand",
        "false_alarm",
    }
)  # fmt: skip


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that happened in [start, end), epoch ms.

    `kind`: `outage` (customers are to be told), `minor` (real, but too small to be asked for), `still_out` (the part of
    one that is dead although it beats again), `silent` (nobody may be told), `degraded` (may be suspected, nobody may
    be told), `planned` (nobody of an outage). `what` says which. `names`: what it may be called, the element that
    failed first. `share` is the larger of the shares of element and region. `overrun`: ms by which planned work
    outlasted `end`. `later`: devices that fell only when their batteries were empty. Faults of one cause share a
    `group`; `kin` are the serving elements of all of those.
    """

    id: str
    kind: Kind
    what: str
    regions: tuple[str, ...]
    names: tuple[str, ...]
    start: int
    end: int
    devices: frozenset[str]
    serving: frozenset[str]
    customers: frozenset[str]
    share: float
    cause: str | None
    collector: str | None
    interval_s: float | None
    group: str | None
    overrun: int
    later: frozenset[str]
    kin: frozenset[str]

    @property
    def element(self) -> str:
        """The element that failed; nothing for what has none."""
        return self.names[0] if self.names else ""

    @property
    def sought(self) -> bool:
        """Whether it is in the class that precision and recall are promised for."""
        return self.kind == "outage" and self.end - self.start >= LONG_MS and self.share >= LARGE


class Reached(Struct, frozen=True, kw_only=True):
    """A threshold that a customer reached at `time` (epoch ms); `notify`: they want to hear of it."""

    customer: str
    bucket: str
    percent: float
    time: int
    cycle_start: int
    notify: bool


class Exhausted(Struct, frozen=True, kw_only=True):
    """An allowance that a customer used up at `time`, in the cycle that began at `cycle_start` (epoch ms)."""

    customer: str
    bucket: str
    time: int
    cycle_start: int


class Truth(Struct, frozen=True):
    """One truth file."""

    world: World
    faults: tuple[Fault, ...]
    reached: tuple[Reached, ...]
    exhausted: tuple[Exhausted, ...] = ()


class _Line(Struct):
    """Any line: `kind` says which fields it has."""

    kind: str
    seed: int = 0
    start: Instant | None = None
    end: Instant | None = None
    interval_s: float | None = None
    regions: dict[str, int] | list[str] | None = None
    id: str = ""
    what: str = ""
    reason: str = ""
    region: str | None = None
    element: str | None = None
    alike: list[str] = field(default_factory=list)
    group: str | None = None
    overrun_s: float = 0.0
    later: dict[str, Instant] = field(default_factory=dict)
    at: Instant | None = None
    devices: list[str] = field(default_factory=list)
    serving: list[str] | None = None
    customers: list[str] | int = field(default_factory=list)
    share: float | None = None
    share_of_region: float = 0.0
    shares: dict[str, float] = field(default_factory=dict)
    cause: str | None = None
    collector: str | None = None
    customer: str = ""
    bucket: str = ""
    percent: float = 0.0
    time: Instant | None = None
    cycle_start: Instant | None = None
    notify: bool = True


_decode = msgspec.json.Decoder(_Line).decode


def read(path: Path) -> Truth:
    """Reads a truth file. Raises `TruthError` at a line that is wrong, and when none says what the world is."""
    world: World | None = None
    faults: list[Fault] = []
    reached: list[Reached] = []
    exhausted: list[Exhausted] = []
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, 1):
                if text.isspace():
                    continue
                try:
                    line = _decode(text)
                except msgspec.DecodeError as error:
                    raise TruthError(f"{path}, line {number}: {error}") from None
                if line.kind == "world":
                    world = _world(line)
                elif line.kind == "usage":
                    reached.append(_reached(line))
                elif line.kind == "exhausted":
                    exhausted.append(_exhausted(line))
                elif line.kind in KINDS:
                    faults.append(_fault(line, number))
    except OSError as error:
        raise TruthError(f"{path}: {error.strerror}") from None
    if world is None:
        raise TruthError(f"{path}: no line of kind `world`")
    whole = tuple(_spanning(fault, world) for fault in _grouped(faults))
    return Truth(world, whole, tuple(reached), tuple(exhausted))


def _ms(instant: Instant | None) -> int:
    return 0 if instant is None else to_ms(instant)


def _world(line: _Line) -> World:
    regions = line.regions if isinstance(line.regions, dict) else dict.fromkeys(line.regions or (), 0)
    return World(
        seed=line.seed, start=_ms(line.start), end=_ms(line.end), interval_s=line.interval_s or 60.0, regions=regions
    )


def _reached(line: _Line) -> Reached:
    return Reached(
        customer=line.customer,
        bucket=line.bucket,
        percent=line.percent,
        time=_ms(line.time),
        cycle_start=_ms(line.cycle_start),
        notify=line.notify,
    )


def _exhausted(line: _Line) -> Exhausted:
    return Exhausted(customer=line.customer, bucket=line.bucket, time=_ms(line.time), cycle_start=_ms(line.cycle_start))


def _kind(line: _Line) -> Kind:
    """What must stay silent does so for a reason that is known; anything else is a real failure, only a small one."""
    if line.kind == "silent" and line.reason not in HUSHED:
        return "minor"
    return line.kind  # type: ignore[return-value]  # the caller looked


def _fault(line: _Line, number: int) -> Fault:
    own = (line.region,) if line.region else ()
    regions = tuple(dict.fromkeys((*own, *(line.regions or ()), *line.shares)))
    devices = frozenset(line.devices)
    serving = devices if line.serving is None else frozenset(line.serving)
    end = _ms(line.end)
    if line.at is not None:  # what was heard in [start, end) is heard again from `at` on
        end = _ms(line.at) + end - _ms(line.start)
    return Fault(
        id=line.id or f"{line.kind}-line-{number}",
        kind=_kind(line),
        what=line.what or line.reason or line.kind,
        regions=regions,
        names=(line.element, *line.alike) if line.element else (),
        start=_ms(line.start),
        end=end,
        devices=devices,
        serving=serving,
        customers=frozenset(() if isinstance(line.customers, int) else line.customers),
        share=max(1.0 if line.share is None else line.share, line.share_of_region, *line.shares.values()),
        cause=line.cause,
        collector=line.collector,
        interval_s=line.interval_s,
        group=line.group,
        later=frozenset(line.later),
        overrun=round(line.overrun_s * 1000),
        kin=serving,
    )


def _grouped(faults: list[Fault]) -> list[Fault]:
    """Tells the faults of each group of each other's elements."""
    kin: dict[str, frozenset[str]] = {}
    for fault in faults:
        if fault.group is not None:
            kin[fault.group] = kin.get(fault.group, frozenset()) | fault.serving
    return [fault if fault.group is None else msgspec.structs.replace(fault, kin=kin[fault.group]) for fault in faults]


def _spanning(fault: Fault, world: World) -> Fault:
    """A fault without times (a clock that is wrong all the time) lasts as long as the world."""
    if fault.start and fault.end:
        return fault
    return msgspec.structs.replace(fault, start=fault.start or world.start, end=fault.end or world.end)
