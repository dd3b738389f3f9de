"""Of an outage are told those whose own service is out, and not served by another access, nor by a greater outage."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.outages import Outage
from tests.month.people import Person, Service
from tests.month.rule import Rule


class Affected(Rule):
    name = "affected"
    says = "of an outage are told those whose service is out by it, whom nothing else serves"
    topics = frozenset({"notifications"})

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        if value["kind"] != "outage" or value["stage"] == "restored":
            return
        self.tested += 1
        outage = self.world.outages.by_id.get(value["incident"])
        if outage is None:
            yield f"{value['stage']} of {value['incident']}, an outage that no revision names"
            return
        wrong = [self._against(person, outage) for person in self.world.people.views(row.key, row.ts)]
        if all(wrong):
            yield f"{value['stage']} of {outage.id}: {wrong[0]}"

    def _against(self, person: Person, outage: Outage) -> str:
        down = [service for service in person.services if service.element in outage.elements]
        if not down:
            return "none of their services is out by it"
        up = [service for service in person.services if not self.world.outages.down(service.element)]
        if all(any(_carries(other, one) for other in up) for one in down):
            return "another access carries all that is out"
        return ""


def _carries(other: Service, one: Service) -> bool:
    """Whether another access carries the same: of one service, or another line of its kind; a second SIM is not."""
    same = other.id == one.id or (other.kind == one.kind and one.kind != "mobile")
    return same and other.element != one.element
