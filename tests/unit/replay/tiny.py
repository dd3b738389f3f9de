"""Two tiny roles, to try the machine with: a counter that reads usage, and an echo that answers it.

usage.records ──> counter ──usage.alerts──> echo ──notifications.log──> counter
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from forewarn.stream.engine.role import Fold, Layout, Record, Source
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.replay.lines import Produced, Received
from forewarn.stream.replay.machine import Machine, Wiring
from forewarn.topics.catalog import TOPICS
from forewarn.topics.codecs import Decoded

TICK_MS = 5_000
ONE_EACH = Layout(region=1, customer=1)


class Bytes:
    """A codec that decodes nothing."""

    def decode(self, records: Sequence[Record]) -> Decoded:
        return Decoded(events=[record.value for record in records], records=list(records))


class Counter(Fold):
    """Writes down everything that happens to it, as `decisions`, and passes usage on as `usage.alerts`.

    A value `timer:N` arms a timer N ms from now; `work:N` takes N pieces of work.
    """

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.left = 0

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        for event, record in zip(events, records, strict=True):
            word, _, number = event.decode().partition(":")
            if word == "timer":
                unit.arm(unit.now + int(number), "subject", "due")
            elif word == "work":
                self.left += int(number)
            elif topic == "usage.records":
                unit.emit("usage.alerts", record.key, event, partitions=(self.partition,))
        self._note(unit, f"{topic} " + "+".join(event.decode() for event in events))

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        assert idle == {"usage.records", "network.heartbeats", "notifications.log"}
        self._note(unit, "tick")

    def fire(self, unit: Unit, timer: Timer) -> None:
        self._note(unit, f"fired {timer.due}")

    def work(self, unit: Unit) -> bool:
        if self.left:
            self.left -= 1
            self._note(unit, "work")
        return self.left > 0

    def heard(self, unit: Unit, reply: Any) -> None:
        self._note(unit, f"heard {reply}")

    def _note(self, unit: Unit, text: str) -> None:
        unit.put(b"seen", b"\x01")
        unit.emit("decisions", b"k", f"{unit.now} {text}".encode(), partitions=(self.partition,))


class Echo(Counter):
    """Answers every alert, after asking the outside world."""

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        for event, record in zip(events, records, strict=True):
            unit.emit("notifications.log", record.key, b"re " + event, partitions=(self.partition,))
            unit.effect(event.decode())

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Nothing to do."""


class TinyRole(Struct, frozen=True):
    """Either role."""

    name: str
    group: Any
    sources: tuple[Source, ...]
    kind: type[Counter]

    def open(self, partition: int, layout: Layout) -> Fold:
        return self.kind(partition)


def machine(layout: Layout = ONE_EACH) -> tuple[Machine, list[Produced]]:
    """The two roles, ticked every 5 s, and the list that their records go to."""
    sources = (Source("usage.records", 2), Source("notifications.log", 1), Source("network.heartbeats", 3))
    roles = (
        TinyRole("counter", "customer", sources, Counter),
        TinyRole("echo", "customer", (Source("usage.alerts", 0),), Echo),
    )
    out: list[Produced] = []
    wiring = Wiring(
        roles=roles,
        codecs={topic.name: Bytes() for topic in TOPICS},  # type: ignore[misc] # the machine asks a codec for no more
        counts={topic.name: topic.partitions(layout) for topic in TOPICS},
        layout=layout,
        tick_ms=TICK_MS,
        answers={"echo": lambda request, now: f"{request} at {now}"},
    )
    return Machine(wiring, out.append), out


def usage(offset: int, ts: int, value: str, key: str = "k") -> Received:
    """A record for the counter."""
    return Received(offset, ts, key.encode(), value.encode())


def told(outputs: list[Produced]) -> list[str]:
    """What the counter and the echo wrote down."""
    return [(one.value or b"").decode() for one in outputs if one.topic == "decisions"]
