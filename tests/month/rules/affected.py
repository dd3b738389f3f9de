"""Of an outage are told those whose own service is out, and not served by another access, nor by a greater outage."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.outages import Outage
from tests.month.people import Person, Service
from tests.month.rule import Rule, World, text

#: Until then (ms) a revision names what was told: a tick, and the time between two revisions of a set.
MOMENT = 40_000
NOT_IN = "none of their services is out by it"


class Affected(Rule):
    name = "affected"
    says = "of an outage are told those whose service is out by it, whom nothing else serves"
    topics = frozenset({"notifications", "outages.revisions"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        #: Of an outage: customers whom its newest revision does not name, what serves them, and when they were told.
        self._doubts: dict[str, list[tuple[str, frozenset[str], int]]] = {}

    def take(self, row: Row) -> Iterator[str]:
        if row.topic == "outages.revisions":
            self._named(row)
        else:
            yield from self._notice(row)

    def _named(self, row: Row) -> None:
        """A set that grows is told to customers a moment before the revision that names all of it."""
        doubts = self._doubts.get(row.key)
        if doubts:
            elements = self.world.outages.by_id[row.key].elements
            self._doubts[row.key] = [one for one in doubts if row.ts > one[2] + MOMENT or not one[1] & elements]

    def end(self) -> Iterator[tuple[str, str]]:
        for outage, doubts in self._doubts.items():
            for customer, _, ts in doubts:
                yield customer, f"told of {outage} at {text(ts)}: none of their services is out by it"

    def _notice(self, row: Row) -> Iterator[str]:
        value = row.value
        if value["kind"] != "outage" or value["stage"] in ("restored", "still_out"):
            return
        self.tested += 1
        outage = self.world.outages.by_id.get(value["incident"])
        if outage is None:
            yield f"{value['stage']} of {value['incident']}, an outage that no revision names"
            return
        wrong = [self._against(person, outage) for person in self.world.people.views(row.key, row.ts)]
        if all(wrong) and NOT_IN in wrong:
            elements = frozenset[str]().union(*(p.elements for p in self.world.people.views(row.key, row.ts)))
            self._doubts.setdefault(outage.id, []).append((row.key, elements, row.ts))
        elif all(wrong):
            yield f"{value['stage']} of {outage.id}: {wrong[0]}"

    def _against(self, person: Person, outage: Outage) -> str:
        down = [service for service in person.services if service.element in outage.elements]
        if not down:
            return NOT_IN
        up = [service for service in person.services if not self.world.outages.down(service.element)]
        if all(any(_carries(other, one) for other in up) for one in down):
            return "another access carries all that is out"
        return ""


def _carries(other: Service, one: Service) -> bool:
    """Whether another access carries the same: of one service, or another line of its kind; a second SIM is not."""
    same = other.id == one.id or (other.kind == one.kind and one.kind != "mobile")
    return same and other.element != one.element
