"""A decide partition that dies at a named crash point, at every unit that it folds, and comes back.

    fold.before ─> fold ─> fold.after ─> append ─> append.after ─> install ─> produce ─> outputs.after ─> ack
         before the append the unit is lost: its input is folded again     │
                    after it, it counts: its outputs are produced, once more if they already were

The clock stands still while it is dead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.policy import Policy
from tests.decide_desk import START, DecideDesk, Found

#: The points of a partition's commit, in the order of the flow.
LOST = ("fold.before", "fold.after", "append.before")
KEPT = ("append.after", "install", "outputs.before")
TWICE = ("outputs.after", "ack")
POINTS = (*LOST, *KEPT, *TWICE)


class MortalDesk(DecideDesk):
    """`point`: where it dies, each time that it passes there; None: never. `clock`: the ticks of another desk."""

    def __init__(
        self, policy: Policy | None = None, point: str | None = None, clock: Sequence[int] | None = None
    ) -> None:
        self.point = point
        self.clock = clock
        self.ticks: list[int] = []
        self.deaths = 0
        self.said: dict[tuple[float, Output], None] = {}
        super().__init__(policy)

    def at(self, seconds: float) -> MortalDesk:
        """Lets time pass by the other's clock, if there is one: what is due in memory alone must not drive it."""
        if self.clock is None:
            super().at(seconds)
        else:
            for tick in self.clock[len(self.ticks) :]:
                if tick > START + round(seconds * 1000):
                    break
                self._tick(tick)
        return self

    def _tick(self, now: int) -> None:
        self.ticks.append(now)
        super()._tick(now)

    def fold(self, step: Callable[[Unit], Found]) -> Found:
        """One unit, with a death in it."""
        unit, found = self._step(step)
        if self._dies(LOST):
            unit, found = self._step(step)
        self.core.install(self.core.seal(unit))
        self._dies(KEPT)
        self.produce(unit)
        if self._dies(TWICE):
            self.produce(unit)
        return found

    def produce(self, unit: Unit) -> None:
        """Outputs, each with the second at which it came first; a repetition must be the same, byte for byte."""
        super().produce(unit)
        self.said.update(dict.fromkeys((self.seconds, output) for output in unit.outputs))

    def _step(self, step: Callable[[Unit], Found]) -> tuple[Unit, Found]:
        unit = self.core.begin(self.core.now)
        return unit, step(unit)

    def _dies(self, points: tuple[str, ...]) -> bool:
        if self.point not in points:
            return False
        self.deaths += 1
        self.restart()
        return True
