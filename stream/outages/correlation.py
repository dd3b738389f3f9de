"""What correlate does with each event: signals, inventory and field actions become changes of outages. Pure.

    outages.signals ──> who is down, suspicions ─┐
    network.field ────> actions ─────────────────┼──> Ledger ──> outages, outages.revisions, outages.impact
    network.inventory ─> Topology ──> network.topology (to the partition of the element's region)

Row: `p/<partition>` Reach, how far detect is in each region partition.
Invariant: a signal that was seen before, by its sequence, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Blindness
from forewarn.stream.outages.causes import Causes
from forewarn.stream.outages.drops import Drops
from forewarn.stream.outages.field import Field
from forewarn.stream.outages.interruptions import Interruptions
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.lifecycle import Elapsed
from forewarn.stream.outages.maintenance import Plans
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.outlived import Outlived
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.replies import Replies
from forewarn.stream.outages.root import Roots
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.suspicions import Suspicions
from forewarn.stream.outages.topology import Known, Topology
from forewarn.stream.outages.works import Works
from forewarn.topics.events.network import InventoryElement, Maintenance, TopologyElement
from forewarn.topics.events.outages import LearnedElement, Signal

TOPOLOGY = "network.topology"


class Reach(Struct, frozen=True, array_like=True, gc=False):
    """How far detect is in one region partition: last sequence, clock and watermark (epoch ms), lag (ms)."""

    sequence: int = 0
    clock: int = 0
    watermark: int = 0
    lag: int = 0


REACHES = Shelf("p/", Reach)


class Correlation:
    """The events' way into topology and ledger. `partition_of` gives the region partition of a region."""

    def __init__(
        self,
        policy: OutagePolicy,
        topology: Topology,
        ledger: Ledger,
        plans: Plans,
        blindness: Blindness,
        interruptions: Interruptions,
        partition_of: Callable[[str], int],
    ) -> None:
        self.policy = policy
        self.topology = topology
        self.ledger = ledger
        self.plans = plans
        self.blindness = blindness
        self.interruptions = interruptions
        self.partition_of = partition_of
        self.docket = ledger.docket
        self.works = Works(topology, ledger, plans, blindness)
        self.drops = Drops(policy)
        self.suspicions = Suspicions(ledger, self.works, blindness, self.drops)
        self.outlived = Outlived(self.suspicions)
        self.roots = Roots(policy, self.suspicions, lambda case: self.suspicions.blind(case) is not None)
        self.causes = Causes(policy, topology)
        self.replies = Replies(policy, ledger)
        self.field = Field(ledger, self.suspicions, self._put)
        self.reaches: dict[int, Reach] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds how far detect is, and how regions stand."""
        self.drops.restore(table)
        for key, value in table.items():
            if key.startswith(REACHES.prefix):
                number, reach = int(REACHES.name(key)), REACHES.unpack(value)
                self.reaches[number] = reach
                self.blindness.lags[number] = reach.lag
        self.causes.restore(table)
        self.replies.restore(table)

    # -- what detect says

    def signal(self, unit: Unit, event: Signal) -> None:
        """Folds one signal."""
        was = self.reaches.get(event.partition, Reach())
        if event.sequence <= was.sequence:
            return
        lag = event.lag if event.kind == "progress" else was.lag
        reach = Reach(event.sequence, max(was.clock, event.time), max(was.watermark, event.event_time or 0), lag)
        self.reaches[event.partition] = reach
        unit.put(REACHES.key(str(event.partition)), REACHES.pack(reach))
        match event.kind:
            case "down" | "veiled" | "up":
                news = [element for element in event.devices if self._moved(unit, element, event.kind)]
                self.ledger.moved(unit, news, event.region or "", event.time)
            case "learned":
                for heard in event.learned:
                    self._learn(unit, heard, event.region or "")
            case "status":
                self._status(unit, event)
            case "progress":
                self.blindness.reported(unit, event.partition, event.time, event.lag)
                self._elapse(unit, event.partition, event.time)
            case "alarm":
                for alarm in event.alarms:
                    self.causes.fold(unit, alarm)
            case "suspect" | "confirm" | "clear":
                self.suspicions.fold(unit, event)

    def _status(self, unit: Unit, event: Signal) -> None:
        self.blindness.report(unit, event.partition, event.rows, event.time)
        for row in event.rows:
            if row.of == "region":
                self.drops.fold(unit, row)

    def _moved(self, unit: Unit, element: str, kind: str) -> bool:
        if kind == "veiled":
            return self.topology.lose(unit, element)
        return self.topology.set_down(unit, element, down=kind == "down")

    def _learn(self, unit: Unit, heard: LearnedElement, region: str) -> None:
        known = self.topology.elements.get(heard.element)
        if known is not None and known.inventory:
            now = replace(known, beats=known.beats or heard.beats)
            if now != known:
                self.topology.put(unit, heard.element, now)
                self.ledger.moved(unit, (heard.element,), known.region, self.clock)
            return
        beats = heard.beats or (known is not None and known.beats)
        now = Known(region, heard.parents, collector=heard.collector, beats=beats)
        self._put(unit, heard.element, now)

    def _elapse(self, unit: Unit, partition: int, time: int) -> None:
        for case in self.docket.living(partition):
            flapping = case.state == "monitoring" and self.docket.flaps(case)
            after = self.ledger.step(unit, case, Elapsed(time, self.suspicions.blind(case), flapping))
            if (demand := self.drops.demand(after, time)) is not None:
                after = self.ledger.step(unit, after, demand)
            self.works.judge(unit, after, time)
            self.replies.elapse(unit, after, time)
        for outage in self.ledger.purge(unit, partition, time):
            self.replies.forget(unit, outage)

    def settle(self, unit: Unit) -> None:
        """On every tick: what belongs together is merged, and why it is out is looked at again."""
        self.roots.settle(unit, self.clock)
        self.outlived.settle(unit, self.clock)
        for case in self.docket.all_living():
            if case.state in ("suspected", "confirmed"):
                self.ledger.step(unit, case, self.causes.explain(case, self.clock))

    def tell_heard(self, unit: Unit) -> None:
        """Tells partitions that cannot see devices behind a collector that others hear it."""
        for collector, partition, ear in self.blindness.heard_elsewhere():
            event = TopologyElement(
                f"collector/{collector}",
                "",
                kind="collector",
                collector=collector,
                source="heard",
                heard=(ear.since, ear.heard),
            )
            unit.emit(TOPOLOGY, event.element.encode(), wire(event), partitions=(partition,))

    def handled(self, partitions: int) -> int:
        """The lowest event time (epoch ms) that detect has fully folded and whose changes are all sent on."""
        lowest = min(self.reaches.get(number, Reach()).watermark for number in range(partitions))
        pending = self.ledger.pending()
        return lowest if pending is None else min(lowest, pending - int(self.policy.lateness_s * 1000))

    @property
    def clock(self) -> int:
        """The furthest clock of any region partition (epoch ms)."""
        return max((reach.clock for reach in self.reaches.values()), default=0)

    # -- what the inventory says

    def inventory(self, unit: Unit, element: str, event: InventoryElement | None) -> None:
        """Folds an inventory element, or its deletion (`event` None), and passes it on to detect."""
        was = self.topology.elements.get(element)
        if event is None:
            if was is not None:
                self._moving(unit, element, was.region)
                self.topology.remove(unit, element)
                self._rewire(element)
                self._withdraw(unit, element, was)
            return
        parents = event.parents or ((event.parent,) if event.parent else ())
        now = Known(
            event.region,
            parents,
            event.kind,
            event.technology,
            event.collector,
            event.interval_s,
            event.powered_by,
            inventory=True,
            beats=was is not None and was.beats,
            longitude=event.longitude,
        )
        self._put(unit, element, now)

    def _put(self, unit: Unit, element: str, now: Known) -> None:
        was = self.topology.elements.get(element)
        if was == now:
            return
        if was is not None:
            self._moving(unit, element, was.region)
        self.topology.put(unit, element, now)
        self._rewire(element)
        self._moving(unit, element, now.region)
        partition = self.partition_of(now.region)
        if was is not None and self.partition_of(was.region) != partition:
            self._withdraw(unit, element, was)
        event = TopologyElement(
            element,
            now.region,
            now.parents,
            now.kind or "unknown",
            now.technology,
            now.collector,
            now.interval_s,
            now.powered_by,
            "inventory" if now.inventory else "learned",
        )
        unit.emit(TOPOLOGY, element.encode(), wire(event), partitions=(partition,))

    def _moving(self, unit: Unit, element: str, region: str) -> None:
        """What is known of an element is about to change, or did."""
        self.ledger.moved(unit, (element,), region, self.clock)
        self.interruptions.moved(element, region)

    def _rewire(self, element: str) -> None:
        self.docket.rewire(element)
        self.causes.rewire(element)

    def _withdraw(self, unit: Unit, element: str, was: Known) -> None:
        unit.emit(TOPOLOGY, element.encode(), None, partitions=(self.partition_of(was.region),))

    # -- what is planned

    def maintenance(self, unit: Unit, name: str, event: Maintenance | None) -> None:
        """Folds planned work, or its deletion."""
        self.interruptions.fold(unit, name, event)
        if self.plans.fold(unit, name, event, self.clock):
            for case in self.docket.all_living():
                self.works.judge(unit, case, self.clock)

    def overrunning(self) -> set[str]:
        """The planned work that has taken something down for longer than announced."""
        living = self.docket.all_living()
        return {case.maintenance_id for case in living if case.maintenance_id is not None and case.overrun is not None}
