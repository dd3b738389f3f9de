"""Gauges in memory: samples go in by minutes, signals come out. One table, one unit a sample or tick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.gauges import Gauges
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.watch import Watch
from forewarn.topics.events.network import Kpi

#: Minute 0: a midnight (UTC), epoch ms.
MIDNIGHT = 1_799_971_200_000
MINUTE, DAY = 60_000, 1440


class Desk:
    """One region partition's gauges."""

    def __init__(self, policy: OutagePolicy | None = None) -> None:
        self.policy = policy or OutagePolicy()
        self.table: dict[bytes, bytes] = {}
        self.signals: list[tuple[float, Any]] = []
        self.clock = MIDNIGHT
        self.open()

    def open(self) -> None:
        """Starts gauges on the table as it is: at first, and after a kill."""
        outbox = Outbox(0)
        outbox.sequence = max((signal["sequence"] for _, signal in self.signals), default=0)
        roster = Roster(self.policy)
        self.watch = Watch(self.policy, roster, OpenAlarms(self.policy), outbox)
        self.gauges = Gauges(self.policy, self.watch, outbox)
        self.gauges.restore(self.table, self.clock)

    def sample(self, minute: float, value: float, *, name: str = "sessions", **more: Any) -> None:
        """One sample of event time `minute`, arriving a second after it or now, whatever is later."""
        at = MIDNIGHT + int(minute * MINUTE)
        arrival = max(at + 1000, self.clock)
        unit = Unit(self.table, {}, arrival)
        region = more.pop("region", "north")
        arrival = more.pop("arrival", arrival)
        self.gauges.take(unit, Kpi(name, at, value, **more), region, at, arrival)
        self._install(unit)

    def tick(self, minute: float) -> None:
        """The clock comes to `minute`."""
        self.clock = MIDNIGHT + int(minute * MINUTE)
        unit = Unit(self.table, {}, self.clock)
        self.gauges.tick(unit, self.clock)
        self._install(unit, minute)

    def feed(self, values: Mapping[int, float], **more: Any) -> None:
        """Samples by minute, each with a tick 10 s later."""
        for minute, value in values.items():
            self.sample(minute, value, **more)
            self.tick(minute + 1 / 6)

    def days(self, days: int, value: float, *, every: int = 1, start: int = 0, **more: Any) -> int:
        """Quiet days at one level; gives the minute after them."""
        end = start + days * DAY
        self.feed(dict.fromkeys(range(start, end, every), value), **more)
        return end

    def _install(self, unit: Unit, minute: float = 0.0) -> None:
        self.signals += [(minute, json.loads(output.value or b"")) for output in unit.outputs]
        for key, value in unit.dirty.items():
            if value:
                self.table[key] = value
            else:
                self.table.pop(key, None)

    def said(self) -> list[tuple[str, str, int]]:
        """(kind, detector, whole minute) of each signal."""
        return [(signal["kind"], signal["detector"], int(minute)) for minute, signal in self.signals]
