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
from forewarn.stream.outages.blindness import Collectors
from forewarn.stream.outages.case import Case, name_of, outage_id
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.lifecycle import Absorbed, Acted, Cleared, Confirmed, Elapsed, Suspected
from forewarn.stream.outages.maintenance import Plans
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.suspicion import Verdict
from forewarn.stream.outages.topology import Known, Topology
from forewarn.topics.events.network import FieldAction, InventoryElement, TopologyElement
from forewarn.topics.events.outages import Etr, Evidence, LearnedElement, Signal
from forewarn.topics.instants import to_ms, to_rfc3339

TOPOLOGY = "network.topology"


class Reach(Struct, frozen=True, array_like=True, gc=False):
    """How far detect is in one region partition: last sequence, clock and watermark (epoch ms)."""

    sequence: int = 0
    clock: int = 0
    watermark: int = 0


REACHES = Shelf("p/", Reach)


class Correlation:
    """The events' way into topology and ledger. `partition_of` gives the region partition of a region."""

    def __init__(
        self,
        policy: OutagePolicy,
        topology: Topology,
        ledger: Ledger,
        plans: Plans,
        collectors: Collectors,
        partition_of: Callable[[str], int],
    ) -> None:
        self.policy = policy
        self.topology = topology
        self.ledger = ledger
        self.plans = plans
        self.collectors = collectors
        self.partition_of = partition_of
        self.reaches: dict[int, Reach] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds how far detect is."""
        for key, value in table.items():
            if key.startswith(REACHES.prefix):
                self.reaches[int(REACHES.name(key))] = REACHES.unpack(value)

    # -- what detect says

    def signal(self, unit: Unit, event: Signal) -> None:
        """Folds one signal."""
        was = self.reaches.get(event.partition, Reach())
        if event.sequence <= was.sequence:
            return
        reach = Reach(event.sequence, max(was.clock, event.time), max(was.watermark, event.event_time or 0))
        self.reaches[event.partition] = reach
        unit.put(REACHES.key(str(event.partition)), REACHES.pack(reach))
        match event.kind:
            case "down" | "up":
                for element in event.devices:
                    if self.topology.set_down(unit, element, down=event.kind == "down"):
                        self.ledger.moved(unit, element, event.region or "", event.time)
            case "learned":
                for heard in event.learned:
                    self._learn(unit, heard, event.region or "")
            case "status":
                for row in event.rows:
                    if row.of == "collector":
                        self.collectors.fold(unit, row.name, row.heard, event.time)
            case "progress":
                self._elapse(unit, event.partition, event.time)
            case _:
                self._suspicion(unit, event)

    def _suspicion(self, unit: Unit, event: Signal) -> None:
        element, region = event.element or "", event.region or ""
        name = name_of(element, region, whole_region=event.whole_region)
        behind = self.ledger.behind.get(name)
        case = self.ledger.cases[behind] if behind is not None else None
        if event.kind == "suspect":
            self._suspect(unit, event, name, element, region)
        elif case is not None and event.kind == "confirm":
            blind = self.collectors.blind(event.collectors)
            independent = event.reason == Verdict.TWO_SOURCES
            self.ledger.step(unit, case, Confirmed(name, event.time, blind, independent))
        elif case is not None and event.kind == "clear":
            self.ledger.step(unit, case, Cleared(name, event.time))

    def _suspect(self, unit: Unit, event: Signal, name: str, element: str, region: str) -> None:
        onset = event.onset or event.time
        evidence = Evidence(event.detector or "liveness", event.value or 0, event.threshold or 0, event.window_s or 0)
        what = Suspected(name, event.time, evidence, event.collectors)
        absorbed = [self.ledger.cases[outage] for outage in self._behind(event.absorbs)]
        case = self.ledger.find(element, region, whole_region=event.whole_region)
        case = case or self.ledger.cases.get(outage_id(element, onset))
        if case is not None:
            case = self.ledger.step(unit, case, what)
        else:
            case = self._begin(unit, event, element, region, onset, what)
        for smaller in absorbed:
            if smaller.outage_id != case.outage_id:
                self.ledger.step(unit, smaller, Absorbed(case.outage_id, event.time))
        if any(smaller.confirmed is not None for smaller in absorbed):
            self.ledger.step(unit, case, Confirmed(name, event.time, independent=True))

    def _behind(self, names: tuple[str, ...]) -> list[str]:
        return list(dict.fromkeys(self.ledger.behind[name] for name in names if name in self.ledger.behind))

    def _begin(self, unit: Unit, event: Signal, element: str, region: str, onset: int, what: Suspected) -> Case:
        above = () if event.whole_region else tuple(self.topology.above(element))
        planned = self.plans.covering((*above, region), onset)
        case = Case(
            outage_id=outage_id(element, onset),
            region=region,
            element=element,
            whole_region=event.whole_region,
            started=onset,
            state="planned" if planned is not None else "suspected",
            since=event.time,
            detected=event.time,
            maintenance_id=planned,
        )
        return self.ledger.step(unit, case, what)

    def _learn(self, unit: Unit, heard: LearnedElement, region: str) -> None:
        known = self.topology.elements.get(heard.element)
        if known is not None and known.inventory:
            self.topology.put(unit, heard.element, replace(known, beats=known.beats or heard.beats))
            return
        beats = heard.beats or (known is not None and known.beats)
        now = Known(region, heard.parents, collector=heard.collector, beats=beats)
        self._put(unit, heard.element, now)

    def _elapse(self, unit: Unit, partition: int, time: int) -> None:
        for case in list(self.ledger.cases.values()):
            if self.partition_of(case.region) == partition:
                after = self.ledger.step(unit, case, Elapsed(time, self.collectors.blind(case.collectors)))
                self.ledger.purge(unit, after, time)

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
                self.ledger.moved(unit, element, was.region, self.clock)
                self.topology.remove(unit, element)
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
        )
        self._put(unit, element, now)

    def _put(self, unit: Unit, element: str, now: Known) -> None:
        was = self.topology.put(unit, element, now)
        if was == now:
            return
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

    def _withdraw(self, unit: Unit, element: str, was: Known) -> None:
        unit.emit(TOPOLOGY, element.encode(), None, partitions=(self.partition_of(was.region),))

    # -- what staff say

    def action(self, unit: Unit, event: FieldAction, key: str) -> bool:
        """Folds a field action. False: it names an outage that is not known."""
        time = to_ms(event.time)
        case = self._named(event)
        if event.action == "declare" and case is None:
            if event.element is None:
                return False
            case = self._declare(unit, event, event.element, key)
        if case is None or (event.action == "merge" and event.into not in self.ledger.cases):
            return False
        if event.action == "declare":
            case = replace(case, declared=True, claimed=event.customers or case.claimed)
        etr = None
        if event.etr is not None:
            word = to_rfc3339(to_ms(event.etr))
            etr = Etr(word, word, word, "field", to_rfc3339(time))
        acted = Acted(event.id, time, event.author, event.action, etr, event.cause, event.into, event.text)
        self.ledger.step(unit, case, acted)
        return True

    def _named(self, event: FieldAction) -> Case | None:
        if event.outage_id is not None:
            return self.ledger.cases.get(event.outage_id)
        if event.element is None:
            return None
        known = self.topology.elements.get(event.element)
        region = known.region if known is not None else event.region or ""
        return self.ledger.find(event.element, region, whole_region=False)

    def _declare(self, unit: Unit, event: FieldAction, element: str, key: str) -> Case:
        known = self.topology.elements.get(element)
        if known is None:
            known = Known(event.region or self.topology.region_below(element) or key)
            self._put(unit, element, known)
        started = to_ms(event.started if event.started is not None else event.time)
        name = outage_id(element, started)
        return self.ledger.cases.get(name) or Case(
            name, known.region, element, False, started, "suspected", to_ms(event.time), detected=to_ms(event.time)
        )
