"""No message twice: (incident, customer, stage, class, channel) is unique, another channel only after a failure."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.rule import Rule, World, message


class Once(Rule):
    name = "once"
    says = "no (incident, customer, stage, class, channel) twice; another channel only when the first one failed"
    topics = frozenset({"notifications"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sent: set[int] = set()
        self._ids: set[int] = set()
        self._latest: dict[int, str] = {}

    def take(self, row: Row) -> Iterator[str]:
        self.tested += 1
        value = row.value
        subject = hash((row.key, value["kind"], value["incident"], value["stage"], value.get("class")))
        name = value["notification_id"]
        here = hash((subject, value["channel"]))
        if here in self._sent:
            yield f"sent again: {message(value)}"
        elif hash(name) in self._ids:
            yield f"the id {name} again: {message(value)}"
        elif (before := self._latest.get(subject)) is not None and before not in self.world.told.failed:
            yield f"on a second channel, though the first did not fail: {message(value)}"
        self._sent.add(here)
        self._ids.add(hash(name))
        self._latest[subject] = name
