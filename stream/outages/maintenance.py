"""Planned work, as far as outages are concerned: which of it explains a detection, and until when. Pure.

           ┌ earlier when its status says `started`     ┌ earlier when it says `completed`
    ───────┼────────────── window ──────────────────────┼── overrun_s ──┬──> time
         start        onset within: planned            end    late      real

Rows: `m/<maintenance id>` Plan.
Invariant: planned work explains what began inside its window, and nothing that was down before it.
Source: detection.md J.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.network import Maintenance
from forewarn.topics.instants import to_ms


class Plan(Struct, frozen=True, array_like=True, gc=False):
    """One planned work; times are epoch ms. `over`: it was cancelled. `ended`: when it was said to be completed."""

    elements: tuple[str, ...]
    start: int
    end: int
    over: bool
    ended: int | None = None

    @property
    def last(self) -> int:
        """When the work ends, as far as is known."""
        return self.end if self.ended is None else min(self.end, self.ended)


class Work(Struct, frozen=True, gc=False):
    """The planned work that explains an outage. `late`: since when it has outlasted its window, None: it has not."""

    maintenance_id: str
    late: int | None


PLANS = Shelf("m/", Plan)


class Plans:
    """All planned work, by id and by what it is on. `overrun_ms`: work may outlast its window by so much."""

    def __init__(self, overrun_ms: int) -> None:
        self.overrun_ms = overrun_ms
        self.plans: dict[str, Plan] = {}
        self._on: dict[str, dict[str, None]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index."""
        for key, value in table.items():
            if key.startswith(PLANS.prefix):
                self._set(PLANS.name(key), PLANS.unpack(value))

    def fold(self, unit: Unit, name: str, event: Maintenance | None, clock: int) -> bool:
        """Takes planned work, or its deletion, at `clock` (epoch ms of event time); whether it is news."""
        was = self.plans.get(name)
        if event is None:
            if was is not None:
                self._set(name, None)
                unit.delete(PLANS.key(name))
            return was is not None
        plan = _plan(event, was, clock)
        if plan == was:
            return False
        self._set(name, plan)
        unit.put(PLANS.key(name), PLANS.pack(plan))
        return True

    def _set(self, name: str, plan: Plan | None) -> None:
        was = self.plans.pop(name, None)
        for element in was.elements if was is not None else ():
            self._on[element].pop(name, None)
        if plan is not None:
            self.plans[name] = plan
            for element in plan.elements:
                self._on.setdefault(element, {})[name] = None

    def explaining(self, elements: Iterable[str], onset: int, time: int, *, known: str | None = None) -> Work | None:
        """The work on one of these elements or regions that explains, at `time`, what began at `onset` (epoch ms).

        `known` is the work that explained it so far: it still does when it was moved and goes on now. Of several that
        overlap, the one that ends last counts.
        """
        found: dict[str, None] = {}
        for element in elements:
            found |= self._on.get(element, {})
        fits = [name for name in sorted(found) if self._fits(self.plans[name], onset, time, known=name == known)]
        if not fits:
            return None
        name = max(fits, key=lambda name: (self.plans[name].last, name == known))
        last = self.plans[name].last
        return Work(name, last if time > last else None)

    def _fits(self, plan: Plan, onset: int, time: int, *, known: bool) -> bool:
        within = plan.start <= onset <= plan.last or (known and plan.start <= time)
        return not plan.over and within and time <= plan.last + self.overrun_ms

    def under_way(self, onset: int, time: int) -> list[str]:
        """All elements and regions on which some work goes on that explains what began at `onset`."""
        return [
            element
            for element, names in self._on.items()
            if any(self._fits(self.plans[name], onset, time, known=False) for name in names)
        ]


def _plan(event: Maintenance, was: Plan | None, clock: int) -> Plan:
    plan = Plan(event.elements, to_ms(event.start), to_ms(event.end), event.status == "cancelled")
    if event.status == "completed":
        ended = was.ended if was is not None and was.ended is not None else clock
        return replace(plan, ended=ended, start=min(plan.start, was.start) if was is not None else plan.start)
    if event.status == "started" and clock:
        started = min(was.start, clock) if was is not None else clock
        return replace(plan, start=min(plan.start, started))
    return plan
