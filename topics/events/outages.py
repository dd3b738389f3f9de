"""Outages as correlate writes them, and the internal topics that carry them to the customers' partitions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

OutageState = Literal[
    "suspected",
    "confirmed",
    "monitoring",
    "restored",
    "closed",
    "dismissed",
    "merged",
    "planned",
    "flapping",
    "unknown",
]


class Evidence(Struct, frozen=True, omit_defaults=True):
    """What a detector saw: its value, the threshold it passed, and the window in seconds."""

    detector: str
    value: float
    threshold: float
    window_s: float


class Etr(Struct, frozen=True):
    """Estimated time of restoration: p10, p50, p90 as RFC 3339 text."""

    earliest: str
    likely: str
    latest: str
    source: Literal["model", "field"]
    issued: str


class Measures(Struct, frozen=True, omit_defaults=True):
    """How an outage was handled, in seconds from its onset; what is not known yet is absent.

    `time_to_notice_s`: until the first customer's notice was decided; `time_to_restore_s`: its mean is the MTTR;
    `etr_error_s`: how much later than the last estimate said service was back, negative for earlier.
    """

    time_to_suspect_s: float | None = None
    time_to_confirm_s: float | None = None
    time_to_notice_s: float | None = None
    time_to_restore_s: float | None = None
    etr_error_s: float | None = None


class Outage(Struct, frozen=True, omit_defaults=True):
    """One revision of an outage (`outages`, compacted, and `outages.revisions`; key = outage id).

    `parent` is the outage that this one is a part of; `overrun`, since when its planned work has been late; `page`: it
    has been unknown for so long that an operator must look, who can confirm it by its id.
    """

    outage_id: str
    revision: int
    time: str
    state: OutageState
    region: str
    element: str
    started: str
    devices_down: int
    devices_expected: int
    elements_total: int
    detected: str | None = None
    confirmed: str | None = None
    restored: str | None = None
    customers: int | None = None
    cause: str | None = None
    elements: tuple[str, ...] | None = None
    etr: Etr | None = None
    parent: str | None = None
    merged_into: str | None = None
    maintenance_id: str | None = None
    overrun: str | None = None
    evidence: tuple[Evidence, ...] = ()
    hold: bool | None = None
    author: str | None = None
    comment: str | None = None
    page: bool | None = None
    measures: Measures | None = None


class ImpactChunk(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="impact"):
    """Internal: one chunk of one revision's down serving elements (`outages.impact`, key = `<outage id>/<chunk>`).

    correlate writes every chunk to every customer partition. `elements` holds at most 5,000 ids; the set belongs to
    revision `elements_revision` and is whole once `chunks` chunks of it have arrived. A revision that leaves the set as
    it was is one record with `chunk` 0 and `elements` absent. Instants are epoch milliseconds. `reopened`: how often
    the outage was opened again after its restoration.
    """

    outage_id: str
    revision: int
    time: int
    state: OutageState
    region: str
    element: str
    started: int
    elements_revision: int
    chunk: int
    chunks: int
    elements: tuple[str, ...] | None = None
    confirmed: int | None = None
    restored: int | None = None
    cause: str | None = None
    etr: Etr | None = None
    parent: str | None = None
    merged_into: str | None = None
    maintenance_id: str | None = None
    overrun: int | None = None
    reopened: int = 0
    hold: bool | None = None
    muted: bool | None = None
    text: str | None = None


class ProgressMark(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="progress"):
    """Internal: correlate's progress, written to every `outages.impact` partition every 5 s (key = `progress`).

    `tick` is correlate's time; `event_time` the lowest event time fully handled by detect and correlate (epoch ms).
    """

    tick: int
    event_time: int


class Affected(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="affected"):
    """Internal: what one customer partition says of an outage (`outages.affected`, key = outage id).

    `customers`: how many of that partition the revision's elements serve. `noticed`: the first of them was told, at
    that time (epoch ms); it is said once.
    """

    outage_id: str
    revision: int
    partition: int
    time: int
    customers: int | None = None
    vulnerable: int = 0
    noticed: int | None = None


class StillOut(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="still_out"):
    """Internal: a customer says that they are still out, though the outage is restored (`outages.affected`).

    `element` is what serves them, `customer` a hash, `time` that of the reply (epoch ms).
    """

    outage_id: str
    element: str
    region: str
    customer: str
    time: int
    partition: int


class LearnedElement(Struct, frozen=True, omit_defaults=True):
    """An element heard of for the first time, as its heartbeats or alarms describe it.

    `beats`: it was heard itself, so that its own liveness decides whether it is down.
    """

    element: str
    parents: tuple[str, ...] = ()
    collector: str | None = None
    beats: bool = True


class StatusRow(Struct, frozen=True, omit_defaults=True):
    """How one region, element under suspicion, or collector stands: devices expected and down.

    `heard`: event time (epoch ms) of the last sign of life, 0 = none since the worker started. `patience`: ms after
    which its silence means something. `veiled`: those of `down` that fell silent together with their collector, the
    first of them at `onset` (epoch ms). Of a region, `collectors`: those it is heard through, `judged`: its volume
    indicators (sessions, ...) with a baseline, and `dropped`: those that have fallen far below it.
    """

    of: Literal["region", "element", "collector"]
    name: str
    expected: int
    down: int
    heard: int = 0
    judged: int = 0
    dropped: int = 0
    patience: int = 0
    veiled: int = 0
    onset: int = 0
    collectors: tuple[str, ...] = ()


#: Classes of alarms: `power` and `signal` (light, line) tell causes, `service` is any other that takes service away.
AlarmKind = Literal["service", "power", "signal", "equipment"]


class AlarmRow(Struct, frozen=True, omit_defaults=True):
    """Whether alarms of one class are open on an element, since `time` (epoch ms of event time)."""

    element: str
    alarm: AlarmKind
    open: bool
    time: int


SignalKind = Literal["suspect", "confirm", "clear", "down", "veiled", "up", "learned", "alarm", "status", "progress"]


class Signal(Struct, frozen=True, omit_defaults=True):
    """Internal: what detect tells correlate (`outages.signals`, key = region, or `partition/<n>` for a whole one).

    `time` is detect's clock in event time, `onset` the outage's estimated beginning (epoch ms both). `sequence` rises
    within a partition, so that a repetition is recognised. By `kind`:

    - `suspect`, `confirm`, `clear`: a suspicion on `element` (the region itself: `element` = `region`, `whole_region`)
      with its `onset`; `absorbs` are suspicions below it that it replaces; `reason` says why; `gasps` of its devices
      died with a gasp, and `power_alarms` and `signal_alarms` are the elements in its subtree with such alarms open;
      `flapped`: it fell and came back shortly before, so that no second source confirms it ahead of detect;
    - `down`, `veiled`, `up`: `devices` that went down, fell silent together with their collector, or came back, at
      most 5,000 a signal;
    - `learned`: elements first heard of;
    - `alarm`: `alarms` that opened or closed: severe ones, and those that tell a cause without taking service away;
    - `status`: how regions, suspicions and collectors stand, every tick;
    - `progress`: everything of this region partition up to `event_time` is folded, `lag` ms after it arrived.
    """

    kind: SignalKind
    time: int
    partition: int
    sequence: int
    region: str | None = None
    element: str | None = None
    whole_region: bool = False
    onset: int | None = None
    reason: str | None = None
    detector: str | None = None
    value: float | None = None
    threshold: float | None = None
    window_s: float | None = None
    down: int | None = None
    expected: int | None = None
    collectors: tuple[str, ...] = ()
    absorbs: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    gasps: int = 0
    power_alarms: int = 0
    signal_alarms: int = 0
    learned: tuple[LearnedElement, ...] = ()
    alarms: tuple[AlarmRow, ...] = ()
    rows: tuple[StatusRow, ...] = ()
    event_time: int | None = None
    lag: int = 0
    flapped: bool = False
