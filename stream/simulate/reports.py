"""What the operator's systems say of the network: the inventory of its elements, and planned work."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY, HOUR, Incident, Plan, Work
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import Size
from forewarn.topics.instants import to_rfc3339

#: Planned work is announced so long ahead (ms, from and to); one in so many so shortly ahead.
AHEAD, SHORTLY, HASTY = (4 * DAY, 11 * DAY), (5 * HOUR, 60 * HOUR), 6


def inventory(network: Network, size: Size, start: int, span: int) -> Iterator[Event]:
    """Every element, over `span` ms from `start`."""
    for number, element in enumerate(network.elements):
        value: dict[str, object] = {
            "element": element.element,
            "region": element.region,
            "kind": element.kind,
            "technology": element.technology,
            "latitude": element.latitude,
            "longitude": element.longitude,
        }
        if len(element.parents) == 1:
            value["parent"] = element.parents[0]
        elif element.parents:
            value["parents"] = element.parents
        if element.powered_by:
            value["powered_by"] = element.powered_by
        if element.beats:
            value["collector"] = element.collector
            if element.says_interval:
                value["interval_s"] = size.interval_s
        ts = start + number * span // len(network.elements)
        yield event(ts, "network.inventory", element.element, value)


def planned_work(plan: Plan, announced: int) -> Iterator[Event]:
    """Planned work: announced some days ahead, at `announced` (epoch ms) the earliest, then as it happens."""
    for incident in plan.incidents:
        if incident.kind == "maintenance":
            yield from _work(incident, incident.work or Work(), announced)


def _work(incident: Incident, work: Work, announced: int) -> Iterator[Event]:
    span = (incident.start, incident.end)
    said = max(announced, (work.first or span)[0] - _ahead(incident)) if work.announced is None else work.announced
    yield _window(said, incident, work.first or span, "planned")
    if work.cancelled and work.told is not None:
        yield _window(max(said + 1_000, work.told), incident, span, "cancelled")
        return
    if work.first is not None and work.told is not None:
        yield _window(max(said + 1_000, work.told), incident, span, "planned")
    yield _window(incident.start, incident, span, "started")
    yield _window(incident.end + incident.overrun, incident, span, "completed")


def _ahead(incident: Incident) -> int:
    """How long before its window (ms) a work is announced: drawn from its name, so that it shifts no other draw."""
    draw = crc32(incident.id.encode())
    least, most = SHORTLY if draw % HASTY == 0 else AHEAD
    return least + draw // HASTY % (most - least)


def _window(ts: int, incident: Incident, span: tuple[int, int], status: str) -> Event:
    value = {
        "maintenance_id": incident.id,
        "elements": [incident.element],
        "start": to_rfc3339(span[0]),
        "end": to_rfc3339(span[1]),
        "status": status,
        "reason": "software upgrade",
    }
    return event(ts, "network.maintenance", incident.id, value)
