"""The checker: reads inputs and output of a month once, by time, and has every rule judge what concerns it.

    inputs ──┐            ┌─> people, outages, told stories ──┐
             ├─> by time ─┤                                   ├─> violations, counts
    output ──┘            └─> rules ──────────────────────────┘

Not built from Forewarn's code: it knows topics.md, the policy's values that it is given, and the published reasons.
Memory: some kB a customer, whatever the length of the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tests.month import people
from tests.month.given import Given
from tests.month.lines import Row, merged
from tests.month.rule import Rule, Violation, World
from tests.month.rules.affected import Affected
from tests.month.rules.answers import Answers
from tests.month.rules.caps import Caps
from tests.month.rules.consent import Consent
from tests.month.rules.ends import Ends
from tests.month.rules.in_outage import InOutage
from tests.month.rules.lease import Lease
from tests.month.rules.once import Once
from tests.month.rules.pairs import Pairs
from tests.month.rules.quiet import Quiet
from tests.month.rules.reasons import Reasons
from tests.month.rules.silence import Silence
from tests.month.rules.thresholds import Thresholds

RULES: tuple[type[Rule], ...] = (
    Once,
    Pairs,
    InOutage,
    Lease,
    Answers,
    Reasons,
    Quiet,
    Caps,
    Thresholds,
    Consent,
    Affected,
    Silence,
    Ends,
)
READ = (*people.TOPICS, "network.field", "delivery.receipts", "marketing.requests")
WRITTEN = (
    "outages.revisions",
    "notifications",
    "notifications.log",
    "decisions",
    "usage.alerts",
    "marketing.approved",
    "marketing.held",
)
#: Examples that are kept of each rule's violations.
KEPT = 25
#: Rows after which progress is told.
OFTEN = 2_000


class Judged(NamedTuple):
    """One rule's result."""

    name: str
    says: str
    tested: int
    violations: int
    examples: tuple[Violation, ...]


class Report(NamedTuple):
    """A month's result. `rows` by topic, `reasons` by outcome and reason, `messages` by kind and stage."""

    rules: tuple[Judged, ...]
    rows: Counter[str]
    reasons: Counter[tuple[str, str]]
    messages: Counter[tuple[str, str]]

    @property
    def broken(self) -> frozenset[str]:
        """The names of the rules that are broken."""
        return frozenset(rule.name for rule in self.rules if rule.violations)


class Checker:
    """Judges the rows of a month, in their order."""

    def __init__(self, given: Given) -> None:
        self.world = World(given)
        self._rules = [rule(self.world) for rule in RULES]
        self._of = {
            topic: [rule for rule in self._rules if topic in rule.topics] for topic in (*READ, *WRITTEN)
        }  # fmt: skip
        self._rows: Counter[str] = Counter()
        self._messages: Counter[tuple[str, str]] = Counter()
        self._broken: Counter[str] = Counter()
        self._examples: dict[str, list[Violation]] = {rule.name: [] for rule in self._rules}

    def take(self, row: Row) -> None:
        """One row: what it tells of the world before or after it is judged."""
        world = self.world
        world.now = max(world.now, row.ts)
        self._rows[row.topic] += 1
        self._learn(row)
        for rule in self._of[row.topic]:
            for what in rule.take(row):
                self._note(Violation(rule.name, row.ts, row.key, what))
        if row.topic == "notifications":
            self._tell(row)

    def _learn(self, row: Row) -> None:
        world = self.world
        if row.topic == "outages.revisions":
            world.outages.fold(row)
        elif row.topic == "network.field":
            world.outages.act(row)
        elif row.topic in ("notifications.log", "delivery.receipts"):
            world.told.heard(row)
        elif row.topic in people.TOPICS:
            world.people.fold(row)
            if row.topic == "customers.profiles" and row.value is None:
                world.told.erase(row.key)

    def _tell(self, row: Row) -> None:
        value = row.value
        self._messages[value["kind"], value["stage"]] += 1
        if value["kind"] == "outage" and value["stage"] == "confirmed":
            self.world.told.confirmed(row)
        elif value["kind"] == "outage" and value["stage"] == "restored":
            self.world.told.ended(row)

    def report(self) -> Report:
        """The result, once the last row is judged."""
        for rule in self._rules:
            for customer, what in rule.end():
                self._note(Violation(rule.name, self.world.now, customer, what))
        reasons = next(rule.reasons for rule in self._rules if isinstance(rule, Reasons))
        judged = tuple(
            Judged(r.name, r.says, r.tested, self._broken[r.name], tuple(self._examples[r.name])) for r in self._rules
        )
        return Report(judged, self._rows, reasons, self._messages)

    def _note(self, violation: Violation) -> None:
        self._broken[violation.rule] += 1
        examples = self._examples[violation.rule]
        if len(examples) < KEPT:
            examples.append(violation)


def check(
    given: Given,
    inputs: Sequence[Iterable[bytes]],
    output: Iterable[bytes],
    said: Callable[[int], None] | None = None,
) -> Report:
    """Judges a month: the lines of its inputs and of what `forewarn replay` made of them.

    `said` hears now and then how far it is (epoch ms).
    """
    checker = Checker(given)
    for number, row in enumerate(merged(inputs, output, READ, WRITTEN)):
        checker.take(row)
        if said is not None and not number % OFTEN:
            said(row.ts)
    return checker.report()
