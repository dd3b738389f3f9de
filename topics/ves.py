"""ONAP VES 7 events as heartbeats, alarms and samples (VES Event Listener 7.2.1, ONAP; one event or an eventList).

`reportingEntityName` is the collector, `sourceName` the element, `lastEpochMicrosec` the time. A record is taken whole:
when one event of a list is malformed, the record is. Domains that Forewarn does not read are counted, not refused.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from forewarn.topics.events.network import Alarm, Heartbeat, Kpi, Severity
from forewarn.topics.reasons import Reason
from forewarn.topics.strict import Oddity
from forewarn.topics.typed import typed

Event = Heartbeat | Alarm | Kpi
_SEVERITIES: dict[str, Severity] = {
    "CRITICAL": "critical",
    "MAJOR": "major",
    "MINOR": "minor",
    "WARNING": "warning",
    "NORMAL": "cleared",
}
#: Microseconds of what Python's datetime can hold (years 1 to 9999).
_Micros = Annotated[int, Meta(ge=-62_135_596_800_000_000, le=253_402_300_799_999_999)]
#: A figure in a text, as additional measurements carry them.
_FIGURE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


class _Header(Struct, rename="camel"):
    domain: str
    source_name: Annotated[str, Meta(min_length=1)]
    last_epoch_microsec: _Micros | float
    event_id: str
    reporting_entity_name: str | None = None
    sequence: int = 0
    ves_event_listener_version: str = "7"


class _Fault(Struct, rename="camel"):
    alarm_condition: str
    event_severity: Literal["CRITICAL", "MAJOR", "MINOR", "WARNING", "NORMAL"]
    specific_problem: str | None = None
    alarm_interface_a: str | None = None


class _Heartbeat(Struct, rename="camel"):
    heartbeat_interval: Annotated[float, Meta(gt=0)] | None = None


class _NamedMap(Struct, rename="camel"):
    hash_map: dict[str, Any]
    name: str = ""


class _Measurement(Struct, rename="camel"):
    measurement_interval: Annotated[float, Meta(gt=0)] | None = None
    additional_measurements: list[_NamedMap] = []
    v_nic_performance_array: list[dict[str, Any]] = []
    v_nic_performance: list[dict[str, Any]] = []


class _Event(Struct, rename="camel"):
    common_event_header: _Header
    fault_fields: _Fault | None = None
    heartbeat_fields: _Heartbeat | None = None
    measurement_fields: _Measurement | None = None


class _Ves(Struct, rename="camel"):
    event: _Event | None = None
    event_list: Annotated[list[_Event], Meta(min_length=1)] | None = None


def is_ves(tree: dict[str, Any]) -> bool:
    """Whether a record without an own `time` is a VES record."""
    return "time" not in tree and ("event" in tree or "eventList" in tree)


def events(tree: dict[str, Any], filtered: Counter[Reason]) -> list[Event] | Oddity:
    """The events of a VES record; what is not read is counted in `filtered`."""
    ves = typed(tree, _Ves)
    if isinstance(ves, Oddity):
        return ves
    places = [("$.event", ves.event)] if ves.event is not None else []
    places += [(f"$.eventList[{index}]", event) for index, event in enumerate(ves.event_list or ())]
    if not places:
        return Oddity(Reason.MISSING_FIELD, "$.event")
    found: list[Event] = []
    passed_by: Counter[Reason] = Counter()
    for path, event in places:
        mapped = _mapped(event, path)
        if isinstance(mapped, Oddity):
            return mapped
        if isinstance(mapped, Reason):
            passed_by[mapped] += 1
        else:
            found += mapped
    filtered.update(passed_by)
    return found


def _mapped(event: _Event, path: str) -> list[Event] | Reason | Oddity:
    header = event.common_event_header
    if header.ves_event_listener_version.partition(".")[0] != "7":
        return Oddity(Reason.UNSUPPORTED_VERSION, f"{path}.commonEventHeader.vesEventListenerVersion")
    time = _to_ms(header.last_epoch_microsec)
    if time is None:
        return Oddity(Reason.BAD_TIME, f"{path}.commonEventHeader.lastEpochMicrosec")
    match header.domain:
        case "heartbeat":
            interval = event.heartbeat_fields.heartbeat_interval if event.heartbeat_fields else None
            return [Heartbeat(header.source_name, time, collector=header.reporting_entity_name, interval_s=interval)]
        case "fault":
            if event.fault_fields is None:
                return Oddity(Reason.MISSING_FIELD, f"{path}.faultFields")
            return [_alarm(header, event.fault_fields, time)]
        case "measurement":
            if event.measurement_fields is None:
                return Oddity(Reason.MISSING_FIELD, f"{path}.measurementFields")
            return _samples(header, event.measurement_fields, time) or Reason.NO_FIGURES
        case _:
            return Reason.UNSUPPORTED_DOMAIN


def _alarm(header: _Header, fault: _Fault, time: int) -> Alarm:
    return Alarm(
        _without_sequence(header.event_id, header.sequence),
        header.source_name,
        time,
        _SEVERITIES[fault.event_severity],
        port=fault.alarm_interface_a,
        probable_cause=fault.alarm_condition,
        specific_problem=fault.specific_problem,
        collector=header.reporting_entity_name,
    )


def _without_sequence(event_id: str, sequence: int) -> str:
    """The part of an event's id that all events of one alarm share: `link-7.12` of sequence 12 is `link-7`."""
    stem = re.sub(rf"[-_.:#/]0*{sequence}$", "", event_id)
    return stem or event_id


def _samples(header: _Header, measurement: _Measurement, time: int) -> list[Event]:
    """Every figure by its name; where two maps or interfaces share a name, theirs stands before it."""
    groups = [(named.name, named.hash_map) for named in measurement.additional_measurements]
    for nic in (*measurement.v_nic_performance_array, *measurement.v_nic_performance):
        numbers = {name: raw for name, raw in nic.items() if not isinstance(raw, str)}
        groups.append((str(nic.get("nicIdentifier", "")), numbers))
    figures = [
        (group, name, value)
        for group, raws in groups
        for name, raw in raws.items()
        if (value := _figure(raw)) is not None
    ]
    uses = Counter(name for _, name, _ in figures)
    return [
        Kpi(
            name if uses[name] == 1 else f"{group}.{name}",
            time,
            value,
            element=header.source_name,
            interval_s=measurement.measurement_interval,
        )
        for group, name, value in figures
    ]


def _figure(raw: object) -> float | None:
    """The number that a measurement holds, be it in a text; None when it is no figure."""
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | str):
        return None
    if isinstance(raw, str) and not _FIGURE.fullmatch(raw):
        return None
    value = float(raw)
    return value if isfinite(value) else None


def _to_ms(micros: int | float) -> int | None:
    """Epoch ms of epoch microseconds, which some collectors send as a double."""
    if isinstance(micros, float) and not -62_135_596_800e6 <= micros < 253_402_300_800e6:
        return None
    return int(micros // 1000)
