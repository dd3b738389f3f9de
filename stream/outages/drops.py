"""The drops of all regions, as detect reports them every tick, and the outages that demand explains. Pure.

    status rows ──> Standing of each region ──> demand? ── yes ──> suspicions of volumes alone are dismissed

Row: `dm/<region>` Standing, written when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import demand
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.demand import Demand, Share, Standing
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.outages import StatusRow

STANDINGS = Shelf("dm/", Standing)


class Drops:
    """How all regions stand, and whether what they have in common is demand."""

    def __init__(self, policy: OutagePolicy) -> None:
        self.policy = policy
        self.standings: dict[str, Standing] = {}
        self.share: Share | None = None

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds what is in memory."""
        for key, value in table.items():
            if key.startswith(STANDINGS.prefix):
                self.standings[STANDINGS.name(key)] = STANDINGS.unpack(value)
        self.share = demand.shared(self.policy.kpi, self.standings.values())

    def fold(self, unit: Unit, row: StatusRow) -> None:
        """Takes how a region stands. Its devices count as lost from the share on that detector A minds."""
        lost = row.down > 0 and row.down >= self.policy.share_min * row.expected
        now = Standing(row.judged > 0, 2 * row.dropped > row.judged > 0, lost)
        was = self.standings.get(row.name, Standing())
        if now != was:
            self.standings[row.name] = now
            unit.put(STANDINGS.key(row.name), STANDINGS.pack(now))
            if was.judged or now.judged:
                self.share = demand.shared(self.policy.kpi, self.standings.values())

    def explaining(self, region: str) -> Share | None:
        """The drop in common, if a drop of this region's volumes is no more than that."""
        standing = self.standings.get(region)
        return self.share if standing is not None and not standing.lost else None

    def demand(self, case: Case, time: int) -> Demand | None:
        """What to tell an outage of a region that demand explains at `time` (epoch ms of event time)."""
        share = self.explaining(case.region)
        return Demand(share, self.policy.kpi.demand_share, time) if share is not None else None
