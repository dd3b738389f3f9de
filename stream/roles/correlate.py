"""Role correlate: signals, inventory, maintenance and field actions -> outages and their impact. A thin shell.

    network.inventory ───┐                       ┌─> outages, outages.revisions
    network.field ───────┤                       ├─> outages.impact (every customer partition), progress marks
    network.maintenance ─┼─> Correlation, Ledger ┤
    outages.signals ─────┤                       └─> network.topology (the region's partition)
    outages.affected ────┘

Row of its own: `g` Given, the last progress mark and tick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from forewarn.stream.engine.role import Fold, Group, Layout, Record, Source
from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Blindness
from forewarn.stream.outages.case import outage
from forewarn.stream.outages.correlation import Correlation
from forewarn.stream.outages.impact import Jobs
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.maintenance import Plans
from forewarn.stream.outages.measures import measures
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.topology import Topology
from forewarn.stream.outages.unseen import UnseenRegions
from forewarn.topics.dead_letters import Malformed, dead_letter
from forewarn.topics.events.outages import StillOut
from forewarn.topics.partitioner import partition as partition_of
from forewarn.topics.reasons import Reason


class Given(Struct, frozen=True, array_like=True, gc=False):
    """The last progress mark's event time, and the time of the last tick (epoch ms)."""

    event_time: int = 0
    ticked: int = 0


GIVEN = Shelf("g", Given)


class CorrelateFold(Fold):
    """The one partition of correlate."""

    def __init__(self, policy: OutagePolicy, partition: int, layout: Layout) -> None:
        self.policy = policy
        self.partition = partition
        self.layout = layout
        self.topology = Topology()
        self.jobs = Jobs(layout.customer)
        self.plans = Plans(int(policy.overrun_s * 1000))
        self.blindness = Blindness(policy, layout.region)

        @lru_cache(maxsize=1 << 16)
        def region_partition(region: str) -> int:
            return partition_of(region.encode(), layout.region)

        self.ledger = Ledger(policy, self.topology, self.jobs, region_partition)
        self.correlation = Correlation(policy, self.topology, self.ledger, self.plans, self.blindness, region_partition)
        self.unseen = UnseenRegions(policy, self.ledger, self.blindness)
        self.given = Given()
        self.introduced = False

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        for part in (self.topology, self.jobs, self.ledger, self.plans, self.blindness, self.correlation):
            part.restore(table)
        if (row := table.get(GIVEN.prefix)) is not None:
            self.given = GIVEN.unpack(row)

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        for event, record in zip(events, records, strict=True):
            key = (record.key or b"").decode()
            match topic:
                case "outages.signals":
                    self.correlation.signal(unit, event)
                case "outages.affected":
                    if isinstance(event, StillOut):
                        self.correlation.replies.fold(unit, event)
                    else:
                        self.ledger.counted(unit, event)
                case "network.inventory":
                    self.correlation.inventory(unit, key, event)
                case "network.maintenance":
                    self.correlation.maintenance(unit, key, event)
                case "network.field":
                    if not self.correlation.field.fold(unit, event, key):
                        refused = Malformed(record, Reason.UNKNOWN_OUTAGE, "outage_id")
                        unit.outputs.append(dead_letter(topic, self.partition, refused, unit.now))

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        step = int(self.policy.tick_s * 1000)
        if unit.now // step == self.given.ticked // step:
            return
        self._introduce(unit)
        if self.blindness.complete:
            self.blindness.judge(unit)
            self.unseen.tick(unit)
            self.correlation.tell_heard(unit)
        self.correlation.settle(unit)
        self.ledger.tick(unit, self.correlation.clock)
        handled = max(self.given.event_time, self.correlation.handled(self.layout.region))
        self.given = Given(handled, unit.now)
        unit.put(GIVEN.prefix, GIVEN.pack(self.given))
        self.jobs.mark(unit, handled)

    def _introduce(self, unit: Unit) -> None:
        """Once after a restart: the outages that are led already, for those who measure the worker."""
        if not self.introduced:
            for case in self.ledger.docket.all_living():
                unit.note("outage", case.outage_id, wire(outage(case, unit.now, told=measures(case))).decode())
            self.introduced = True

    def work(self, unit: Unit) -> bool:
        return self.ledger.work(unit)


class CorrelateRole:
    """Correlate, as the engine and the replay open it."""

    name = "correlate"
    group: Group = "single"
    sources = (
        Source("network.field", 0),
        Source("network.maintenance", 0),
        Source("network.inventory", 1),
        Source("outages.signals", 1),
        Source("outages.affected", 2),
    )

    def __init__(self, policy: OutagePolicy) -> None:
        self.policy = policy

    def open(self, partition: int, layout: Layout) -> Fold:
        """The fold of the one partition."""
        return CorrelateFold(self.policy, partition, layout)
