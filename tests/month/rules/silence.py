"""Nothing is said of what staff muted, of planned work, and of a part of an outage when the whole was told."""

from __future__ import annotations

from collections.abc import Iterator

from tests.month.lines import Row
from tests.month.rule import Rule


class Silence(Rule):
    name = "silence"
    says = "no notice of an outage that is muted, planned, or a part of one that was told"
    topics = frozenset({"notifications"})

    def take(self, row: Row) -> Iterator[str]:
        value = row.value
        outage = self.world.outages.by_id.get(value["incident"]) if value["kind"] == "outage" else None
        if outage is None or value["stage"] == "restored":
            return
        self.tested += 1
        if outage.muted:
            yield f"{value['stage']} of {outage.id}, which staff have muted"
        if outage.planned:
            yield f"{value['stage']} of {outage.id}, which is planned work"
        if value["stage"] == "confirmed" and outage.parent and self.world.told.of(row.key, outage.parent):
            yield f"confirmed of {outage.id}, a part of {outage.parent}, which they were told of"
