"""A world in which detect, correlate and decide die at a named crash point, at every unit that they fold.

What a death at a point means is told in tests/mortal_desk.py. The clock stands still while they are dead; what detect
and correlate write goes on to one partition of decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.unit import Output, Unit
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.policy import Policy
from forewarn.stream.roles.correlate import CorrelateRole
from forewarn.stream.roles.decide import DecideRole
from tests.acceptance.outage_world import Line, Published, World
from tests.decide_desk import profile
from tests.mortal_desk import KEPT, LOST, TWICE

FAST = OutagePolicy(
    tick_s=1,
    lateness_s=2,
    interval_s=1,
    longest_silence_s=10,
    window_s=15,
    level_windows_s=(60,),
    confirm_s=8,
    hysteresis_s=8,
    reopen_s=30,
    blind_s=6,
    blind_exit_s=20,
    page_s=10,
    impact_s=2,
)


class CrashWorld(World):
    """`point`: where the roles named in `mortal` die, each time they pass it; None: never."""

    def __init__(self, point: str | None = None, mortal: Iterable[str] = ("detect", "correlate"), **more: Any) -> None:
        super().__init__(FAST, **more)
        self.point = point
        self.mortal = frozenset(mortal)
        self.deaths = 0
        self._unfolded: list[int] = []  #: ids of heartbeats that no unit has kept yet
        alerts = AlertPolicy(group_wait_s=1, left_hysteresis_s=5)
        self._decider = DecideRole(Policy(outages=FAST, alerts=alerts))
        self.decide = self._core(self._decider, 0)

    def subscribe(self) -> None:
        """Each device has a customer."""
        for name in self.devices:
            self.feed(self.decide, "customers.profiles", [self.line(f"of-{name}", profile(name))])

    def tick(self) -> None:
        super().tick()
        self._tick(self.decide)

    def feed(self, core: Core, topic: str, lines: Iterable[Line]) -> None:
        lines = list(lines)
        if topic == "network.heartbeats":
            self._unfolded = [id(line) for line in lines]
        super().feed(core, topic, lines)
        if topic == "network.heartbeats":
            self._unfolded = []

    def _unit(self, core: Core, fold: Callable[[Core, Any], object]) -> None:
        current = self._finder(core)
        step: Callable[[Core, Unit], object] = fold
        more = True
        while more:
            unit, more = self._fold(current(), step)
            if self._dies(current(), LOST):
                self._resurrect(current())
                unit, more = self._fold(current(), step)
            current().install(current().seal(unit))
            self._unfolded = []
            if self._dies(current(), KEPT):
                self._resurrect(current())
            self._produce(unit.outputs)
            if self._dies(current(), TWICE):
                self._resurrect(current())
                self._produce(unit.outputs)
            step = _nothing

    def _fold(self, core: Core, step: Callable[[Core, Unit], object]) -> tuple[Unit, bool]:
        unit = core.begin(self.now)
        step(core, unit)
        return unit, core.fold.work(unit)

    def _produce(self, outputs: list[Output]) -> None:
        for output in outputs:
            self._route(output)

    def _route(self, output: Output) -> None:
        super()._route(output)
        if output.topic == "outages.impact" and 0 in (output.partitions or ()):
            self.feed(self.decide, output.topic, [self._copy(output)])
        elif output.topic == "outages.affected":
            self.feed(self.correlate, output.topic, [self._copy(output)])

    # -- death

    def _role(self, core: Core) -> str:
        return "correlate" if core is self.correlate else "decide" if core is self.decide else "detect"

    def _finder(self, core: Core) -> Callable[[], Core]:
        """Finds the living core again, which may have died in the meantime."""
        role = self._role(core)
        if role == "detect":
            number = core.partition
            return lambda: self.detects[number]
        return lambda: self.correlate if role == "correlate" else self.decide

    def _dies(self, core: Core, points: tuple[str, ...]) -> bool:
        return self.point in points and self._role(core) in self.mortal

    def _resurrect(self, core: Core) -> None:
        self.deaths += 1
        if self._role(core) == "correlate":
            self.correlate = self._recover(CorrelateRole(self.policy), core, 0)
            return
        if self._role(core) == "decide":
            self.decide = self._recover(self._decider, core, 0)
            return
        log, unfolded = self.log, set(self._unfolded)
        self.log = [entry for entry in log if id(entry[1]) not in unfolded]
        self.restart_detect(core.partition, reread_s=3 * self.policy.longest_silence_s)
        self.log = log

    # -- what came out

    def told(self) -> list[tuple[str, str, str, str, str | None, float]]:
        """Every notice once: customer, incident, kind, stage, class, second at which it first came."""
        first: dict[Output, Published] = {}
        for published in self.of("notifications"):
            first.setdefault(published.output, published)
        rows = [(p.output.key or b"", p.json, p.second) for p in first.values()]
        return [
            (key.decode(), row["incident"], row["kind"], row["stage"], row.get("class"), second)
            for key, row, second in rows
        ]

    def revisions(self) -> list[tuple[float, object]]:
        """Every revision once, with the second at which it first came."""
        seen: dict[str, tuple[float, object]] = {}
        for published in self.of("outages.revisions"):
            row = published.json
            seen.setdefault(f"{row['outage_id']}/{row['revision']}/{published.output.value!r}", (published.second, row))
        return list(seen.values())


def _nothing(core: Core, unit: Unit) -> None:
    """Spread work only."""
