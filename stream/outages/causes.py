"""Why it is out, as far as alarms and last words tell. Pure.

    mains fail ● olt-1 ──── batteries ────┐ outage of olt-1: power, by the alarm that was open before
    ● LOS olt-2, ● LOS olt-3              outage of agg-1: fibre, by most of what is alarmed
    ● ● ● dying gasps of most devices     power
    ● olt-4 malfunctions                  outage of olt-4: equipment, where nothing else is told

Rows: `a/<element>` Alarmed, while something that tells a cause is open on the element.
Invariant: it follows from the newest word about each element. Source: detection.md G.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.cause import Explained
from forewarn.stream.outages.docket import names
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.subtrees import Subtrees
from forewarn.stream.outages.topology import Topology
from forewarn.topics.events.outages import AlarmRow


class Alarmed(Struct, frozen=True, array_like=True, gc=False):
    """Since when (epoch ms) alarms of a class are open on an element; 0 = none is."""

    power: int = 0
    signal: int = 0
    equipment: int = 0


ALARMED = Shelf("a/", Alarmed)


class Causes:
    """The alarms of all elements, as far as they tell causes."""

    def __init__(self, policy: OutagePolicy, topology: Topology) -> None:
        self.policy = policy
        self.topology = topology
        self.alarmed: dict[str, Alarmed] = {}
        self._places = Subtrees(topology)

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index. The topology is restored before."""
        for key, value in table.items():
            if key.startswith(ALARMED.prefix):
                self._set(ALARMED.name(key), ALARMED.unpack(value))

    def fold(self, unit: Unit, row: AlarmRow) -> None:
        """Takes that alarms of one class opened or closed on an element."""
        if row.alarm == "service":
            return
        was = self.alarmed.get(row.element, Alarmed())
        now = replace(was, **{row.alarm: row.time if row.open else 0})
        if now == was:
            return
        self._set(row.element, now)
        if now == Alarmed():
            unit.delete(ALARMED.key(row.element))
        else:
            unit.put(ALARMED.key(row.element), ALARMED.pack(now))

    def rewire(self, element: str) -> None:
        """What is above an element has changed."""
        self._places.rewire(element)

    def _set(self, element: str, now: Alarmed) -> None:
        if now == Alarmed():
            self.alarmed.pop(element, None)
            self._places.remove(element)
        else:
            self.alarmed[element] = now
            self._places.put(element, element)

    def explain(self, case: Case, time: int) -> Explained:
        """What is open beneath an outage at `time` (epoch ms of event time)."""
        first = case.started - int(self.policy.cause_window_s * 1000)
        power = signal = 0
        for element in self._below(case):
            alarmed = self.alarmed[element]
            power += alarmed.power >= first
            signal += alarmed.signal >= first
        own = self.alarmed.get(case.element) if not case.whole_region else None
        broken = own is not None and own.equipment >= first
        return Explained(time, power, signal, self._on_battery(case), broken)

    def _below(self, case: Case) -> Iterator[str]:
        for name in names(case):
            yield from self._places.under(name)

    def _on_battery(self, case: Case) -> bool:
        """Whether the power of the element, or of something above it, had failed when the outage began."""
        if case.whole_region:
            return False
        first = case.started - int(self.policy.battery_s * 1000)
        last = case.started + int(self.policy.root_window_s * 1000)
        for element in self.topology.above(case.element):
            known = self.topology.elements.get(element)
            for source in (element, known.powered_by if known is not None else None):
                alarmed = self.alarmed.get(source) if source is not None else None
                if alarmed is not None and first <= alarmed.power <= last:
                    return True
        return False
