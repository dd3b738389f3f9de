"""No message in a customer's quiet hours, by the clock on their wall, but critical ones and answers to a text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.month.lines import Row
from tests.month.people import Person
from tests.month.rule import Rule, message

#: Answers to what a customer has just texted.
ANSWER = "choice"


class Quiet(Rule):
    name = "quiet"
    says = "no message in the customer's quiet hours, in their zone, also when clocks change"
    topics = frozenset({"notifications"})

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        if value["kind"] == ANSWER:
            return
        self.tested += 1
        views = self.world.people.views(row.key, row.ts)
        if value["critical"]:
            if not any(self._critical(value["kind"], person) for person in views):
                yield f"critical, which it is not for them: {message(value)}"
            return
        wrong = [self._against(person, row.ts) for person in views]
        if all(wrong):
            yield f"{message(value)} {wrong[0]}"

    def _critical(self, kind: str, person: Person) -> bool:
        given = self.world.given
        return kind in given.critical or (person.vulnerable and kind in given.critical_for_vulnerable)

    def _against(self, person: Person, ts: int) -> str:
        hours = person.hours or self.world.given.quiet
        if hours is None:
            return ""
        zone = person.zone or self.world.given.zone
        wall = datetime.fromtimestamp(ts / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M")
        start, end = hours
        inside = start <= wall < end if start <= end else wall >= start or wall < end
        return f"at {wall} in {zone}, quiet from {start} to {end}" if inside else ""
