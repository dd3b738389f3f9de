"""Each share of an allowance is told once a billing cycle, lower ones never after higher ones, in cycles that exist."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from tests.month.lines import Row
from tests.month.rule import Rule, World


class Thresholds(Rule):
    name = "thresholds"
    says = "each threshold once a billing cycle, and no lower one after it"
    topics = frozenset({"usage.alerts", "notifications"})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._found: dict[int, float] = {}
        self._told: dict[int, tuple[float, str]] = {}

    def take(self, row: Row) -> Iterator[str]:
        if row.topic == "usage.alerts":
            yield from self._alert(row)
        elif row.value["kind"] == "usage":
            yield from self._notice(row)

    def _alert(self, row: Row) -> Iterator[str]:
        """What the meter found: shares rise within a cycle."""
        value = row.value
        self.tested += 1
        key = hash((row.key, value["bucket"], value["kind"], value["cycle_start"]))
        before = self._found.get(key)
        if before is not None and (value["kind"] == "forecast" or value["percent"] <= before):
            yield f"{value['kind']} {value['percent']} % of {value['bucket']} found after {before} % of the cycle"
        self._found[key] = value["percent"]

    def _notice(self, row: Row) -> Iterator[str]:
        value = row.value
        self.tested += 1
        stage, incident, name = value["stage"], value["incident"], value["notification_id"]
        percent = float(value.get("class") or 0)
        key = hash((row.key, incident, stage))
        before = self._told.get(key)
        again = before is not None and before[0] == percent and before[1] in self.world.told.failed
        if before is not None and percent <= before[0] and not again:
            yield f"{stage} {percent:g} % of {incident} told after {before[0]:g} %"
        self._told[key] = percent, name
        days = {person.cycle_day for person in self.world.people.views(row.key, row.ts)}
        start = date.fromisoformat(incident.rpartition("/")[2])
        if start.day not in {min(day, monthrange(start.year, start.month)[1]) for day in days}:
            yield f"{incident} is no cycle of theirs: it begins on day {sorted(days)}"
