"""What detect reports beside its suspicions: how regions, suspected elements and collectors stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from forewarn.stream.outages.device import Place
from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.veil import Unseen, Veil
from forewarn.topics.events.outages import StatusRow

NOTHING = Unseen(0, 0)


class Heard:
    """What the places of devices tell: when regions, collectors and some groups were heard, and how they count."""

    def __init__(self, roster: Roster, nodes: Iterable[Node]) -> None:
        self.default = int(roster.policy.interval_s * 1000)
        self.groups: dict[int, int] = dict.fromkeys(map(id, nodes), 0)  #: id of a node -> event time, epoch ms
        self.regions: dict[str, int] = {}
        self.fastest: dict[str, int] = {}  #: region -> its shortest beat interval, ms
        self.through: dict[str, set[str]] = {}  #: region -> collectors
        self.collectors: dict[str, tuple[int, int]] = {}  #: collector -> devices expected and down
        for place in roster.places.values():
            self._add(place, roster)

    def _add(self, place: Place, roster: Roster) -> None:
        region, interval = place.spec.region, place.interval or self.default
        self.regions[region] = max(self.regions.get(region, 0), place.heard)
        self.fastest[region] = min(self.fastest.get(region, interval), interval)
        if (behind := place.behind) is not None:
            self.through.setdefault(region, set()).add(behind)
            expected, down = self.collectors.get(behind, (0, 0))
            self.collectors[behind] = (expected + place.expected, down + place.down)
        for parent in place.parents if self.groups else ():
            for node in roster.groups.lineage(parent):
                if id(node) in self.groups:
                    self.groups[id(node)] = max(self.groups[id(node)], place.heard)


def rows(roster: Roster, veil: Veil, suspected: Iterable[Node]) -> list[StatusRow]:
    """One row for each region, each collector, and each suspected element."""
    nodes = list({id(node): node for node in suspected}.values())
    heard, unseen, veiled = Heard(roster, nodes), veil.unseen(), veil.behind()
    regions = roster.groups.regions.items()
    return [
        *(_region(name, node, heard, unseen.get(name, NOTHING)) for name, node in regions),
        *(
            StatusRow("collector", name, *counts, veil.heard(name), patience=veil.patience(name), veiled=veiled[name])
            for name, counts in heard.collectors.items()
        ),
        *(StatusRow("element", node.element, node.expected, node.down_total, heard.groups[id(node)]) for node in nodes),
    ]


def _region(name: str, node: Node, heard: Heard, unseen: Unseen) -> StatusRow:
    return StatusRow(
        "region",
        name,
        node.expected,
        node.down_total,
        heard.regions.get(name, 0),
        patience=3 * heard.fastest.get(name, heard.default) // 2,
        veiled=unseen.devices,
        onset=unseen.onset,
        collectors=tuple(sorted(heard.through.get(name, ()))),
    )
