"""Companions: the other outages that one message tells a customer of, with the one it is about.

    o1 confirmed ──┬─ group wait ──┬──> told: "in north and in the harbour"
    o2 confirmed ──┘               └──> o2: digested, and told by itself only if it outlasts o1

Also what a message about outages says, and what the decision rested on.
"""

from __future__ import annotations

from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.customers import Customer, another_access
from forewarn.alerts.incidents import Incident, Incidents
from forewarn.alerts.told import Entry
from forewarn.alerts.turns import reopening
from forewarn.topics.events.customers import Service


def broken(incidents: Incidents, incident: Incident, person: Customer | None) -> tuple[Service, ...]:
    """The customer's services on elements of the outage's set."""
    services = person.services if person is not None else ()
    return tuple(s for s in services if incidents.down(incident.outage_id, s.element))


def working(incidents: Incidents, person: Customer | None) -> tuple[Service, ...]:
    """The customer's services on elements of no confirmed outage."""
    return tuple(s for s in (person.services if person is not None else ()) if not incidents.broken(s.element))


def companions(
    incidents: Incidents, incident: Incident, person: Customer | None, entries: tuple[Entry, ...]
) -> tuple[Incident, ...]:
    """The other outages that the customer is to be told of and has not been, nor is kept in silence about."""
    if person is None or len(person.services) < 2:
        return ()
    others = incidents.concerning(service.element for service in person.services)
    if len(others) < 2:
        return ()
    up, known = working(incidents, person), {e.incident: e for e in entries if e.kind == "outage"}
    return tuple(
        other
        for other in others
        if other.outage_id != incident.outage_id
        and other.telling
        and not (other.muted or other.maintenance_id is not None or other.parent in known)
        and _untold(known.get(other.outage_id), other)
        and any(not any(another_access(down, s) for s in up) for down in broken(incidents, other, person))
    )


def _untold(entry: Entry | None, incident: Incident) -> bool:
    """Whether the customer's first message of the outage is not decided yet, or waits."""
    message = entry.message("confirmed", reopening(entry.turn(incident.reopened))) if entry is not None else None
    return message is None or message.deferred


def outage_context(
    incident: Incident, restored: int | None, promise: int = 0, before: int = 0, also: tuple[Incident, ...] = ()
) -> OutageContext:
    """What the templates may say; `promise` and `before` (epoch ms) are the times promised now and before, or 0.

    `also`: the other outages that the message tells of; a cause is said when it is that of all.
    """
    return OutageContext(
        started=incident.started,
        place=incident.region,
        also=tuple(sorted({other.region for other in also} - {incident.region})),
        restored=restored,
        cause=incident.cause if all(other.cause == incident.cause for other in also) else None,
        etr=promise or None,
        promised=before or None,
        text=incident.text,
    )


def outage_evidence(incident: Incident, also: tuple[Incident, ...] = ()) -> dict[str, object]:
    """What the decision rested on: the outage's revision, state and place; `with`: what else the message tells of."""
    rested = {
        "outage_revision": incident.revision,
        "state": incident.state,
        "region": incident.region,
        "element": incident.element,
    }
    return rested | ({"with": [other.outage_id for other in also]} if also else {})
