"""Some elements as their collectors send them: ONAP VES 7.2.1 and TMF642 records on `network.raw`, keyed by collector.

    beat, sample, alarm of a chosen element ──> VES heartbeat, measurement, fault ──> network.raw
                                           └──> TMF642 alarm, for half of the alarms

What VES cannot say (a dying gasp) stays on the keyed topic. Which elements are chosen is drawn from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zlib import crc32

import orjson

from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_ms

TOPIC = "network.raw"
_SEVERITIES = {"critical": "CRITICAL", "major": "MAJOR", "minor": "MINOR", "warning": "WARNING", "cleared": "NORMAL"}
_TYPES = {
    "communications": "communicationsAlarm",
    "equipment": "equipmentAlarm",
    "environmental": "environmentalAlarm",
    "processing_error": "processingErrorAlarm",
}
_READ = frozenset(("network.heartbeats", "network.alarms", "network.kpis"))


class Raw:
    """Turns the records of a share of the elements into raw ones."""

    def __init__(self, seed: int, network: Network, share: float) -> None:
        random = draws(seed, "raw")
        self._collectors: dict[str, str] = {
            element.element: element.collector
            for element in network.elements
            if random.random() < share and element.collector is not None
        }

    def __call__(self, one: Event) -> Event:
        """The record as its collector sends it; itself, when its element is not among the chosen."""
        if one.topic not in _READ:
            return one
        value = orjson.loads(one.value)
        collector = self._collectors.get(value.get("element", ""))
        if collector is None or "status" in value:
            return one
        if one.topic == "network.alarms" and crc32(value["alarm_id"].encode()) % 2:
            return event(one.ts, TOPIC, collector, _tmf642(value, collector))
        return event(one.ts, TOPIC, collector, {"event": _ves(one.topic, value, collector)})


def _ves(topic: str, value: Mapping[str, object], collector: str) -> dict[str, object]:
    domain = {"network.heartbeats": "heartbeat", "network.alarms": "fault"}.get(topic, "measurement")
    header: dict[str, object] = {
        "version": "4.1",
        "vesEventListenerVersion": "7.2.1",
        "domain": domain,
        "eventName": domain,
        "sourceName": value["element"],
        "reportingEntityName": collector,
        "lastEpochMicrosec": _ms(value["time"]) * 1000,
        "startEpochMicrosec": _ms(value["time"]) * 1000,
        "eventId": f"{value.get('alarm_id', domain)}-1",
        "sequence": 1,
        "priority": "Normal",
    }
    match domain:
        case "heartbeat":
            interval = value.get("interval_s")
            fields = {"heartbeatFieldsVersion": "3.0", **({"heartbeatInterval": interval} if interval else {})}
            return {"commonEventHeader": header, "heartbeatFields": fields}
        case "fault":
            return {"commonEventHeader": header, "faultFields": _fault(value)}
        case _:
            measured = {"name": "kpi", "hashMap": {str(value["name"]): str(value["value"])}}
            figures = {"measurementFieldsVersion": "4.0", "measurementInterval": value["interval_s"]}
            return {"commonEventHeader": header, "measurementFields": figures | {"additionalMeasurements": [measured]}}


def _fault(value: Mapping[str, object]) -> dict[str, object]:
    return {
        "faultFieldsVersion": "4.0",
        "alarmCondition": value["probable_cause"],
        "eventSeverity": _SEVERITIES[str(value["perceived_severity"])],
        "eventSourceType": "other",
        "specificProblem": value.get("specific_problem") or value["probable_cause"],
        "vfStatus": "Active",
    }


def _tmf642(value: Mapping[str, object], collector: str) -> dict[str, object]:
    cleared = value["perceived_severity"] == "cleared"
    return {
        "id": value["alarm_id"],
        "alarmedObject": {"id": value["element"]},
        "perceivedSeverity": value["perceived_severity"],
        "probableCause": value["probable_cause"],
        "alarmType": _TYPES.get(str(value.get("alarm_type")), "communicationsAlarm"),
        "serviceAffecting": value.get("service_affecting"),
        "reportingSystemId": collector,
        "state": "cleared" if cleared else "raised",
        ("alarmClearedTime" if cleared else "alarmRaisedTime"): value["time"],
    }


def _ms(time: object) -> int:
    return time if isinstance(time, int) else to_ms(datetime.fromisoformat(str(time)))
