"""Alarms of one element: raises and clears paired by alarm id. Pure.

Invariant: the newest word about an alarm by event time decides, a clear before a raise of the same time; so a clear
that comes before its raise, duplicates and any reordering end in the same state. (detection.md E, ITU-T X.733)
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.network import Alarm

#: Severities that take service away (X.733 8.1.2.3).
SEVERE = frozenset({"critical", "major"})


class AlarmState(Struct, frozen=True, array_like=True, gc=False):
    """The newest word about one alarm: its event time (epoch ms) and whether it takes service away."""

    time: int
    severe: bool


def step(state: AlarmState | None, alarm: Alarm, at: int) -> AlarmState | None:
    """Folds one notification of event time `at`; the same object when it says nothing new."""
    severe = alarm.perceived_severity in SEVERE and alarm.service_affecting is not False
    if state is not None and (at < state.time or (at == state.time and (severe or not state.severe))):
        return state
    return AlarmState(at, severe)


ALARMS = Shelf("a/", AlarmState)


class OpenAlarms:
    """The severe alarms that are open in one region partition, by element. Rows: `a/<element>\\0<alarm id>`."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, int]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index."""
        for key, value in table.items():
            if key.startswith(ALARMS.prefix):
                element, alarm_id = ALARMS.name(key).split("\0", 1)
                self._note(element, alarm_id, ALARMS.unpack(value))

    def fold(self, unit: Unit, event: Alarm, at: int) -> None:
        """Folds one notification of event time `at` (epoch ms)."""
        key = ALARMS.key(f"{event.element}\0{event.alarm_id}")
        row = unit.get(key)
        was = ALARMS.unpack(row) if row is not None else None
        state = step(was, event, at)
        if state is not was and state is not None:
            unit.put(key, ALARMS.pack(state))
            self._note(event.element, event.alarm_id, state)

    def since(self, element: str) -> int | None:
        """Since when (epoch ms) the element's oldest severe alarm is open; None without one."""
        alarms = self._open.get(element)
        return min(alarms.values()) if alarms else None

    def elements(self) -> list[str]:
        """Elements with a severe alarm, in order."""
        return sorted(self._open)

    def _note(self, element: str, alarm_id: str, state: AlarmState) -> None:
        alarms = self._open.setdefault(element, {})
        if state.severe:
            alarms[alarm_id] = state.time
        else:
            alarms.pop(alarm_id, None)
        if not alarms:
            del self._open[element]
