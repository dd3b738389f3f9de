"""What the network reports beside beats: inventory, alarms, performance figures, planned work, its crews' words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import HOUR, MINUTE, Incident, Plan
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import Size, draws
from forewarn.topics.instants import to_rfc3339

#: Alarms a day and region that mean nothing for customers.
IDLE_ALARMS_A_DAY = 20.0
KPI_EVERY_MS = MINUTE
#: Share of outages in which a crew says how long it takes and why it happened.
CREW_SPEAKS = 0.4


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
            value["interval_s"] = size.interval_s
        ts = start + number * span // len(network.elements)
        yield event(ts, "network.inventory", element.element, value)


def alarms(seed: int, network: Network, plan: Plan, start: int, end: int) -> Iterator[Event]:
    """Alarms of the incidents, and those of every day."""
    random = draws(seed, "alarms")
    for incident in plan.incidents:
        yield from _incident_alarms(random, network, incident)
    for region in network.regions:
        elements = network.in_region(region, "core", "aggregation", "olt", "node", "cell")
        at = start + random.expovariate(IDLE_ALARMS_A_DAY) * 24 * HOUR
        while at < end:
            element = random.choice(elements)
            severity, problem = random.choice((("warning", "highTemperature"), ("minor", "fanFailure")))
            raised, identity = round(at), f"idle-{element.element}-{round(at)}"
            fields = {"alarm_type": "environmental", "probable_cause": problem, "service_affecting": False}
            yield _alarm(raised, identity, element.element, region, severity, fields)
            yield _alarm(
                raised + random.randrange(5, 90) * MINUTE, identity, element.element, region, "cleared", fields
            )
            at += random.expovariate(IDLE_ALARMS_A_DAY) * 24 * HOUR


def _incident_alarms(random: Random, network: Network, incident: Incident) -> Iterator[Event]:
    element = network.by_id[incident.element]
    loss: dict[str, object] = {
        "alarm_type": "communications",
        "probable_cause": "lossOfSignal",
        "service_affecting": True,
    }
    if element.parents:
        loss["peer"] = element.parents[0]
    match incident.kind:
        case "fibre_cut" if random.random() < 0.8:
            yield from _pair(random, incident, "critical", loss)
        case "power":
            power: dict[str, object] = {
                "alarm_type": "environmental",
                "probable_cause": "commercialPowerFailure",
                "specific_problem": "on battery",
                "service_affecting": False,
            }
            yield from _pair(random, incident, "major", power)
        case "equipment" | "upstream" | "cell" if random.random() < 0.6:
            yield from _pair(
                random,
                incident,
                "critical",
                loss | {"alarm_type": "equipment", "probable_cause": "equipmentMalfunction"},
            )
        case "blip":
            yield from _pair(random, incident, "minor", loss | {"service_affecting": False})


def _pair(random: Random, incident: Incident, severity: str, fields: dict[str, object]) -> Iterator[Event]:
    """Raise and clear of one alarm; at times the raise comes twice."""
    identity = f"alarm-{incident.id}"
    raised = incident.start + random.randrange(500, 8_000)
    yield _alarm(raised, identity, incident.element, incident.region, severity, fields)
    if random.random() < 0.1:
        again = _alarm(raised, identity, incident.element, incident.region, severity, fields)
        yield again._replace(ts=raised + random.randrange(1_000, 30_000))
    cleared = incident.end + random.randrange(500, 15_000)
    yield _alarm(cleared, identity, incident.element, incident.region, "cleared", fields)


def _alarm(ts: int, identity: str, element: str, region: str, severity: str, fields: dict[str, object]) -> Event:
    head = {"alarm_id": identity, "element": element, "time": to_rfc3339(ts), "perceived_severity": severity}
    return event(ts + 200, "network.alarms", region, head | fields)


def planned_work(plan: Plan, announced: int) -> Iterator[Event]:
    """Planned work: announced at `announced` (epoch ms), started and completed as it happens."""
    for incident in plan.incidents:
        if incident.kind != "maintenance":
            continue
        value = {
            "maintenance_id": incident.id,
            "elements": [incident.element],
            "start": to_rfc3339(incident.start),
            "end": to_rfc3339(incident.end),
            "reason": "software upgrade",
        }
        completed = incident.end + incident.overrun
        for ts, status in ((announced, "planned"), (incident.start, "started"), (completed, "completed")):
            yield event(ts, "network.maintenance", incident.id, value | {"status": status})


def crews(seed: int, plan: Plan) -> Iterator[Event]:
    """What crews say of outages that they work on: when it will be mended, and what it was."""
    random = draws(seed, "crews")
    for incident in plan.incidents:
        if not incident.facing or random.random() >= CREW_SPEAKS:
            continue
        length = incident.end - incident.start
        said = incident.start + round(min(length * 0.6, random.uniform(6, 15) * MINUTE))
        head = {"author": f"crew-{random.randrange(1, 10)}", "element": incident.element, "region": incident.region}
        etr = incident.start + round(length * random.uniform(0.9, 1.3))
        yield event(
            said, "network.field", incident.region,
            head | {"id": f"{incident.id}-etr", "time": said, "action": "etr", "etr": to_rfc3339(etr)},
        )  # fmt: skip
        yield event(
            said + 30_000, "network.field", incident.region,
            head | {"id": f"{incident.id}-cause", "time": said + 30_000, "action": "cause", "cause": incident.cause},
        )  # fmt: skip


class Kpis:
    """Sessions and loss of every region, each minute: a daily rhythm, some noise, and less while devices are down."""

    def __init__(self, seed: int, network: Network, plan: Plan, start: int) -> None:
        self._random = draws(seed, "kpis")
        self._devices = {region: sum(e.serves for e in network.in_region(region)) for region in network.regions}
        self._incidents: dict[str, list[tuple[int, int, float]]] = {region: [] for region in network.regions}
        for incident in plan.incidents:
            hit = sum(network.by_id[element].serves for element in incident.silent)
            share = hit / max(1, self._devices[incident.region])
            self._incidents[incident.region].append((incident.start, incident.end, share))
        self._next = start

    def until(self, to: int) -> Iterator[Event]:
        """The samples before `to`."""
        while self._next < to:
            for region, devices in self._devices.items():
                yield from self._sample(region, devices, self._next)
            self._next += KPI_EVERY_MS

    def _sample(self, region: str, devices: int, at: int) -> Iterator[Event]:
        open_ = [i for i in self._incidents[region] if i[1] > at]
        self._incidents[region] = open_
        down = min(1.0, sum(share for start, _, share in open_ if start <= at))
        draw = self._random.gauss
        sessions = max(0, round(devices * 40 * rhythm(at) * (1 - down) * (1 + draw(0, 0.02))))
        loss = max(0.0, 0.001 + 0.05 * down + draw(0, 0.0002))
        for name, value in (("sessions", sessions), ("loss_ratio", round(loss, 5))):
            yield event(at + 400, "network.kpis", region, {"name": name, "time": at, "value": value, "interval_s": 60})


def rhythm(at: int) -> float:
    """How busy people are at `at` (epoch ms): 0.3 at seven in the morning, 1.7 at seven in the evening (UTC)."""
    return 1.0 - 0.7 * math.cos((at / HOUR - 7.0) % 24 / 24 * 2 * math.pi)
