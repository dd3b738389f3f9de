"""No marketing for a customer who is in an outage, suspected or later, or was told of one and not of its end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.outages import OVER
from tests.month.rule import Rule


class InOutage(Rule):
    name = "in_outage"
    says = "no approval between an outage's revision and the restoration of the customer's own"
    topics = frozenset({"marketing.approved"})

    def take(self, row: Row) -> Iterator[str]:
        self.tested += 1
        wrong = [self._against(person.elements) for person in self.world.people.views(row.key, row.ts)]
        if all(wrong):
            yield f"{row.value['request_id']} approved, {wrong[0]}"
            return
        for story in self.world.told.open.get(row.key, {}).values():
            outage = self.world.outages.by_id[self.world.outages.heir(story.outage)]
            if story.told and outage.state not in OVER and outage.restored is None:
                yield f"{row.value['request_id']} approved, told of {story.outage} and not of its end"

    def _against(self, elements: frozenset[str]) -> str:
        for outage in self.world.outages.concerning(elements):
            for element in sorted(elements):
                if outage.broken(element):
                    return f"while {element} is out by {outage.id} ({outage.state})"
        return ""
