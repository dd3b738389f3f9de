"""Every notification and every marketing answer has its decision, with a published reason, and vice versa."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.month.lines import Row
from tests.month.rule import Rule, World, message

PUBLISHED = Path(__file__).parents[3] / "docs" / "reasons.md"
_SAME = ("kind", "stage", "incident", "channel")


class Reasons(Rule):
    name = "reasons"
    says = "every notification and every answer has its decision, with a published reason"
    topics = frozenset({"notifications", "decisions", "marketing.approved", "marketing.held"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.reasons: Counter[tuple[str, str]] = Counter()
        self._published = published()
        self._alone: dict[tuple[str, ...], tuple[str, Any]] = {}
        self._policies: set[str] = set()

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        if row.topic == "notifications":
            yield from self._match(row, (value["notification_id"],))
        elif row.topic != "decisions":
            yield from self._match(row, (value["request_id"], value["reason"], value["decided"]))
        else:
            yield from self._decision(row, value)

    def _decision(self, row: Row, value: dict[str, Any]) -> Iterator[str]:
        self.reasons[value["outcome"], value["reason"]] += 1
        if value["reason"] not in self._published:
            yield f"{value['subject_id']} {value['outcome']} for {value['reason']!r}, which no list names"
        if not value.get("rule") and value["outcome"] != "sent":
            yield f"{value['subject_id']} {value['outcome']}, and no rule said so"
        self._policies.add(value["policy"])
        if len(self._policies) > 1 or not value["policy"]:
            yield f"{value['subject_id']} by another policy, {value['policy']!r}"
        if value["outcome"] == "sent":
            yield from self._match(row, (value["subject_id"],))
        elif value["subject"] == "marketing":
            yield from self._match(row, (value["subject_id"], value["reason"], value["time"]))

    def _match(self, row: Row, key: tuple[str, ...]) -> Iterator[str]:
        """A decision and what it let out come together; whichever is first waits for the other."""
        decided = row.topic == "decisions"
        known = self._alone.get((str(decided), *key))
        if known is None:
            self.tested += not decided
            self._alone[(str(not decided), *key)] = row.key, row.value
            return
        del self._alone[(str(decided), *key)]
        self.tested += not decided
        customer, other = known
        if customer != row.key:
            yield f"{key[0]} is decided for {customer}"
        if len(key) == 1 and any(other.get(name) != row.value.get(name) for name in _SAME):
            yield f"{key[0]} is decided as something else"

    def end(self) -> Iterator[tuple[str, str]]:
        for (decided, name, *_), (customer, value) in self._alone.items():
            if decided == "True":
                what = message(value) if "notification_id" in value else f"the answer {value['reason']} to {name}"
                yield customer, f"no decision says why: {what}"
            else:
                yield customer, f"decided, and nothing came of it: {name} {value['outcome']}"


def published() -> frozenset[str]:
    """The reasons of decisions that docs/reasons.md lists."""
    section = PUBLISHED.read_text().partition("## Decisions")[2].partition("\n## ")[0]
    return frozenset(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
