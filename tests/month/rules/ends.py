"""What was deferred comes to an end: it is sent or dropped in the ledger, and does not just vanish."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.rule import Rule, World, text

#: A deferral has come to its end so long (ms) after it: windows of caps are a week at most.
LATEST = 8 * 86_400_000
NIGHT = 26 * 3_600_000


class Ends(Rule):
    name = "ends"
    says = "every deferred message is sent or dropped in the end"
    topics = frozenset({"decisions", "customers.profiles"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._waits: dict[str, dict[tuple[str, ...], tuple[int, str]]] = {}

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        if row.topic == "customers.profiles":
            if value is None:
                self._waits.pop(row.key, None)
        elif value["subject"] == "notification":
            subject = value["kind"], value.get("stage", ""), value.get("incident", "")
            if value["outcome"] == "deferred":
                self.tested += 1
                self._waits.setdefault(row.key, {})[subject] = row.ts, value["reason"]
            elif value["outcome"] in ("sent", "dropped"):
                self._waits.get(row.key, {}).pop(subject, None)
        yield from ()

    def end(self) -> Iterator[tuple[str, str]]:
        for customer, waits in self._waits.items():
            for subject, (since, reason) in waits.items():
                if self.world.now - since > (LATEST if reason == "frequency_cap" else NIGHT):
                    yield customer, f"{' '.join(subject)} waits since {text(since)}, {reason}"
