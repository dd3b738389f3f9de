"""TMF642 alarms (TM Forum Alarm Management API, v4) as alarms: bare, or inside an Alarm…Event notification.

`alarmedObject.id` is the element and `id` the alarm's id. An alarm that is over (`alarmClearedTime`, state or severity
`cleared`) is a clear at that time.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from forewarn.topics.events.network import Alarm, Severity
from forewarn.topics.instants import Instant, to_ms
from forewarn.topics.reasons import Reason
from forewarn.topics.strict import Oddity
from forewarn.topics.typed import typed

_SEVERITIES: dict[str, Severity] = {
    "critical": "critical",
    "major": "major",
    "minor": "minor",
    "warning": "warning",
    "indeterminate": "indeterminate",
    "cleared": "cleared",
}
#: TM Forum's alarm types by their letters in lower case, as X.733 and X.736 name them.
_TYPES: dict[str, Any] = {
    "communicationsalarm": "communications",
    "qualityofservicealarm": "quality_of_service",
    "processingerroralarm": "processing_error",
    "equipmentalarm": "equipment",
    "environmentalalarm": "environmental",
    "integrityviolation": "integrity_violation",
    "operationalviolation": "operational_violation",
    "physicalviolation": "physical_violation",
    "securityservice": "security_service_or_mechanism_violation",
    "mechanismviolation": "security_service_or_mechanism_violation",
    "securityserviceormechanismviolation": "security_service_or_mechanism_violation",
    "timedomainviolation": "time_domain_violation",
}


class _Object(Struct):
    id: Annotated[str, Meta(min_length=1)]


class _Alarm(Struct, rename="camel"):
    id: str
    alarmed_object: _Object
    perceived_severity: str
    alarm_raised_time: Instant | None = None
    alarm_cleared_time: Instant | None = None
    alarm_changed_time: Instant | None = None
    alarm_reporting_time: Instant | None = None
    alarm_type: str | None = None
    probable_cause: str | None = None
    specific_problem: str | None = None
    service_affecting: bool | None = None
    alarm_details: str | None = None
    reporting_system_id: str | None = None
    state: str | None = None


def is_tmf642(tree: dict[str, Any]) -> bool:
    """Whether a record without an own `time` is a TMF642 alarm or notification."""
    return "time" not in tree and ("alarmedObject" in tree or _notified(tree) is not None)


def events(tree: dict[str, Any]) -> list[Alarm] | Oddity:
    """The alarm of a TMF642 record."""
    inner = _notified(tree)
    path = "$" if inner is None else "$.event.alarm"
    alarm = typed(tree if inner is None else inner, _Alarm)
    if isinstance(alarm, Oddity):
        return Oddity(alarm.reason, path + alarm.path[1:])
    severity = _SEVERITIES.get(alarm.perceived_severity.lower())
    if severity is None:
        return Oddity(Reason.UNKNOWN_VALUE, f"{path}.perceivedSeverity")
    if alarm.alarm_cleared_time is not None or (alarm.state or "").lower() == "cleared":
        severity = "cleared"
    time = _time(alarm, severity)
    if time is None:
        return Oddity(Reason.MISSING_FIELD, f"{path}.alarmRaisedTime")
    return [_mapped(alarm, severity, to_ms(time))]


def _mapped(alarm: _Alarm, severity: Severity, time: int) -> Alarm:
    return Alarm(
        alarm.id,
        alarm.alarmed_object.id,
        time,
        severity,
        alarm_type=_TYPES.get((alarm.alarm_type or "").lower().replace("_", "")),
        probable_cause=alarm.probable_cause,
        specific_problem=alarm.specific_problem,
        service_affecting=alarm.service_affecting,
        collector=alarm.reporting_system_id,
        text=alarm.alarm_details,
    )


def _time(alarm: _Alarm, severity: Severity) -> Any:
    """When the alarm came to this state; a clear without its own time happened when the alarm last changed."""
    if severity == "cleared":
        return (
            alarm.alarm_cleared_time
            or alarm.alarm_changed_time
            or alarm.alarm_reporting_time
            or alarm.alarm_raised_time
        )
    return alarm.alarm_raised_time or alarm.alarm_changed_time or alarm.alarm_reporting_time


def _notified(tree: dict[str, Any]) -> dict[str, Any] | None:
    """The alarm inside a notification (`{"eventType": "AlarmCreateEvent", "event": {"alarm": {…}}}`)."""
    event = tree.get("event")
    inner = event.get("alarm") if isinstance(event, dict) else None
    return inner if isinstance(inner, dict) else None
