"""No marketing within the lease after the customer's own confirmed outage was restored."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.rule import Rule, text


class Lease(Rule):
    name = "lease"
    says = "no approval within the lease after the restoration of the customer's own outage"
    topics = frozenset({"marketing.approved"})

    def take(self, row: Row) -> Iterator[str]:
        self.tested += 1
        wrong = [self._against(person.elements, row.ts) for person in self.world.people.views(row.key, row.ts)]
        if all(wrong):
            yield f"{row.value['request_id']} approved, {wrong[0]}"

    def _against(self, elements: frozenset[str], ts: int) -> str:
        for outage in self.world.outages.concerning(elements):
            for element in sorted(elements):
                back = outage.mended(element)
                if back is not None and not outage.broken(element) and ts < back + self.world.given.lease:
                    return f"{element} is back since {text(back)} only, after {outage.id}"
        return ""
