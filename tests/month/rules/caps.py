"""No frequency cap broken: in no stretch of a cap's length more than its limit, by what has to heed it.

What passes whatever the caps say (critical messages, the kinds that the policy names, ends, answers to a text) takes a
place, and may stand above the limit; nothing else may be sent then.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.rule import Rule, World
from tests.month.rules.quiet import ANSWER


class Caps(Rule):
    name = "caps"
    says = "no frequency cap broken in any rolling window"
    topics = frozenset({"notifications", "marketing.approved", "customers.profiles"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._spent: dict[str, list[tuple[int, str, str]]] = {}
        self._longest = max((cap.window for cap in world.given.caps), default=0)

    def take(self, row: Row) -> Iterator[str]:
        if row.topic == "customers.profiles":
            if row.value is None:
                self._spent.pop(row.key, None)
            return
        value = row.value
        kind = "marketing" if row.topic == "marketing.approved" else value["kind"]
        spent = [one for one in self._spent.get(row.key, ()) if one[0] > row.ts - self._longest]
        spent.append((row.ts, kind, value["channel"]))
        self._spent[row.key] = spent
        if kind != "marketing" and self._exempt(value):
            return
        self.tested += 1
        for cap in self.world.given.caps:
            if cap.covers(kind, value["channel"]):
                count = sum(at > row.ts - cap.window and cap.covers(k, on) for at, k, on in spent)
                if count > cap.limit:
                    yield f"{kind} by {value['channel']} is number {count} of {cap.limit} of {cap.name}"

    def _exempt(self, value: dict[str, str]) -> bool:
        urgent = value["critical"] or value["stage"] == "restored"
        return bool(urgent) or value["kind"] in self.world.given.uncapped or value["kind"] == ANSWER
