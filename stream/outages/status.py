"""What detect reports beside its suspicions: how regions, suspected elements and collectors stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.roster import Roster
from forewarn.topics.events.outages import StatusRow


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
    for name, (expected, down, last) in collectors.items():
        collectors[name] = (expected, down, max(last, roster.reporting.get(name, 0)))
    regions = roster.groups.regions.values()
    return [
        *(
            StatusRow("region", node.element, node.expected, node.down_total, heard.get(node.element, 0))
            for node in regions
        ),
        *(StatusRow("collector", name, *counts) for name, counts in collectors.items()),
        *(StatusRow("element", node.element, node.expected, node.down_total) for node in suspected),
    ]
