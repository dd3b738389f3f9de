"""A decide partition on a timeline: real codecs, real fold, real core, no Kafka.

    desk = DecideDesk()
    desk.at(10).push("customers.profiles", "ada", profile("onu-1"))
    desk.at(60)
    assert desk.stages("ada") == ["confirmed"]

Seconds count from `START`. Time passes in ticks of one second while something is due, and fan-outs are worked off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.policy import Policy
from forewarn.stream.roles.decide import DecideRole
from forewarn.topics.codecs import by_topic
from forewarn.topics.instants import to_rfc3339

#: 2026-11-22T12:00:00Z.
START = 1_795_348_800_000
CODECS = by_topic()
TOPICS = frozenset(source.topic for source in DecideRole.sources)
Found = TypeVar("Found")


class Line(NamedTuple):
    """A Kafka record, as the role sees it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Row(NamedTuple):
    """An output, read back. `at` is seconds from the start."""

    at: float
    topic: str
    key: str
    value: Any


class DecideDesk:
    """One partition of decide. `marks`: correlate's progress marks come by themselves, every second."""

    def __init__(self, policy: Policy | None = None, *, marks: bool = True, partition: int = 0) -> None:
        self.role = DecideRole(policy if policy is not None else Policy())
        self.core = self._core(partition)
        self.marks = marks
        self.idle = TOPICS
        self.rows: list[Row] = []
        self.outputs: list[Output] = []
        self.offset = 0
        self.core.restore(START)

    def _core(self, partition: int) -> Core:
        return Core(self.role.open(partition, Layout(1, 4)), CODECS, partition)

    @property
    def seconds(self) -> float:
        """Now, in seconds from the start."""
        return (self.core.now - START) / 1000

    def at(self, seconds: float) -> DecideDesk:
        """Lets time pass up to then, tick by tick where something is due."""
        target = START + round(seconds * 1000)
        while self.core.now < target:
            due = self.core.next_due
            step = max(self.core.now + 1000, min(due if due is not None else target, target))
            self._tick(min(step, target))
        return self

    def push(self, topic: str, key: str, *values: Any, fresh: bool = True) -> DecideDesk:
        """Takes records of one key in one unit, then works off what is spread."""
        lines = [self.line(key, value) for value in values]

        def take(unit: Unit) -> None:
            unit.fresh = fresh
            self.core.take(unit, topic, lines)

        self.fold(take)
        self.work()
        return self

    def work(self, units: int = 1000) -> int:
        """Goes on with fan-outs, at most this many units; returns how many were needed."""
        for done in range(units):
            if not self.fold(lambda unit: self.core.fold.work(unit)):
                return done + 1
        return units

    def restart(self) -> DecideDesk:
        """Kills the process: only the table survives."""
        table, now = dict(self.core.table), self.core.now
        self.core = self._core(self.core.partition)
        self.core.table.update(table)
        self.core.restore(now)
        return self

    def out(self, topic: str, key: str | None = None) -> list[Row]:
        """The outputs of a topic, of one key or all, in order."""
        return [row for row in self.rows if row.topic == topic and key in (None, row.key)]

    def stages(self, customer: str) -> list[str]:
        """The stages of which the customer got a notification, in order."""
        return [row.value["stage"] for row in self.out("notifications", customer)]

    def decisions(self, customer: str) -> list[tuple[str, str, str]]:
        """(stage or campaign's channel, outcome, reason) of the customer's ledger, in order."""
        rows = (row.value for row in self.out("decisions", customer))
        return [(row.get("stage", row["kind"]), row["outcome"], row["reason"]) for row in rows]

    def log(self, customer: str, outcome: str, stage: str = "confirmed") -> DecideDesk:
        """Deliver reports an outcome of the customer's last notification of that stage."""
        sent = [row.value for row in self.out("notifications", customer) if row.value["stage"] == stage][-1]
        word = {
            "notification_id": sent["notification_id"],
            "time": self.core.now,
            "channel": sent["channel"],
            "outcome": outcome,
            "attempt": 1,
        }
        return self.push("notifications.log", customer, word)

    def line(self, key: str, value: Any) -> Line:
        """A record of now."""
        self.offset += 1
        return Line(self.offset, self.core.now, key.encode(), None if value is None else orjson.dumps(value))

    def _tick(self, now: int) -> None:
        self.core.begin(now)
        marks = [self.line("progress", mark(now))] if self.marks else []

        def tick(unit: Unit) -> None:
            if marks:
                self.core.take(unit, "outages.impact", marks)
            self.core.tick(unit, self.idle)

        self.fold(tick)
        self.work()

    def fold(self, step: Callable[[Unit], Found]) -> Found:
        """One unit: begun, stepped, committed."""
        unit = self.core.begin(self.core.now)
        found = step(unit)
        self.commit(unit)
        return found

    def commit(self, unit: Unit) -> None:
        """Installs a unit and reads back what it emitted."""
        self.core.install(self.core.seal(unit))
        self.produce(unit)

    def produce(self, unit: Unit) -> None:
        """What a unit emitted is read back."""
        self.outputs += unit.outputs
        for output in unit.outputs:
            value = None if output.value is None else orjson.loads(output.value)
            self.rows.append(Row(self.seconds, output.topic, (output.key or b"").decode(), value))


def mark(now: int) -> dict[str, Any]:
    """Correlate is as far as `now` (epoch ms)."""
    return {"type": "progress", "tick": now, "event_time": now}


def profile(*elements: str, **more: Any) -> dict[str, Any]:
    """A customer with e-mail, one fixed service per element."""
    services = [
        {"service_id": f"s-{element}", "kind": "fixed", "element": element, "region": "north"} for element in elements
    ]
    return {"name": "Ada", "services": services, "contacts": {"email": "ada@example.com"}, **more}


def impact(
    outage: str, revision: int, state: str, elements: Sequence[str] | None = None, **more: Any
) -> dict[str, Any]:
    """One chunk of one revision; with `elements` it is the whole set."""
    chunk: dict[str, Any] = {
        "type": "impact",
        "outage_id": outage,
        "revision": revision,
        "time": START,
        "state": state,
        "region": "north",
        "element": "olt-1",
        "started": START,
        "elements_revision": revision,
        "chunk": 0,
        "chunks": 1,
        **more,
    }
    if elements is not None:
        chunk["elements"] = list(elements)
    return chunk


def estimate(likely: float, latest: float, source: str = "model") -> dict[str, str]:
    """A time of restoration in seconds from the start."""
    word = {"earliest": min(likely, latest), "likely": likely, "latest": latest, "issued": 0.0}
    return {name: to_rfc3339(START + round(at * 1000)) for name, at in word.items()} | {"source": source}


def marketing(request: str, at: float = 0, **more: Any) -> dict[str, Any]:
    """A campaign's request."""
    return {"request_id": request, "time": START + round(at * 1000), "campaign": "spring", "channel": "email", **more}


def agreed(
    at: float = 0, *, granted: bool = True, channel: str = "email", purpose: str = "marketing"
) -> dict[str, Any]:
    """A patch that gives, or takes back, a consent."""
    time = START + round(at * 1000)
    consent = {"purpose": purpose, "channel": channel, "granted": granted, "source": "page", "time": time}
    return {"time": time, "source": "page", "consents": [consent]}


def table_of(desk: DecideDesk) -> Mapping[bytes, bytes]:
    """What is durable of a desk."""
    return dict(sorted(desk.core.table.items()))
