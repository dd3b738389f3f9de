"""TMF642 alarms, bare and in notifications."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from forewarn.topics.codecs import Decoded, by_topic
from forewarn.topics.dead_letters import Reason
from forewarn.topics.events.network import Alarm
from tests.unit.topics.kafka_record import NOW, FakeRecord

RAISED, CLEARED = "2026-11-22T20:10:00.250Z", "2026-11-22T21:14:00+01:00"
RAISED_MS, CLEARED_MS = NOW - 299_750, NOW - 60_000


def alarm(**more: Any) -> dict[str, Any]:
    return {
        "id": "a-1",
        "href": "/alarm/a-1",
        "alarmType": "equipmentAlarm",
        "perceivedSeverity": "MAJOR",
        "probableCause": "powerProblem",
        "specificProblem": "PSU 2",
        "alarmRaisedTime": RAISED,
        "alarmedObject": {"id": "olt-7", "href": "/resource/olt-7"},
        "sourceSystemId": "ems-1",
        "reportingSystemId": "nms-1",
        "serviceAffecting": True,
        "state": "raised",
        "@type": "Alarm",
    } | more


def decode(value: object) -> Decoded:
    return by_topic()["network.alarms"].decode([FakeRecord(orjson.dumps(value))])


def test_an_alarm_is_mapped() -> None:
    assert decode(alarm()).events == [
        Alarm(
            "a-1",
            "olt-7",
            RAISED_MS,
            "major",
            alarm_type="equipment",
            probable_cause="powerProblem",
            specific_problem="PSU 2",
            service_affecting=True,
            collector="nms-1",
        )
    ]


def test_a_notification_holds_its_alarm() -> None:
    value = {"eventType": "AlarmCreateEvent", "eventTime": RAISED, "eventId": "1", "event": {"alarm": alarm()}}
    assert decode(value).events == decode(alarm()).events


@pytest.mark.parametrize(
    ("more", "time"),
    [
        ({"alarmClearedTime": CLEARED}, CLEARED_MS),
        ({"alarmClearedTime": CLEARED, "state": "cleared", "perceivedSeverity": "CLEARED"}, CLEARED_MS),
        ({"state": "cleared", "alarmChangedTime": CLEARED}, CLEARED_MS),
        ({"perceivedSeverity": "cleared"}, RAISED_MS),
    ],
)
def test_an_alarm_that_is_over_is_a_clear_at_its_time(more: dict[str, Any], time: int) -> None:
    (event,) = decode(alarm(**more)).events
    assert (event.perceived_severity, event.time) == ("cleared", time)


@pytest.mark.parametrize("word", ["critical", "Minor", "WARNING", "indeterminate"])
def test_severities_are_read_in_any_case(word: str) -> None:
    assert decode(alarm(perceivedSeverity=word)).events[0].perceived_severity == word.lower()


@pytest.mark.parametrize(
    ("more", "reason", "path"),
    [
        ({"alarmedObject": {}}, Reason.MISSING_FIELD, "$.alarmedObject.id"),
        ({"perceivedSeverity": "loud"}, Reason.UNKNOWN_VALUE, "$.perceivedSeverity"),
        ({"alarmRaisedTime": "yesterday"}, Reason.BAD_TIME, "$.alarmRaisedTime"),
        ({"alarmRaisedTime": None}, Reason.MISSING_FIELD, "$.alarmRaisedTime"),
    ],
)
def test_a_malformed_alarm_is_refused_with_its_path(more: dict[str, Any], reason: Reason, path: str) -> None:
    assert [(one.reason, one.path) for one in decode(alarm(**more)).malformed] == [(reason, path)]
    inside = decode({"event": {"alarm": alarm(**more)}}).malformed
    assert [one.path for one in inside] == ["$.event.alarm" + path[1:]]
