"""Role correlate: signals, inventory, maintenance and field actions -> outages and their impact. A thin shell.

    network.inventory ───┐                       ┌─> outages, outages.revisions
    network.field ───────┤                       ├─> outages.impact (every customer partition), marks, obligations
    network.maintenance ─┼─> Correlation, Ledger ┤   and what planned work takes down
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
from forewarn.stream.outages.interruptions import Interruptions
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.maintenance import Plans
from forewarn.stream.outages.measures import measures
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.topology import Topology
from forewarn.stream.outages.unseen import UnseenRegions
from forewarn.stream.regulator.outage_duties import OutageDuties
from forewarn.stream.regulator.pack import Pack
from forewarn.topics.dead_letters import Malformed, dead_letter
from forewarn.topics.events.network import FieldAction
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

    def __init__(self, policy: OutagePolicy, partition: int, layout: Layout, duties: OutageDuties) -> None:
        self.policy = policy
        self.partition = partition
        self.layout = layout
        self.duties = duties
        self.topology = Topology()
        self.jobs = Jobs(layout.customer)
        self.plans = Plans(int(policy.overrun_s * 1000))
        self.blindness = Blindness(policy, layout.region)

        @lru_cache(maxsize=1 << 16)
        def region_partition(region: str) -> int:
            return partition_of(region.encode(), layout.region)

        self.ledger = Ledger(policy, self.topology, self.jobs, region_partition)
        self.interruptions = Interruptions(policy, self.topology, layout.customer)
        self.correlation = Correlation(
            policy, self.topology, self.ledger, self.plans, self.blindness, self.interruptions, region_partition
        )
        self.unseen = UnseenRegions(policy, self.ledger, self.blindness)
        self.given = Given()
        self.introduced = False

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        for part in (
            self.topology,
            self.jobs,
            self.ledger,
            self.plans,
            self.interruptions,
            self.blindness,
            self.correlation,
            self.duties,
        ):
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
                    if not self._acted(unit, event, key):
                        refused = Malformed(record, Reason.UNKNOWN_OUTAGE, "outage_id")
                        unit.outputs.append(dead_letter(topic, self.partition, refused, unit.now))

    def _acted(self, unit: Unit, event: FieldAction, key: str) -> bool:
        """Folds what staff say; False when it is about nothing that is known."""
        if event.action == "filed":
            return self.duties.filed(unit, event)
        return self.correlation.field.fold(unit, event, key)

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
        self.interruptions.tick(unit, self.correlation.overrunning)
        self.duties.tick(unit, self.ledger.docket.all_living, self.ledger.docket.cases.get)
        handled = max(self.given.event_time, self.correlation.handled(self.layout.region))
        self.given = Given(handled, unit.now)
        unit.put(GIVEN.prefix, GIVEN.pack(self.given))
        self.jobs.mark(unit, handled)

    def _introduce(self, unit: Unit) -> None:
        """Once after a restart: the outages that are led already, for those who measure the worker."""
        if not self.introduced:
            for case in self.ledger.docket.all_living():
                unit.note("outage", case.outage_id, wire(outage(case, unit.now, told=measures(case))).decode())
            for name in self.interruptions.late():
                unit.note("work", name, "late")
            self.introduced = True

    def work(self, unit: Unit) -> bool:
        more = self.ledger.work(unit)
        return self.interruptions.work(unit) or more


class CorrelateRole:
    """Correlate, as the engine and the replay open it. `packs`: the regulators' rules in force."""

    name = "correlate"
    group: Group = "single"
    sources = (
        Source("network.field", 0),
        Source("network.maintenance", 0),
        Source("network.inventory", 1),
        Source("outages.signals", 1),
        Source("outages.affected", 2),
    )

    def __init__(self, policy: OutagePolicy, packs: tuple[Pack, ...] = (), policy_hash: str = "") -> None:
        self.policy = policy
        self.packs = packs
        self.policy_hash = policy_hash

    def open(self, partition: int, layout: Layout) -> Fold:
        """The fold of the one partition."""
        return CorrelateFold(self.policy, partition, layout, OutageDuties(self.packs, self.policy_hash))
