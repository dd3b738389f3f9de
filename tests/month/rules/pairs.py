"""`restored` goes to exactly those who were told `confirmed`, once for each time that they were told.

    confirmed ──> restored             another `confirmed` only after that
    nothing told ──> nothing           whoever heard of no outage hears of no end

Excused from hearing the end: who was erased, whom no channel reaches that they did not refuse, whose outage goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.rule import Rule, text
from tests.month.told import Open

#: The end is told at the latest so long (ms) after it: a night, and a margin.
LATEST = 26 * 3_600_000


class Pairs(Rule):
    name = "pairs"
    says = "`restored` to exactly those who were told `confirmed`"
    topics = frozenset({"notifications"})

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        if value["kind"] != "outage":
            return
        stage, outage = value["stage"], value["incident"]
        stories = self.world.told.of(row.key, outage)
        if stage == "restored":
            self.tested += 1
            if not stories and not self.world.told.unheard(row.key, outage):
                yield f"restored of {outage} by {value['channel']}, who was not told of it"
        elif stage == "confirmed":
            self.tested += 1
            if stories:
                yield f"confirmed of {outage} again, told at {text(stories[0].since)} and not of its end"

    def end(self) -> Iterator[tuple[str, str]]:
        for customer, stories in self.world.told.open.items():
            for one in stories.values():
                if one.told and (since := self._owed(customer, one)) and self.world.now - since > LATEST:
                    yield customer, f"never told the end of {one.outage}, told at {text(one.since)}, owed {text(since)}"

    def _owed(self, customer: str, story: Open) -> int | None:
        """Since when (epoch ms) the customer is owed the end; None while the outage is theirs, or if they refused."""
        person = self.world.people.get(customer)
        if not any((customer, on) not in self.world.told.bad for on in person.reached("outage")):
            return None
        outage = self.world.outages.by_id[self.world.outages.heir(story.outage)]
        if outage.over is not None:
            return outage.over
        if any(outage.broken(element) for element in person.elements):
            return None
        return max((outage.left.get(element, 0) for element in person.elements), default=0) or None
