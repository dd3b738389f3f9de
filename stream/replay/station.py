"""One partition of one role in a replay: its core, and the records that wait for it.

Invariant: records of one topic are folded in the order they came; of several topics, the one whose source has the lower
priority number goes first, as in a mailbox of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Role
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.replay.lines import Received

#: What answers the effects of a role: (request, replay's time in epoch ms) -> the reply that the fold hears.
Answer = Callable[[Any, int], Any]
Emit = Callable[[list[Output], int], None]


class Station:
    """A core without Kafka: what it emits goes to `emit`, what it asks for is answered by `answer` at once."""

    def __init__(self, role: Role, core: Core, emit: Emit, answer: Answer | None) -> None:
        self.role = role.name
        self.core = core
        self.partition = core.partition
        self.priority: Mapping[str, tuple[int, str]] = {s.topic: (s.priority, s.topic) for s in role.sources}
        self.everything = frozenset(self.priority)
        self.waiting: dict[str, list[Received]] = {}
        self._emit = emit
        self._answer = answer

    @property
    def next_due(self) -> int | None:
        """Epoch ms of the earliest timer, or None."""
        return self.core.next_due

    def put(self, topic: str, record: Received) -> None:
        """Adds a record to those that wait."""
        waiting = self.waiting.get(topic)
        if waiting is None:
            self.waiting[topic] = [record]
        else:
            waiting.append(record)

    def step(self, now: int) -> bool:
        """Folds all that waits of one topic, or does one piece of spread work. True while there may be more."""
        if not self.waiting:
            unit = self.core.begin(now)
            more = self.core.fold.work(unit)
            self._commit(unit)
            return more or bool(unit.effects) or bool(self.waiting)
        waiting = self.waiting
        topic = next(iter(waiting)) if len(waiting) == 1 else min(waiting, key=self.priority.__getitem__)
        self.fold(topic, waiting.pop(topic), now)
        return True

    def fold(self, topic: str, records: list[Received], now: int) -> None:
        """Folds records of one topic as one unit."""
        unit = self.core.begin(now)
        self.core.take(unit, topic, records)
        self._commit(unit)

    def tick(self, now: int) -> None:
        """Lets the fold's time come to `now`; nothing is left to read, as every source is drained."""
        unit = self.core.begin(now)
        self.core.tick(unit, self.everything)
        self._commit(unit)

    def fire(self, now: int) -> bool:
        """Fires the timers that are due at `now`. True when they changed or emitted anything."""
        unit = self.core.begin(now)
        self.core.fire_due(unit)
        return self._commit(unit)

    def _commit(self, unit: Unit) -> bool:
        core = self.core
        if unit.empty:
            core.seal(unit)
            return False
        core.install(core.seal(unit))
        if unit.outputs:
            self._emit(unit.outputs, unit.now)
        for request in unit.effects:
            if self._answer is None:
                raise RuntimeError(f"role {self.role} asks for {type(request).__name__}, and nothing answers it")
            reply = core.begin(unit.now)
            core.answer(reply, self._answer(request, unit.now))
            self._commit(reply)
        return True
