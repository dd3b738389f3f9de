"""Alarms: raises and clears paired by id."""

from __future__ import annotations

from itertools import permutations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import alarms
from forewarn.stream.outages.alarms import AlarmState, OpenAlarms
from forewarn.topics.events.network import Alarm, Severity


def alarm(severity: Severity, at: int, **more: object) -> Alarm:
    return Alarm("a-1", "olt-1", at, severity, **more)  # type: ignore[arg-type]


def test_any_order_of_raises_and_clears_ends_in_the_same_state() -> None:
    story = [alarm("critical", 1), alarm("cleared", 2), alarm("major", 3), alarm("cleared", 3), alarm("cleared", 2)]
    ends = set()
    for order in permutations(story):
        state = None
        for event in order:
            state = alarms.step(state, event, int(event.time))  # type: ignore[arg-type]
        ends.add((state.time, state.severe) if state is not None else None)
    assert ends == {(3, False)}


def test_a_minor_alarm_or_one_that_takes_no_service_away_is_not_severe() -> None:
    assert alarms.step(None, alarm("minor", 1), 1) == AlarmState(1, False)
    assert alarms.step(None, alarm("critical", 1, service_affecting=False), 1) == AlarmState(1, False)


def test_open_alarms_are_found_again_after_a_restart() -> None:
    table: dict[bytes, bytes] = {}
    unit = Unit(table, {}, 0)
    first = OpenAlarms()
    first.fold(unit, alarm("critical", 5), 5)
    first.fold(unit, alarm("critical", 5), 5)
    first.fold(unit, Alarm("a-2", "olt-1", 4, "major"), 4)
    first.fold(unit, Alarm("a-3", "olt-2", 4, "cleared"), 4)
    again = OpenAlarms()
    again.restore(unit.dirty)
    assert again.elements() == ["olt-1"] == first.elements()
    assert again.since("olt-1") == 4
    assert again.since("olt-2") is None
