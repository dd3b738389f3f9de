"""What detect reports beside its suspicions: how regions, suspected elements and collectors stand. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.places import Quarter
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.veil import Unseen, Veil
from forewarn.topics.events.outages import StatusRow

NOTHING = Unseen(0, 0)


class Heard:
    """What the places of devices tell: when regions and collectors were heard, and how they count."""

    def __init__(self, roster: Roster) -> None:
        self.default = int(roster.policy.interval_s * 1000)
        self.regions: dict[str, int] = {}  #: region -> event time, epoch ms
        self.fastest: dict[str, int] = {}  #: region -> its shortest beat interval, ms
        self.through: dict[str, set[str]] = {}  #: region -> collectors
        self.collectors: dict[str, tuple[int, int]] = {}  #: collector -> devices expected and down
        for quarter in roster.places.quarters.values():
            self._add(quarter)

    def _add(self, quarter: Quarter) -> None:
        region = quarter.region
        self.regions[region] = max(self.regions.get(region, 0), quarter.heard)
        self.fastest[region] = min(self.fastest.get(region, quarter.fastest), quarter.fastest)
        if (behind := quarter.behind) is not None:
            self.through.setdefault(region, set()).add(behind)
            expected, down = self.collectors.get(behind, (0, 0))
            self.collectors[behind] = (expected + quarter.expected, down + quarter.down)


def rows(roster: Roster, veil: Veil, suspected: Iterable[Node]) -> list[StatusRow]:
    """One row for each region, each collector, and each suspected element."""
    heard, unseen, veiled = Heard(roster), veil.unseen(), veil.behind()
    below = roster.places.heard_below(dict.fromkeys(suspected))
    regions = roster.groups.regions.items()
    return [
        *(_region(name, node, heard, unseen.get(name, NOTHING)) for name, node in regions),
        *(
            StatusRow("collector", name, *counts, veil.heard(name), patience=veil.patience(name), veiled=veiled[name])
            for name, counts in heard.collectors.items()
        ),
        *(StatusRow("element", node.element, node.expected, node.down_total, at) for node, at in below.items()),
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
