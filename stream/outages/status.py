"""What detect reports beside its suspicions: how regions, suspected elements and collectors stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from forewarn.stream.outages.device import Device
from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.roster import Roster
from forewarn.topics.events.outages import StatusRow


class Survey:
    """What the down devices of some groups say: the earliest missed beat, and the collectors they sit behind."""

    def __init__(self) -> None:
        self.onset: int | None = None
        self.collectors: set[str] = set()

    def add(self, device: Device, onset: int | None) -> None:
        """Counts one device in; its missed beat only if it is one of those that raised the suspicion."""
        if onset is not None:
            self.onset = onset if self.onset is None else min(self.onset, onset)
        if device.place.behind:
            self.collectors.add(device.place.behind)


def rows(roster: Roster, suspected: Iterable[Node]) -> list[StatusRow]:
    """One row for each region, each collector, and each suspected element."""
    heard: dict[str, int] = {}
    collectors: dict[str, tuple[int, int, int]] = {}
    for place in roster.places.values():
        region, behind = place.spec.region, place.behind
        heard[region] = max(heard.get(region, 0), place.heard)
        if behind is not None:
            expected, down, last = collectors.get(behind, (0, 0, 0))
            collectors[behind] = (expected + place.expected, down + place.down, max(last, place.heard))
    regions = roster.groups.regions.values()
    return [
        *(
            StatusRow("region", node.element, node.expected, node.down_total, heard.get(node.element, 0))
            for node in regions
        ),
        *(StatusRow("collector", name, *counts) for name, counts in collectors.items()),
        *(StatusRow("element", node.element, node.expected, node.down_total) for node in suspected),
    ]
