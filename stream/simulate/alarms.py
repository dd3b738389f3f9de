"""Alarms (X.733) as element managers raise them: of what is broken, of all that hangs on it, and of nothing at all.

root        raise ───────────────────────────────── clear
children        raise x n (a flood around big incidents) clear
power       on battery ─────── battery low ─ (silence) ─ clear
idle        fan, temperature, configuration: every day, not service affecting
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import HOUR, MINUTE, Battery, Incident, Phantom, Plan
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

#: Alarms a day and region that mean nothing for customers.
IDLE_ALARMS_A_DAY = 20.0
#: How often the broken element's own alarm comes, by kind; of its active children, how many alarm about it; in how many
#: fibre cuts the OLT raises an alarm for every line.
OWN = {"fibre_cut": 0.8, "splitter": 0.4, "equipment": 0.6, "upstream": 0.8, "cross_region": 0.8, "cell": 0.6}
CHILDREN, LINES = 0.7, 0.5
#: Of the children of equipment that fails, how many see no light, as behind a cut fibre.
DARK = 0.3
_FIBRE = {"alarm_type": "communications", "probable_cause": "lossOfSignal", "service_affecting": True}
_BROKEN = {"alarm_type": "equipment", "probable_cause": "equipmentMalfunction", "service_affecting": True}
_NO_LINK = {
    "alarm_type": "communications",
    "probable_cause": "communicationsSubsystemFailure",
    "service_affecting": True,
}
_BATTERY = {
    "alarm_type": "environmental",
    "probable_cause": "commercialPowerFailure",
    "specific_problem": "on battery",
    "service_affecting": False,
}
_IDLE: tuple[tuple[str, str, str], ...] = (
    ("warning", "environmental", "highTemperature"),
    ("minor", "environmental", "fanFailure"),
    ("minor", "processing_error", "configurationOrCustomizationError"),
    ("major", "equipment", "lossOfRedundancy"),
)


def alarms(seed: int, network: Network, plan: Plan, start: int, end: int) -> Iterator[Event]:
    """Alarms of the incidents, and those of every day."""
    for incident in plan.incidents:
        if incident.kind not in ("noise", "maintenance", "flapping"):
            yield from _of(draws(seed, f"alarms/{incident.id}"), network, incident)
    for phantom in plan.phantoms:
        yield from _phantom(phantom)
    for region in network.regions:
        elements = network.in_region(region, "core", "aggregation", "olt", "node", "cell")
        yield from _idle(draws(seed, f"alarms/idle/{region}"), elements, start, end)


def _idle(random: Random, elements: list[Element], start: int, end: int) -> Iterator[Event]:
    at = start + random.expovariate(IDLE_ALARMS_A_DAY) * 24 * HOUR
    while at < end:
        element = random.choice(elements)
        severity, sort, problem = random.choice(_IDLE)
        raised, identity = round(at), f"idle-{element.element}-{round(at)}"
        fields = {"alarm_type": sort, "probable_cause": problem, "service_affecting": False}
        cleared = raised + random.randrange(5, 90) * MINUTE
        yield _alarm(raised, identity, element, severity, fields)
        yield _alarm(cleared, identity, element, "cleared", fields)
        at += random.expovariate(IDLE_ALARMS_A_DAY) * 24 * HOUR


def _of(random: Random, network: Network, incident: Incident) -> Iterator[Event]:
    element = network.by_id[incident.element]
    loss: dict[str, object] = dict(_FIBRE)
    if element.parents:
        loss["peer"] = element.parents[0]
    if incident.kind == "blip":
        yield from _pair(random, incident, element, "minor", loss | {"service_affecting": False})
    elif random.random() < OWN.get(incident.kind, 0.0):
        own = loss if incident.cause == "fibre" else _BROKEN
        yield from _pair(random, incident, element, "critical", own)
    if incident.kind != "blip":
        for battery in incident.batteries:
            yield from _battery(random, network.by_id[battery.element], battery, incident)
        yield from _children(random, network, incident)


def _pair(
    random: Random, incident: Incident, element: Element, severity: str, fields: dict[str, object]
) -> Iterator[Event]:
    """Raise and clear of one alarm; at times the raise comes twice."""
    identity = f"alarm-{incident.id}"
    raised = incident.start + random.randrange(500, 8_000)
    yield _alarm(raised, identity, element, severity, fields)
    if random.random() < 0.1:
        yield _alarm(raised, identity, element, severity, fields)._replace(ts=raised + random.randrange(1_000, 30_000))
    yield _alarm(incident.end + random.randrange(500, 15_000), identity, element, "cleared", fields)


def _battery(random: Random, element: Element, battery: Battery, incident: Incident) -> Iterator[Event]:
    """On battery at once; low ten minutes before it is empty; both are cleared when the power is back."""
    identity = f"battery-{incident.id}-{element.element}"
    yield _alarm(battery.start + random.randrange(300, 6_000), identity, element, "major", _BATTERY)
    if battery.empty is not None:
        low = _BATTERY | {"specific_problem": "battery low"}
        yield _alarm(max(battery.start, battery.empty - 10 * MINUTE), f"{identity}-low", element, "critical", low)
        yield _alarm(incident.end + random.randrange(60_000, 150_000), f"{identity}-low", element, "cleared", low)
    yield _alarm(incident.end + random.randrange(500, 15_000), identity, element, "cleared", _BATTERY)


def _children(random: Random, network: Network, incident: Incident) -> Iterator[Event]:
    """What hangs on the broken element alarms about it: its active children as a rule, in a flood every device."""
    if incident.cause == "power":
        return
    silent = set(incident.silent)
    lines = incident.cause == "fibre" and random.random() < LINES
    for name in network.cut_off(incident.element)[1:]:
        element = network.by_id[name]
        active = element.kind in ("aggregation", "olt", "node", "cell")
        alarms = (active and random.random() < CHILDREN) or (lines and element.kind == "onu")
        if name not in silent or not (incident.flood or alarms):
            continue
        dark = incident.cause == "fibre" or random.random() < DARK
        fields: dict[str, object] = dict(_FIBRE if dark and element.technology == "fibre" else _NO_LINK)
        if element.parents:
            fields["peer"] = element.parents[0]
        for again in range(incident.flood or 1):
            raised = incident.start + (random.randrange(60_000) if incident.flood else random.randrange(1_000, 30_000))
            identity = f"alarm-{incident.id}-{name}-{again}"
            yield _alarm(raised, identity, element, "critical" if active else "major", fields)
            yield _alarm(incident.end + random.randrange(1_000, 40_000), identity, element, "cleared", fields)


def _phantom(phantom: Phantom) -> Iterator[Event]:
    for at, severity in ((phantom.start, "critical"), (phantom.end, "cleared")):
        head = {"alarm_id": phantom.id, "element": phantom.element, "time": to_rfc3339(at)}
        yield event(at + 200, "network.alarms", phantom.region, head | {"perceived_severity": severity} | _BROKEN)


def _alarm(ts: int, identity: str, element: Element, severity: str, fields: dict[str, object]) -> Event:
    head = {"alarm_id": identity, "element": element.element, "time": to_rfc3339(ts), "perceived_severity": severity}
    return event(ts + 200, "network.alarms", element.region, head | fields)
