"""Nobody is told what they refused, from the very next record on, nor at an address that is not theirs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.people import Person
from tests.month.rule import Rule, message
from tests.month.rules.quiet import ANSWER


class Consent(Rule):
    name = "consent"
    says = "nothing that was switched off or refused, and no marketing without consent"
    topics = frozenset({"notifications", "marketing.approved"})

    def take(self, row: Row) -> Iterator[str]:
        self.tested += 1
        judge = self._marketing if row.topic == "marketing.approved" else self._notice
        wrong = [judge(person, row.value) for person in self.world.people.views(row.key, row.ts)]
        if all(wrong):
            yield wrong[0]

    def _marketing(self, person: Person, value: dict[str, str]) -> str:
        granted = person.consent(("marketing",), value["channel"]) is True
        return "" if granted else f"{value['request_id']} approved without consent to marketing by {value['channel']}"

    def _notice(self, person: Person, value: dict[str, str]) -> str:
        kind, on = value["kind"], value["channel"]
        if person.contacts.get(on) != value["to"]:
            return f"{message(value)} to an address that is not theirs"
        if value["critical"] or kind == ANSWER:
            return ""
        if not person.enabled(kind) and value["stage"] != "restored":
            return f"{message(value)}, which they switched off"
        if kind in self.world.given.consent_kinds:
            allowed = person.consent((kind, "marketing"), on) is True
        else:
            allowed = person.consent((kind, "service"), on) is not False
        return "" if allowed else f"{message(value)}, a channel that they refused"
