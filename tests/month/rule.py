"""What a rule is: it looks at some topics, and says what breaks it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from tests.month.given import Given
from tests.month.lines import Row
from tests.month.outages import Outages
from tests.month.people import People
from tests.month.told import Told


class World:
    """What the rules judge by: the policy's values, and everything that was said up to now (epoch ms)."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.people = People()
        self.outages = Outages(kept=given.lease + 2 * 86_400_000)
        self.told = Told(self.outages)
        self.now = 0


class Violation(NamedTuple):
    """What breaks a rule; `ts` in epoch ms."""

    rule: str
    ts: int
    customer: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {text(self.ts)} {self.customer}: {self.what}"


class Rule(ABC):
    """One rule. `tested` counts how often it was judged."""

    #: What a report calls it, and what it says in a line.
    name = ""
    says = ""
    topics: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self.world = world
        self.tested = 0

    @abstractmethod
    def take(self, row: Row) -> Iterator[str]:
        """Judges a record of one of `topics`, before it becomes part of the told stories."""

    def end(self) -> Iterator[tuple[str, str]]:
        """Judges what had to come and did not: customers, and what is missing."""
        return iter(())


def text(ts: int) -> str:
    """An instant (epoch ms) for people."""
    return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def message(value: dict[str, str]) -> str:
    """A notification in a few words."""
    class_ = f" {value['class']}" if value.get("class") else ""
    return f"{value['kind']} {value['stage']}{class_} of {value['incident']} by {value['channel']}"
