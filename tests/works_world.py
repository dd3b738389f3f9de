"""Planned work from the operator's calendar to the customer: correlate and one partition of decide on one clock.

    world = WorksWorld().home("ada", "onu-1")
    world.plan("m-1", ["olt-1"], start=80 * HOUR, end=84 * HOUR)
    world.at(90 * HOUR)
    assert world.told("ada") == [(8 * HOUR, "announced", "72h"), ...]

Seconds count from the start of the desk. The network: agg-1 above olt-1 and olt-2 with onus onu-1, onu-2 and onu-3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.policy import Policy
from forewarn.stream.roles.correlate import CorrelateRole
from tests.decide_desk import CODECS, START, DecideDesk, Line, profile

HOUR = 3600.0
LAYOUT = Layout(1, 4)
NETWORK = {"agg-1": None, "olt-1": "agg-1", "olt-2": "agg-1", "onu-1": "olt-1", "onu-2": "olt-1", "onu-3": "olt-2"}


class WorksWorld:
    """One correlate, one partition of decide. `step`: seconds between ticks of correlate; `kills`: both are killed
    whenever correlate has said something of planned work.
    """

    def __init__(self, policy: Policy | None = None, *, step: float = 60.0, kills: bool = False) -> None:
        self.policy = policy if policy is not None else Policy()
        self.desk = DecideDesk(self.policy, marks=False)
        self.correlate = self._correlate()
        self.correlate.restore(START)
        self.step = step
        self.kills = kills
        self.outputs: list[Output] = []
        self._offset = 0
        for element, parent in NETWORK.items():
            self.element(element, *([parent] if parent is not None else []))

    def _correlate(self) -> Core:
        return Core(CorrelateRole(self.policy.outages).open(0, LAYOUT), CODECS, 0)

    def element(self, element: str, *parents: str, region: str = "north") -> WorksWorld:
        """An element of the inventory."""
        return self.send("network.inventory", element, {"element": element, "region": region, "parents": parents})

    def home(self, customer: str, *elements: str, **more: Any) -> WorksWorld:
        """A customer, or their move."""
        self.desk.push("customers.profiles", customer, profile(*elements, **more))
        return self

    def plan(
        self, name: str, elements: Sequence[str], start: float, end: float, status: str = "planned", **more: Any
    ) -> WorksWorld:
        """A row of the operator's calendar; seconds from the start."""
        at = {"start": START + round(start * 1000), "end": START + round(end * 1000)}
        return self.send("network.maintenance", name, {"elements": elements, "status": status, **at, **more})

    def send(self, topic: str, key: str, value: Any) -> WorksWorld:
        """One record for correlate, now."""
        self._offset += 1
        raw = None if value is None else orjson.dumps(value)
        line = Line(self._offset, self.desk.core.now, key.encode(), raw)
        self._unit(lambda unit: self.correlate.take(unit, topic, [line]))
        return self

    def at(self, seconds: float) -> WorksWorld:
        """Lets time pass up to then."""
        end = START + round(seconds * 1000)
        while self.desk.core.now < end:
            self.desk.at(min(seconds, self.desk.seconds + self.step))
            self._unit(lambda unit: self.correlate.tick(unit, frozenset(CODECS)))
        return self

    def restart(self) -> WorksWorld:
        """Kills both: only their tables survive."""
        table = dict(self.correlate.table)
        self.correlate = self._correlate()
        self.correlate.table.update(table)
        self.correlate.restore(self.desk.core.now)
        self.desk.restart()
        return self

    def told(self, customer: str) -> list[tuple[float, str, str]]:
        """(second, stage, class) of the notices of planned work that the customer got."""
        rows = self.desk.out("notifications", customer)
        return [
            (row.at, row.value["stage"], row.value.get("class", ""))
            for row in rows
            if row.value["kind"] == "maintenance"
        ]

    def stages(self, customer: str) -> list[str]:
        """Stage and class of the same."""
        return [f"{stage} {class_}".strip() for _, stage, class_ in self.told(customer)]

    def _unit(self, fold: Any) -> None:
        more, first = True, True
        while more:
            unit = self.correlate.begin(self.desk.core.now)
            if first:
                fold(unit)
            more, first = self.correlate.fold.work(unit), False
            self.correlate.install(self.correlate.seal(unit))
            self._route(unit)
            if self.kills and any((output.key or b"").startswith(b"work/") for output in unit.outputs):
                self.restart()

    def _route(self, unit: Unit) -> None:
        for output in unit.outputs:
            self.outputs.append(output)
            if output.topic == "outages.impact" and 0 in (output.partitions or ()):
                self.desk.push("outages.impact", (output.key or b"").decode(), orjson.loads(output.value or b"null"))
