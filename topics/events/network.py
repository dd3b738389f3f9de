"""Events of the network family, as network-monitoring systems write them and as correlate passes topology on."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from forewarn.topics.defaults import absent
from forewarn.topics.instants import Instant

#: How often an element speaks; zero or less is a wrong unit or a wrong sign.
Seconds = Annotated[float, Meta(gt=0)]
Severity = Literal["critical", "major", "minor", "warning", "indeterminate", "cleared"]
FieldActionName = Literal[
    "declare", "confirm", "dismiss", "resolve", "merge", "etr", "cause", "comment", "mute", "text", "approve", "filed"
]


class Heartbeat(Struct, frozen=True, gc=False, omit_defaults=True):
    """One sign of life of an element (`network.heartbeats`, key = region)."""

    element: str
    time: Instant
    status: Literal["up", "down", "dying_gasp"] = absent("up")
    parent: str | None = None
    collector: str | None = None
    interval_s: Seconds | None = None
    seq: int | None = None
    region: str | None = None


class Alarm(Struct, frozen=True, gc=False, omit_defaults=True):
    """One X.733 alarm notification (`network.alarms`, key = region)."""

    alarm_id: str
    element: str
    time: Instant
    perceived_severity: Severity
    alarm_type: (
        Literal[
            "communications",
            "quality_of_service",
            "processing_error",
            "equipment",
            "environmental",
            "integrity_violation",
            "operational_violation",
            "physical_violation",
            "security_service_or_mechanism_violation",
            "time_domain_violation",
        ]
        | None
    ) = None
    port: str | None = None
    peer: str | None = None
    probable_cause: str | None = None
    specific_problem: str | None = None
    service_affecting: bool | None = None
    collector: str | None = None
    text: str | None = None
    region: str | None = None


class Kpi(Struct, frozen=True, gc=False, omit_defaults=True):
    """One sample of a key performance indicator (`network.kpis`, key = region)."""

    name: str
    time: Instant
    value: float
    element: str | None = None
    interval_s: Seconds | None = None
    region: str | None = None


class InventoryElement(Struct, frozen=True, omit_defaults=True):
    """One element of the network as the inventory knows it (`network.inventory`, key = element, compacted)."""

    element: str
    region: str
    parent: str | None = None
    parents: tuple[str, ...] = ()
    powered_by: str | None = None
    kind: str | None = None
    technology: str | None = None
    collector: str | None = None
    interval_s: Seconds | None = None
    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None


class Maintenance(Struct, frozen=True, omit_defaults=True):
    """Planned work (`network.maintenance`, key = maintenance id, compacted)."""

    elements: tuple[str, ...]
    start: Instant
    end: Instant
    status: Literal["planned", "started", "completed", "cancelled"]
    maintenance_id: str | None = None
    reason: str | None = None


class FieldAction(Struct, frozen=True, omit_defaults=True):
    """What network staff say about an outage (`network.field`, any key). One of `outage_id` and `element` is set."""

    id: str
    time: Instant
    author: str
    action: FieldActionName
    outage_id: str | None = None
    element: str | None = None
    region: str | None = None
    started: Instant | None = None
    customers: int | None = None
    etr: Instant | None = None
    cause: str | None = None
    into: str | None = None
    text: str | None = None


class TopologyElement(Struct, frozen=True, omit_defaults=True):
    """Internal: what detect and ingest need to know of one element (`network.topology`, key = element, compacted).

    correlate writes it by explicit partition, that of the element's region; a move of region leaves a null in the
    old one. With source `heard` it is no element: it tells a partition that others hear a collector (`collector`), and
    in which span (`heard`: since, until; epoch ms).
    """

    element: str
    region: str
    parents: tuple[str, ...] = ()
    kind: str = "cpe"
    technology: str | None = None
    collector: str | None = None
    interval_s: Seconds | None = None
    powered_by: str | None = None
    source: Literal["inventory", "learned", "heard"] = "inventory"
    heard: tuple[int, int] | None = None
