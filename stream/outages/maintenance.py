"""Planned work, as far as outages are concerned: which of it explains a detection. Rows: `m/<maintenance id>` Plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.network import Maintenance
from forewarn.topics.instants import to_ms


class Plan(Struct, frozen=True, array_like=True, gc=False):
    """One planned work; times are epoch ms."""

    elements: tuple[str, ...]
    start: int
    end: int
    over: bool


PLANS = Shelf("m/", Plan)


class Plans:
    """All planned work that is not over, by id."""

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index."""
        for key, value in table.items():
            if key.startswith(PLANS.prefix):
                self.plans[PLANS.name(key)] = PLANS.unpack(value)

    def fold(self, unit: Unit, name: str, event: Maintenance | None) -> None:
        """Takes planned work, or its deletion."""
        if event is None:
            if self.plans.pop(name, None) is not None:
                unit.delete(PLANS.key(name))
            return
        over = event.status in ("completed", "cancelled")
        plan = Plan(event.elements, to_ms(event.start), to_ms(event.end), over)
        if plan != self.plans.get(name):
            self.plans[name] = plan
            unit.put(PLANS.key(name), PLANS.pack(plan))

    def covering(self, elements: Iterable[str], onset: int) -> str | None:
        """The planned work on one of these elements during which `onset` (epoch ms) lies."""
        above = set(elements)
        for name in sorted(self.plans):
            plan = self.plans[name]
            if not plan.over and plan.start <= onset <= plan.end and not above.isdisjoint(plan.elements):
                return name
        return None
