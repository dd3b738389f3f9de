"""Every marketing request has exactly one final answer, in its own time, and none is answered that nobody asked."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row, instant
from tests.month.rule import Rule, World, text

#: The final answer comes at the latest so long (ms) after the request has expired.
LATEST = 3_600_000


class Answers(Rule):
    name = "answers"
    says = "exactly one final answer to every marketing request"
    topics = frozenset({"marketing.requests", "marketing.approved", "marketing.held"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._open: dict[str, tuple[str, int]] = {}
        self._final: set[str] = set()

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        name = value["request_id"]
        if row.topic == "marketing.requests":
            if name not in self._final and name not in self._open:
                self.tested += 1
                expires = value.get("expires")
                life = self.world.given.request_life
                self._open[name] = row.key, instant(value["time"]) + life if expires is None else instant(expires)
            return
        if name in self._final:
            yield f"{name} answered again after its final answer: {value['reason']}"
            return
        if name not in self._open:
            yield f"{name} answered, and nobody asked"
            return
        customer, expires = self._open[name]
        if customer != row.key:
            yield f"{name} of {customer} answered to another customer"
        if row.topic == "marketing.approved":
            if not value["final"]:
                yield f"{name} approved, and not finally"
            if row.ts >= expires:
                yield f"{name} approved after it expired at {text(expires)}"
        elif not value["final"] and value.get("review_at") is None:
            yield f"{name} held, and no time of review"
        if value["final"]:
            self._final.add(name)
            del self._open[name]

    def end(self) -> Iterator[tuple[str, str]]:
        for name, (customer, expires) in self._open.items():
            if self.world.now > expires + LATEST:
                yield customer, f"{name} has no final answer, it expired at {text(expires)}"
