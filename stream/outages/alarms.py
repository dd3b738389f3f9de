"""Alarms of one region partition: raises and clears paired by alarm id, and what of them is open. Pure.

    raise a-1 ●────────────────●────> aged out after `alarm_keep_s`
    clear a-1         ●               the newest word by event time decides, a clear before a raise of the same time

Rows: `a/<element>\\0<alarm id>` AlarmState, of closed alarms too, so that a raise that comes after its clear finds it.
Invariant: a clear before its raise, duplicates and any reordering end in the same state (detection.md E, ITU-T X.733).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.probable_cause import alarm_kind
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.network import Alarm
from forewarn.topics.events.outages import AlarmKind, AlarmRow

#: Severities that take service away (X.733 8.1.2.3); `indeterminate` only where the alarm says that it does.
SEVERE = frozenset({"critical", "major"})
#: Types that take service away: surroundings and security (X.736) do so only where the alarm says so.
SERVICE_TYPES = frozenset({None, "communications", "quality_of_service", "processing_error", "equipment"})
#: Rows forgotten in one tick at most.
FORGOTTEN_A_TICK = 2000
#: Width of the slots, in ms, in which rows wait to be forgotten.
SLOT_MS = 600_000


class AlarmState(Struct, frozen=True, array_like=True, gc=False, order=True):
    """The newest word about one alarm: its event time (epoch ms), and its class while it is open.

    `target`: the element it is about, where that is not the one that reported it. `spent`: a suspicion that it raised
    or backed is over, and it raises no other. States are ordered: of two words about an alarm the higher one counts.
    """

    time: int
    rank: Literal[0, 1, 2]  #: 2 = closed, or of no interest; 1 = tells a cause; 0 = severe
    kind: AlarmKind = "service"
    target: str = ""
    spent: bool = False

    @property
    def open(self) -> bool:
        """Whether it matters."""
        return self.rank < 2

    @property
    def severe(self) -> bool:
        """Whether it takes service away, as far as is known yet."""
        return self.rank == 0 and not self.spent


def takes_service(alarm: Alarm) -> bool:
    """Whether an alarm takes service away: critical or major, unless it says that it does not."""
    if alarm.service_affecting is None:
        return alarm.perceived_severity in SEVERE and alarm.alarm_type in SERVICE_TYPES
    return alarm.service_affecting and (
        alarm.perceived_severity in SEVERE or alarm.perceived_severity == "indeterminate"
    )


def step(state: AlarmState | None, alarm: Alarm, at: int, target: str = "") -> AlarmState:
    """Folds one notification of event time `at`; the same object when it says nothing new."""
    kind = alarm_kind(alarm)
    if alarm.perceived_severity == "cleared":
        new = AlarmState(at, 2)
    elif takes_service(alarm):
        new = AlarmState(at, 0, kind, target)
    else:
        new = AlarmState(at, 1, kind, target) if kind in ("power", "signal") else AlarmState(at, 2)
    return new if state is None or new > state else state


ALARMS = Shelf("a/", AlarmState)


class OpenAlarms:
    """The alarms that are open in one region partition, by the element they are about. Times are epoch ms."""

    def __init__(self, policy: OutagePolicy) -> None:
        self._keep = int(policy.alarm_keep_s * 1000)
        self._open: dict[str, dict[str, AlarmState]] = {}
        self._slots: dict[int, set[str]] = {}  #: row names by the slot of their newest word
        self.raised: set[str] = set()  #: elements with a severe alarm that nobody has looked at yet
        self._changed: set[str] = set()  #: elements whose severe alarms may be others than before

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index; every severe alarm is looked at again."""
        for key, value in table.items():
            if key.startswith(ALARMS.prefix):
                name, state = ALARMS.name(key), ALARMS.unpack(value)
                self._slots.setdefault(state.time // SLOT_MS, set()).add(name)
                if state.open:
                    self._open.setdefault(_target(name, state), {})[name] = state
        self.raised = {element for element in self._open if self.since(element) is not None}
        self._changed = set(self._open)

    def fold(self, unit: Unit, event: Alarm, at: int, clock: int, target: str = "") -> list[AlarmRow]:
        """Folds one notification of event time `at` about `target` (its own element without); gives what it changed."""
        name = f"{event.element}\0{event.alarm_id}"
        row = unit.get(ALARMS.key(name))
        was = ALARMS.unpack(row) if row is not None else None
        state = step(was, event, at, "" if target == event.element else target)
        if state is was or at + self._keep <= clock:
            return []
        unit.put(ALARMS.key(name), ALARMS.pack(state))
        self._slots.setdefault(at // SLOT_MS, set()).add(name)
        return self._change(name, was, state)

    def forget(self, unit: Unit, clock: int) -> list[AlarmRow]:
        """Forgets what was last heard of more than `alarm_keep_s` ago; an alarm open until then counts as closed."""
        changed: list[AlarmRow] = []
        left, last = FORGOTTEN_A_TICK, (clock - self._keep) // SLOT_MS
        for slot in sorted(number for number in self._slots if number < last):
            for name in sorted(self._slots[slot]):
                if left == 0:
                    return changed
                self._slots[slot].discard(name)
                row = unit.get(ALARMS.key(name))
                was = ALARMS.unpack(row) if row is not None else None
                if was is not None and was.time // SLOT_MS == slot:
                    left -= 1
                    unit.delete(ALARMS.key(name))
                    changed += self._change(name, was, AlarmState(was.time, 2))
            del self._slots[slot]
        return changed

    def spend(self, unit: Unit, element: str) -> None:
        """A suspicion of the element is over: what it has open raises and backs no other until it is raised anew."""
        for name, state in sorted(self._open.get(element, {}).items()):
            if state.severe:
                self._changed.add(element)
                spent = self._open[element][name] = replace(state, spent=True)
                unit.put(ALARMS.key(name), ALARMS.pack(spent))

    def _change(self, name: str, was: AlarmState | None, state: AlarmState) -> list[AlarmRow]:
        """Keeps the index; gives a row for each class of an element that opened or closed."""
        touched = {_target(name, one) for one in (was, state) if one is not None and one.open}
        self._changed |= touched
        before = {element: self._kinds(element) for element in touched}
        if was is not None and was.open:
            alarms = self._open[_target(name, was)]
            del alarms[name]
            if not alarms:
                del self._open[_target(name, was)]
        if state.open:
            self._open.setdefault(_target(name, state), {})[name] = state
        if state.severe:
            self.raised.add(_target(name, state))
        return [
            AlarmRow(element, kind, kind in self._kinds(element), state.time)
            for element in sorted(touched)
            for kind in sorted(before[element] ^ self._kinds(element))
        ]

    # -- what is open

    def _kinds(self, element: str) -> set[AlarmKind]:
        return {state.kind for state in self._open.get(element, {}).values()}

    def since(self, element: str) -> int | None:
        """Since when the element's oldest severe alarm is open; None without one."""
        return min((state.time for state in self._open.get(element, {}).values() if state.severe), default=None)

    def newest(self, element: str) -> int | None:
        """When the element's newest severe alarm was raised; None without one."""
        return max((state.time for state in self._open.get(element, {}).values() if state.severe), default=None)

    def look(self) -> list[str]:
        """The elements with severe alarms to be looked at, in order; the next call gives only what came since."""
        found = sorted(element for element in self.raised if self.since(element) is not None)
        self.raised.clear()
        return found

    def change(self) -> set[str]:
        """The elements whose severe alarms may have changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def look_again(self, elements: Iterable[str]) -> None:
        """Has these elements looked at again, where their alarms are still open."""
        self.raised.update(elements)

    def telling(self, kind: AlarmKind) -> list[str]:
        """The elements with an open alarm of a class."""
        return [element for element in self._open if kind in self._kinds(element)]

    @property
    def elements(self) -> Mapping[str, object]:
        """The elements with any open alarm."""
        return self._open


def _target(name: str, state: AlarmState) -> str:
    return state.target or name.split("\0", 1)[0]
