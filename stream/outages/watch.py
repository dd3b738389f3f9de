"""The watch over one region partition: who is down goes in, suspicions come out. Pure, without topics.

    Roster (who is down) ──> tests of every group ──> suspicions ──> Outbox ──> correlate
    OpenAlarms ──────────────────────────────────────────┘

Rows: `r/<region>` Rate, `c/<suspicion>` Suspicion (the roster and the alarms keep their own).
Invariant: at most one suspicion is open on any way up from an element to its region.
"""

from __future__ import annotations

from collections.abc import Mapping

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import liveness, suspicion
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.device import Device
from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.liveness import Rate, View
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.status import Survey, rows
from forewarn.stream.outages.suspicion import CLEARS, CONFIRMS, Look, Suspicion, Verdict
from forewarn.topics.events.outages import Signal, SignalKind, StatusRow

RATES = Shelf("r/", Rate)
SUSPICIONS = Shelf("c/", Suspicion)


def name_of(node: Node) -> str:
    """The name of a group's suspicion: an element and a region may be called the same."""
    return f"region/{node.element}" if node.root is None else f"element/{node.element}"


class Watch:
    """Base rates and suspicions of one region partition."""

    def __init__(self, policy: OutagePolicy, roster: Roster, alarms: OpenAlarms, outbox: Outbox) -> None:
        self.policy = policy
        self.roster = roster
        self.alarms = alarms
        self.outbox = outbox
        self.rates: dict[str, Rate] = {}
        self.open: dict[str, Suspicion] = {}
        self.fell: dict[str, int] = {}  #: devices that went down in this unit, by region
        self.restless: set[str] = set()  #: regions to be tested at the next tick

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds everything from the table; every region with something down is tested again."""
        for key, value in table.items():
            if key.startswith(RATES.prefix):
                self.rates[RATES.name(key)] = RATES.unpack(value)
            elif key.startswith(SUSPICIONS.prefix):
                self.open[SUSPICIONS.name(key)] = SUSPICIONS.unpack(value)
        self.restless = {device.place.spec.region for device in self.roster.down.values()}

    # -- every unit

    def down(self, device: Device) -> None:
        """A device went down."""
        region = device.place.spec.region
        self.fell[region] = self.fell.get(region, 0) + 1
        self.outbox.changed(region, device.element, down=True)

    def up(self, device: Device) -> None:
        """A device came back."""
        self.outbox.changed(device.place.spec.region, device.element, down=False)

    def disturbed(self, region: str) -> bool:
        """Whether a suspicion is open in a region: its gaps are no habits then."""
        return any(found.region == region for found in self.open.values())

    def count(self, unit: Unit, clock: int) -> None:
        """Folds the unit's falls into the base rates."""
        if self.fell:
            self.roster.refresh()
        for region, falls in self.fell.items():
            self.restless.add(region)
            root, was = self.roster.groups.region(region), self.rates.get(region, Rate())
            rate = liveness.step(
                self.policy,
                was,
                clock=clock,
                window=max(int(self.policy.window_s * 1000), root.slowest),
                downs=falls,
                expected=root.expected - root.down_total + falls,
                open_=self.disturbed(region),
            )
            self.rates[region] = rate
            unit.put(RATES.key(region), RATES.pack(rate))
        self.fell.clear()

    # -- every tick

    def tick(self, unit: Unit, clock: int) -> None:
        """Looks at what is open, then tests what has changed, at `clock` in event time."""
        self.roster.refresh()
        self._look(unit, clock)
        raised: dict[str, tuple[Node, Suspicion]] = {}
        for region in sorted(self.restless):
            root = self.roster.groups.region(region)
            for view in self._views(root, clock):
                for finding in liveness.explain(view, root):
                    self._raise(
                        finding.node,
                        suspicion.from_finding(self.policy, finding, clock, self.roster.groups.width),
                        raised,
                    )
        self.restless.clear()
        self._raise_lone(clock, raised)
        self._raise_alarmed(clock, raised)
        self._announce(unit, raised, clock)

    def _views(self, root: Node, clock: int) -> list[View]:
        rate = self.rates.get(root.element, Rate())
        width = self.roster.groups.width
        return list(liveness.views(self.policy, rate, clock=clock, width=width, interval=root.slowest))

    def _raise(self, node: Node, new: Suspicion, raised: dict[str, tuple[Node, Suspicion]]) -> None:
        """Raises a suspicion, unless one is open on the element or above it."""
        for above in self.roster.groups.lineage(node):
            name = name_of(above)
            if name in self.open or name in raised:
                return
        raised[name_of(node)] = (node, new)

    def _raise_lone(self, clock: int, raised: dict[str, tuple[Node, Suspicion]]) -> None:
        """An infrastructure element that is itself down is suspected with n = 1 (detection.md A)."""
        width = self.roster.groups.width
        for element in sorted(self.roster.down_infrastructure):
            device = self.roster.down_infrastructure[element]
            if device.down is None or device.down.spent:
                continue
            node = self.roster.node(element, device.place.spec.region)
            first = device.down.since // width
            window = device.down.since - device.down.seen
            self._raise(
                node, suspicion.single(node, "liveness", window, clock, first, clock // width, devices=1), raised
            )

    def _raise_alarmed(self, clock: int, raised: dict[str, tuple[Node, Suspicion]]) -> None:
        """A severe alarm on an infrastructure element suspects its subtree (detection.md E)."""
        width = self.roster.groups.width
        for element in self.alarms.elements():
            device = self.roster.devices.get(element)
            if device is None or not self.roster.is_infrastructure(element):
                continue
            node = self.roster.node(element, device.place.spec.region)
            first = (clock - int(self.policy.window_s * 1000)) // width + 1
            self._raise(node, suspicion.single(node, "alarm", 0, clock, first, clock // width, devices=0), raised)

    def _announce(self, unit: Unit, raised: dict[str, tuple[Node, Suspicion]], clock: int) -> None:
        """Opens what was raised. A suspicion below one raised higher up is absorbed by it."""
        surveys = self._survey({name: new for name, (_, new) in raised.items()})
        for name, (node, new) in raised.items():
            if any(name_of(above) in raised for above in self.roster.groups.lineage(node) if above is not node):
                continue
            since = self.alarms.since(new.element) if not new.whole_region else None
            onset = surveys[name].onset
            onset = onset if onset is not None else since if since is not None else clock
            new = suspicion.begun(new, onset)
            absorbed = [other for other in self.open if self._is_below(other, node)]
            self._keep(unit, name, new)
            self._send(unit, "suspect", new, clock, surveys[name], new.detector, tuple(absorbed))
            for other in absorbed:
                self._forget(unit, other)

    def _is_below(self, name: str, node: Node) -> bool:
        other = self.open[name]
        below = None if other.whole_region else self.roster.groups.nodes.get(other.element)
        return below is not None and below is not node and node in self.roster.groups.lineage(below)

    def _look(self, unit: Unit, clock: int) -> None:
        changed: dict[str, tuple[Suspicion, Verdict]] = {}
        for name in sorted(self.open):
            was = self.open[name]
            state, verdict = suspicion.step(self.policy, was, self._look_of(was, clock))
            if state is not was:
                self._keep(unit, name, state)
            if verdict in CONFIRMS or verdict in CLEARS:
                changed[name] = (state, verdict)
        surveys = self._survey({name: state for name, (state, _) in changed.items()})
        for name, (state, verdict) in changed.items():
            kind: SignalKind = "confirm" if verdict in CONFIRMS else "clear"
            self._send(unit, kind, state, clock, surveys[name], verdict)
            if kind == "clear":
                if state.confirmed:
                    self._spend(unit, state)
                self.restless.add(state.region)
                self._forget(unit, name)

    def _node(self, state: Suspicion) -> Node:
        if state.whole_region:
            return self.roster.groups.region(state.region)
        return self.roster.node(state.element, state.region)

    def _look_of(self, state: Suspicion, clock: int) -> Look:
        node, groups = self._node(state), self.roster.groups
        lone = state.element in self.roster.down_infrastructure and not state.whole_region
        alarmed = any(self.alarms.since(above.element) is not None for above in groups.lineage(node) if above.root)
        waits = not state.confirmed and bool(node.down_total)
        root = node.root or node
        return Look(
            clock=clock,
            bucket=clock // groups.width,
            down=node.newly(state.first),
            still=node.newly(state.first, state.last),
            surprises=waits and (lone or any(liveness.test(view, node) for view in self._views(root, clock))),
            alarmed=alarmed,
        )

    def _survey(self, states: Mapping[str, Suspicion]) -> dict[str, Survey]:
        """One walk over the devices that are down, for all of these suspicions."""
        surveys = {name: Survey() for name in states}
        width = self.roster.groups.width
        for device in self.roster.down.values() if states else ():
            for node in self.roster.above(device):
                state = states.get(name_of(node))
                if state is not None and device.down is not None and not device.down.spent:
                    mine = device.down.since // width >= state.first
                    surveys[name_of(node)].add(device, device.down.missed if mine else None)
        return surveys

    def _spend(self, unit: Unit, state: Suspicion) -> None:
        node = self._node(state)
        for device in [device for device in self.roster.down.values() if node in self.roster.above(device)]:
            self.roster.spend(unit, device)

    # -- output

    def _keep(self, unit: Unit, name: str, state: Suspicion) -> None:
        self.open[name] = state
        unit.put(SUSPICIONS.key(name), SUSPICIONS.pack(state))

    def _forget(self, unit: Unit, name: str) -> None:
        del self.open[name]
        unit.delete(SUSPICIONS.key(name))

    def _send(
        self,
        unit: Unit,
        kind: SignalKind,
        state: Suspicion,
        clock: int,
        survey: Survey,
        reason: str,
        absorbs: tuple[str, ...] = (),
    ) -> None:
        node = self._node(state)
        signal = Signal(
            kind,
            clock,
            0,
            0,
            region=state.region,
            element=state.element,
            whole_region=state.whole_region,
            onset=state.onset,
            reason=reason,
            detector=state.detector,
            value=state.value,
            threshold=state.threshold,
            window_s=state.window / 1000,
            down=node.newly(state.first),
            expected=node.expected,
            collectors=tuple(sorted(survey.collectors)),
            absorbs=absorbs,
        )
        self.outbox.send(unit, signal)

    def rows(self) -> list[StatusRow]:
        """How regions, suspected elements and collectors stand."""
        return rows(self.roster, [self._node(state) for state in self.open.values() if not state.whole_region])
