"""A network in memory, with detect and correlate wired together: no Kafka, no clock but the one it drives.

world = World(); world.add("onu-1", parent="olt-1"); world.at(400, world.cut, "olt-1"); world.run(until=900)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Output
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.roles.correlate import CorrelateRole
from forewarn.stream.roles.detect import DetectRole
from forewarn.topics import codecs
from forewarn.topics.partitioner import partition as partition_of

#: Second 0 of every world: 2027-01-15T08:00:00Z, in epoch ms.
EPOCH = 1_800_000_000_000


class Line(Struct):
    """One Kafka record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Device(Struct):
    """One beating device of the world."""

    element: str
    region: str
    parent: str | None
    collector: str | None
    interval: int
    phase: int
    says_interval: bool
    alive: bool = True


class Published(Struct):
    """One output, with the second at which it came."""

    second: float
    output: Output

    @property
    def json(self) -> Any:
        return None if self.output.value is None else json.loads(self.output.value)


class World:
    """Seconds are counted from `EPOCH`."""

    def __init__(self, policy: OutagePolicy | None = None, *, partitions: int = 1, customers: int = 2) -> None:
        self.policy = policy or OutagePolicy()
        self.layout = Layout(partitions, customers)
        self.codecs = codecs.by_topic()
        self.detects = [self._core(DetectRole(self.policy), number) for number in range(partitions)]
        self.correlate = self._core(CorrelateRole(self.policy), 0)
        self.second = 0.0
        self.devices: dict[str, Device] = {}
        self.published: list[Published] = []
        self.log: list[tuple[int, str, Line]] = []  #: heartbeats and alarms, with their partition and topic
        self.held: set[str] = set()  #: collectors that report nothing
        self.repeat = False  #: every signal comes twice
        self.lagging: set[str] = set()  #: topics that are not read to their end
        self.dead: set[int] = set()  #: partitions whose detect is not running
        self._plans: list[tuple[float, Callable[..., None], tuple[Any, ...]]] = []
        self._offset = 0

    def _core(self, role: Any, number: int) -> Core:
        core = Core(role.open(number, self.layout), self.codecs, number)
        core.restore(EPOCH)
        return core

    # -- the network

    def add(
        self,
        element: str,
        *,
        region: str = "north",
        parent: str | None = None,
        collector: str | None = None,
        interval: int = 60,
        says_interval: bool = True,
    ) -> None:
        """A device that beats from now on."""
        phase = partition_of(element.encode(), interval)
        self.devices[element] = Device(element, region, parent, collector, interval, phase, says_interval)

    def tree(self, olts: int, onus: int, *, region: str = "north", prefix: str = "", **more: Any) -> None:
        """`olts` line terminals <prefix>olt-<i> with `onus` devices <prefix>onu-<i>-<j> each."""
        for i in range(olts):
            for j in range(onus):
                self.add(f"{prefix}onu-{i}-{j}", region=region, parent=f"{prefix}olt-{i}", **more)

    def below(self, parent: str) -> list[Device]:
        return [device for device in self.devices.values() if device.parent == parent or device.element == parent]

    def cut(self, parent: str) -> None:
        """Everything below `parent` falls silent."""
        for device in self.below(parent):
            device.alive = False

    def mend(self, parent: str) -> None:
        """Everything below `parent` beats again."""
        for device in self.below(parent):
            device.alive = True

    def at(self, second: float, act: Callable[..., None], *arguments: Any) -> None:
        """Plans an act."""
        self._plans.append((second, act, arguments))
        self._plans.sort(key=lambda plan: plan[0])

    # -- time

    def run(self, until: float, step: float = 1.0) -> None:
        """Lets time pass."""
        while self.second < until:
            self.second += step
            while self._plans and self._plans[0][0] <= self.second:
                _, act, arguments = self._plans.pop(0)
                act(*arguments)
            self._beat(step)
            self.tick()

    def _beat(self, step: float) -> None:
        batches: dict[int, list[Line]] = {}
        for device in self.devices.values():
            late = (int(self.second) - device.phase) % device.interval
            if device.alive and device.collector not in self.held and late < step:
                line = self.line(device.region, self.heartbeat(device, int(self.second) - late))
                batches.setdefault(partition_of(device.region.encode(), self.layout.region), []).append(line)
        for number, lines in batches.items():
            self.log += [(number, "network.heartbeats", line) for line in lines]
            if number not in self.dead:
                self.feed(self.detects[number], "network.heartbeats", lines)

    def heartbeat(self, device: Device, second: float) -> dict[str, Any]:
        beat: dict[str, Any] = {"element": device.element, "time": EPOCH + int(second * 1000)}
        if device.says_interval:
            beat["interval_s"] = device.interval
        if device.parent is not None:
            beat["parent"] = device.parent
        if device.collector is not None:
            beat["collector"] = device.collector
        return beat

    @property
    def now(self) -> int:
        return EPOCH + int(self.second * 1000)

    def line(self, key: str, value: dict[str, Any] | None) -> Line:
        self._offset += 1
        return Line(self._offset, self.now, key.encode(), None if value is None else json.dumps(value).encode())

    def tick(self) -> None:
        for number, core in enumerate(self.detects):
            if number not in self.dead:
                self._tick(core)
        self._tick(self.correlate)

    def _tick(self, core: Core) -> None:
        self._unit(core, lambda core, unit: core.tick(unit, frozenset(self.codecs) - self.lagging))

    # -- events

    def beat(self, element: str, second: float, *, region: str = "north", **more: Any) -> None:
        """One heartbeat of event time `second`, arriving now."""
        event = {"element": element, "time": EPOCH + int(second * 1000), **more}
        self.send("network.heartbeats", region, event)

    def alarm(self, element: str, alarm_id: str, severity: str, *, region: str = "north", **more: Any) -> None:
        event = {"alarm_id": alarm_id, "element": element, "time": self.now, "perceived_severity": severity, **more}
        self.send("network.alarms", region, event)

    def act(self, action: str, **more: Any) -> None:
        """A field action, now."""
        event = {"id": f"{action}-{self._offset}", "time": self.now, "author": "ana", "action": action} | more
        self.send("network.field", "any", event)

    def send(self, topic: str, key: str, value: dict[str, Any] | None) -> None:
        line = self.line(key, value)
        if topic in ("network.heartbeats", "network.alarms", "network.kpis"):
            number = partition_of(key.encode(), self.layout.region)
            if topic != "network.kpis":
                self.log.append((number, topic, line))
            self.feed(self.detects[number], topic, [line])
        else:
            self.feed(self.correlate, topic, [line])

    def feed(self, core: Core, topic: str, lines: Iterable[Line]) -> None:
        self._unit(core, lambda core, unit: core.take(unit, topic, list(lines)))

    def _unit(self, core: Core, fold: Callable[[Core, Any], object]) -> None:
        unit = core.begin(self.now)
        fold(core, unit)
        more = True
        while more:
            more = core.fold.work(unit)
            core.install(core.seal(unit))
            for output in unit.outputs:
                self._route(output)
            unit = core.begin(self.now)

    def _route(self, output: Output) -> None:
        self.published.append(Published(self.second, output))
        if output.topic == "outages.signals":
            for _ in range(1 + self.repeat):
                self.feed(self.correlate, output.topic, [self._copy(output)])
        elif output.topic == "network.topology":
            for number in output.partitions or ():
                self.feed(self.detects[number], output.topic, [self._copy(output)])

    def _copy(self, output: Output) -> Line:
        self._offset += 1
        return Line(self._offset, self.now, output.key, output.value)

    # -- restarts

    def restart_detect(self, number: int = 0, reread_s: float = 900.0) -> None:
        """Kill and recovery of detect: the table comes back, heartbeats are read again."""
        self.detects[number] = self._recover(DetectRole(self.policy), self.detects[number], number)
        since = self.now - int(reread_s * 1000)
        kept = [(topic, line) for partition, topic, line in self.log if partition == number and line.timestamp >= since]
        for topic in ("network.heartbeats", "network.alarms"):
            self.detects[number].hear(topic, [line for name, line in kept if name == topic])

    def restart_correlate(self) -> None:
        self.correlate = self._recover(CorrelateRole(self.policy), self.correlate, 0)

    def _recover(self, role: Any, old: Core, number: int) -> Core:
        core = Core(role.open(number, self.layout), self.codecs, number)
        core.table = dict(old.table)
        core.restore(self.now)
        return core

    # -- what came out

    def of(self, topic: str) -> list[Published]:
        return [published for published in self.published if published.output.topic == topic]

    def outages(self) -> dict[str, Any]:
        """The newest row of each outage, by outage id."""
        rows: dict[str, Any] = {}
        for published in self.of("outages"):
            key = (published.output.key or b"").decode()
            rows.pop(key, None)
            if published.json is not None:
                rows[key] = published.json
        return rows

    def one(self) -> Any:
        """The newest row of the only outage."""
        (row,) = self.outages().values()
        return row

    def states(self, element: str | None = None) -> list[tuple[str, float]]:
        """(state, second) at each change of state, of all outages or of those about one element."""
        found: list[tuple[str, float]] = []
        last: dict[str, str] = {}
        for published in self.of("outages.revisions"):
            row = published.json
            if (element is None or row["element"] == element) and last.get(row["outage_id"]) != row["state"]:
                last[row["outage_id"]] = row["state"]
                found.append((row["state"], published.second))
        return found

    def impact(self, partition: int = 0) -> dict[str, tuple[str, set[str]]]:
        """What a customer partition holds: outage -> (state, down serving elements)."""
        held: dict[str, tuple[str, set[str]]] = {}
        coming: dict[tuple[str, int], dict[int, set[str]]] = {}
        for published in self.of("outages.impact"):
            if partition in (published.output.partitions or ()) and published.json["type"] == "impact":
                chunk = published.json
                outage = chunk["outage_id"]
                held[outage] = (chunk["state"], held.get(outage, ("", set()))[1])
                if "elements" in chunk:
                    chunks = coming.setdefault((outage, chunk["elements_revision"]), {})
                    chunks[chunk["chunk"]] = set(chunk["elements"])
                    if len(chunks) == chunk["chunks"]:
                        held[outage] = (chunk["state"], set().union(*chunks.values()))
        return held

    def marks(self) -> list[tuple[float, float]]:
        """(second, event time in seconds) of each progress mark."""
        marks = [p for p in self.of("outages.impact") if p.json["type"] == "progress"]
        return [(mark.second, (mark.json["event_time"] - EPOCH) / 1000) for mark in marks]
