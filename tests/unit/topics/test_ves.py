"""VES 7.2.1 as collectors send it: fault, heartbeat and measurement, one event or a list."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from forewarn.topics.codecs import Decoded, by_topic
from forewarn.topics.dead_letters import Reason
from forewarn.topics.events.network import Alarm, Heartbeat, Kpi
from tests.unit.topics.kafka_record import NOW, FakeRecord


def ves(domain: str, *, sequence: int = 0, event_id: str = "e-1", **fields: Any) -> dict[str, Any]:
    """One event with the header that the standard requires."""
    header = {
        "domain": domain,
        "eventId": event_id,
        "eventName": f"{domain}_olt",
        "lastEpochMicrosec": NOW * 1000 + 999,
        "startEpochMicrosec": NOW * 1000,
        "priority": "Normal",
        "reportingEntityName": "collector-3",
        "sequence": sequence,
        "sourceName": "olt-7",
        "version": "4.1",
        "vesEventListenerVersion": "7.2.1",
    }
    return {"commonEventHeader": header, **fields}


def fault(severity: str = "MAJOR", **more: Any) -> dict[str, Any]:
    fields = {
        "faultFieldsVersion": "4.0",
        "alarmCondition": "lossOfSignal",
        "eventSeverity": severity,
        "eventSourceType": "olt",
        "specificProblem": "LOS on PON 4",
        "vfStatus": "Active",
        "alarmInterfaceA": "pon-4",
    }
    return ves("fault", faultFields=fields, **more)


def decode(value: object, topic: str = "network.alarms", key: bytes | None = b"north") -> Decoded:
    return by_topic()[topic].decode([FakeRecord(orjson.dumps(value), key)])


def test_a_fault_is_an_alarm() -> None:
    assert decode({"event": fault()}).events == [
        Alarm(
            "e-1",
            "olt-7",
            NOW,
            "major",
            port="pon-4",
            probable_cause="lossOfSignal",
            specific_problem="LOS on PON 4",
            collector="collector-3",
        )
    ]


@pytest.mark.parametrize(
    ("word", "severity"),
    [("CRITICAL", "critical"), ("MAJOR", "major"), ("MINOR", "minor"), ("WARNING", "warning"), ("NORMAL", "cleared")],
)
def test_a_severity_of_normal_clears(word: str, severity: str) -> None:
    assert decode({"event": fault(word)}).events[0].perceived_severity == severity


@pytest.mark.parametrize(
    ("event_id", "sequence", "alarm_id"),
    [
        ("los-7-12", 12, "los-7"),
        ("los_7_0012", 12, "los_7"),
        ("fault0000245", 245, "fault0000245"),
        ("los-7", 0, "los-7"),
        ("los.7.0", 0, "los.7"),
        ("-3", 3, "-3"),
    ],
)
def test_an_alarm_is_named_without_the_events_sequence(event_id: str, sequence: int, alarm_id: str) -> None:
    assert decode({"event": fault(event_id=event_id, sequence=sequence)}).events[0].alarm_id == alarm_id


def test_a_heartbeat_may_come_with_or_without_its_interval() -> None:
    with_interval = ves("heartbeat", heartbeatFields={"heartbeatFieldsVersion": "3.0", "heartbeatInterval": 20})
    decoded = decode({"eventList": [with_interval, ves("heartbeat")]}, "network.heartbeats")
    assert decoded.events == [
        Heartbeat("olt-7", NOW, collector="collector-3", interval_s=20.0),
        Heartbeat("olt-7", NOW, collector="collector-3"),
    ]
    assert decoded.records[0] is decoded.records[1]


def test_every_figure_of_a_measurement_is_a_sample() -> None:
    fields = {
        "measurementInterval": 300,
        "measurementFieldsVersion": "4.0",
        "additionalMeasurements": [
            {"name": "pm", "hashMap": {"sessions": "1042", "loss_ratio": "0.25", "mode": "auto"}}
        ],
        "vNicPerformanceArray": [
            {"nicIdentifier": "eth0", "valuesAreSuspect": "false", "receivedOctetsDelta": 12.5, "speed": 1000}
        ],
    }
    assert decode({"event": ves("measurement", measurementFields=fields)}, "network.kpis").events == [
        Kpi("sessions", NOW, 1042.0, element="olt-7", interval_s=300.0),
        Kpi("loss_ratio", NOW, 0.25, element="olt-7", interval_s=300.0),
        Kpi("receivedOctetsDelta", NOW, 12.5, element="olt-7", interval_s=300.0),
        Kpi("speed", NOW, 1000.0, element="olt-7", interval_s=300.0),
    ]


def test_figures_of_several_interfaces_are_told_apart() -> None:
    nics = [{"nicIdentifier": name, "speed": speed} for name, speed in (("eth0", 1), ("eth1", 2))]
    decoded = decode({"event": ves("measurement", measurementFields={"vNicPerformanceArray": nics})})
    assert [(event.name, event.value) for event in decoded.events] == [("eth0.speed", 1.0), ("eth1.speed", 2.0)]


def test_other_domains_are_counted_and_not_dead_lettered() -> None:
    decoded = decode(
        {"eventList": [ves("syslog"), fault(), ves("stndDefined"), ves("measurement", measurementFields={})]}
    )
    assert [type(event) for event in decoded.events] == [Alarm]
    assert decoded.filtered == {Reason.UNSUPPORTED_DOMAIN: 2, Reason.NO_FIGURES: 1}
    assert not decoded.malformed


@pytest.mark.parametrize(
    ("value", "reason", "path"),
    [
        ({"event": {}}, Reason.MISSING_FIELD, "$.event.commonEventHeader"),
        ({"event": ves("fault")}, Reason.MISSING_FIELD, "$.event.faultFields"),
        ({"event": ves("measurement")}, Reason.MISSING_FIELD, "$.event.measurementFields"),
        ({"event": fault("LOUD")}, Reason.UNKNOWN_VALUE, "$.event.faultFields.eventSeverity"),
        ({"event": "x"}, Reason.WRONG_TYPE, "$.event"),
        ({"eventList": []}, Reason.OUT_OF_RANGE, "$.eventList"),
        ({"event": None}, Reason.MISSING_FIELD, "$.event"),
    ],
)
def test_a_malformed_event_is_refused_with_its_path(value: object, reason: Reason, path: str) -> None:
    assert [(one.reason, one.path) for one in decode(value).malformed] == [(reason, path)]


def test_a_list_with_one_malformed_event_is_refused_whole_and_counts_nothing() -> None:
    decoded = decode({"eventList": [ves("syslog"), fault(), ves("fault")]})
    assert not decoded.events
    assert not decoded.filtered
    assert [one.path for one in decoded.malformed] == ["$.eventList[2].faultFields"]


def test_another_major_version_is_refused() -> None:
    event = fault()
    event["commonEventHeader"]["vesEventListenerVersion"] = "5.4"
    assert [one.reason for one in decode({"event": event}).malformed] == [Reason.UNSUPPORTED_VERSION]


def test_a_native_record_with_an_unknown_field_named_event_stays_native() -> None:
    value = {"element": "e", "time": NOW, "event": "boot"}
    assert decode(value, "network.heartbeats").events == [Heartbeat("e", NOW)]


def test_an_event_from_the_future_is_refused() -> None:
    event = fault()
    event["commonEventHeader"]["lastEpochMicrosec"] = (NOW + 200_000) * 1000
    assert [one.reason for one in decode({"event": event}).malformed] == [Reason.FUTURE]


def test_raw_records_need_no_key_and_nothing_native() -> None:
    assert len(decode({"event": fault()}, "network.raw", None).events) == 1
    native = {"element": "e", "time": NOW}
    assert [one.reason for one in decode(native, "network.raw").malformed] == [Reason.UNKNOWN_FORMAT]


@pytest.mark.parametrize(
    ("micros", "reason"), [(1e30, Reason.BAD_TIME), (-1e30, Reason.BAD_TIME), (10**18, Reason.BAD_TIME)]
)
def test_an_instant_that_no_calendar_has_is_refused(micros: float, reason: Reason) -> None:
    event = fault()
    event["commonEventHeader"]["lastEpochMicrosec"] = micros
    assert [one.reason for one in decode({"event": event}).malformed] == [reason]


def test_microseconds_may_come_as_a_double() -> None:
    event = fault()
    event["commonEventHeader"]["lastEpochMicrosec"] = float(NOW * 1000 + 500)
    assert [one.time for one in decode({"event": event}).events] == [NOW]


def test_what_is_no_figure_is_no_sample() -> None:
    maps = [{"name": "pm", "hashMap": {"up": True, "none": None, "text": "1_000", "huge": "1e999", "good": "-1.5e3"}}]
    decoded = decode({"event": ves("measurement", measurementFields={"additionalMeasurements": maps})})
    assert [(event.name, event.value) for event in decoded.events] == [("good", -1500.0)]
