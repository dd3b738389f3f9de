"""The watch over one region partition: who is down goes in, suspicions come out. Pure, without topics.

    Roster (who is down) ──> tests of every group ──> suspicions ──> Outbox ──> correlate
    OpenAlarms ──────────────────────────────────────────┘

Rows: `r/<region>` Rate, `c/<suspicion>` Suspicion (the roster and the alarms keep their own).
Invariant: at most one suspicion is open on any way up from an element to its region.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import liveness, suspicion
from forewarn.stream.outages.alarming import Alarming
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.damping import Damping
from forewarn.stream.outages.device import Device, Down
from forewarn.stream.outages.groups import Node, name_of
from forewarn.stream.outages.lineage import lineage
from forewarn.stream.outages.liveness import Rate, View
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.remains import remains
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.sight import sight
from forewarn.stream.outages.sparse import Sparse
from forewarn.stream.outages.status import rows
from forewarn.stream.outages.survey import signal, survey
from forewarn.stream.outages.suspicion import CLEARS, CONFIRMS, Look, Suspicion, Verdict
from forewarn.stream.outages.veil import Veil
from forewarn.topics.events.outages import SignalKind, StatusRow

RATES = Shelf("r/", Rate)
SUSPICIONS = Shelf("c/", Suspicion)


class Watch:
    """Base rates and suspicions of one region partition."""

    def __init__(self, policy: OutagePolicy, roster: Roster, alarms: OpenAlarms, outbox: Outbox) -> None:
        self.policy = policy
        self.roster = roster
        self.alarms = alarms
        self.outbox = outbox
        self.rates: dict[str, Rate] = {}
        self.open: dict[str, Suspicion] = {}
        self.unrest: dict[str, int] = {}  #: open suspicions by region
        self.fell: dict[str, int] = {}  #: devices that went down in this unit, by region
        self.restless: set[str] = set()  #: regions to be tested at the next tick
        self.sparse = Sparse(policy, roster, lambda node, clock: self._views(node, clock)[0])
        self.alarming = Alarming(policy, roster, alarms)
        self.damping = Damping(policy, roster, outbox)

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds everything from the table; every region with something down is tested again."""
        for key, value in table.items():
            if key.startswith(RATES.prefix):
                self.rates[RATES.name(key)] = RATES.unpack(value)
            elif key.startswith(SUSPICIONS.prefix):
                found = self.open[SUSPICIONS.name(key)] = SUSPICIONS.unpack(value)
                self.unrest[found.region] = self.unrest.get(found.region, 0) + 1
        self.damping.restore(table)
        for device in self.roster.down.values():
            self._stir(device)

    # -- every unit

    def down(self, unit: Unit, device: Device) -> None:
        """A device went down, or out of sight."""
        region = device.place.spec.region
        if device.down is not None and device.down.veiled:
            self.outbox.changed(region, device.element, "veiled")
            return
        if self.damping.counts(unit, device) if self._covered(device) else self.damping.fell(unit, device):
            self.fell[region] = self.fell.get(region, 0) + 1
            self.sparse.fell(device)
        self.outbox.changed(region, device.element, "down")

    def up(self, unit: Unit, device: Device, was: Down) -> None:
        """A device came back. If it was not down with its group, nor is its interval still learned, it has flapped."""
        learning = device.habit is not None and device.habit.learning
        if not was.spent and not was.veiled and not learning and not self._covered(device):
            self.damping.flappers.first(unit, device.element, was.since)
        self.outbox.changed(device.place.spec.region, device.element, "up")

    def gone(self, device: Device) -> None:
        """A device that was down is no longer here."""
        self.outbox.changed(device.place.spec.region, device.element, "up")

    def _covered(self, device: Device) -> bool:
        """Whether a suspicion of a group that it stands in is open."""
        for node in self.roster.above(device) if self.open else ():
            state = self.open.get(name_of(node))
            if state is not None and (node.element != device.element or state.k > 1):
                return True
        return False

    def _stir(self, device: Device) -> None:
        """Has what a device that is down stands in tested at the next tick."""
        self.restless.add(device.place.spec.region)
        self.sparse.fell(device)

    def is_calm(self, device: Device) -> bool:
        """Whether a gap of a device may be a habit: not while a suspicion is open in its region, or it may flap."""
        disturbed = self.unrest.get(device.place.spec.region, 0) > 0
        return not disturbed and device.element not in self.damping.flappers.flaps

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
                window=int(self.policy.window_s * 1000),
                downs=falls,
                expected=root.expected - root.down_total + falls,
                open_=self.unrest.get(region, 0) > 0,
            )
            self.rates[region] = rate
            unit.put(RATES.key(region), RATES.pack(rate))
        self.fell.clear()

    # -- every tick

    def tick(self, unit: Unit, clock: int) -> None:
        """Looks at what is open, then tests what has changed, at `clock` in event time."""
        self.roster.refresh()
        self._look(unit, clock)
        self._promote()
        if self.damping.release(unit, clock, self._stir):
            self.alarms.look_again(self.alarms.elements)
        for row in self.alarms.forget(unit, clock):
            self.outbox.alarm(row)
        raised: dict[str, tuple[Node, Suspicion]] = {}
        for region in sorted(self.restless):
            root = self.roster.groups.region(region)
            for view in self._views(root, clock):
                for finding in liveness.explain(view, root):
                    new = suspicion.from_finding(self.policy, finding, clock, self.roster.groups.width)
                    self._raise(finding.node, new, raised)
        for node, new in chain(self.sparse.look(clock), self.alarming.look(clock, self.restless)):
            self._raise(node, new, raised)
        self.restless.clear()
        self._announce(unit, raised, clock)
        self.damping.announce(unit, clock)

    def _promote(self) -> None:
        """What something was found beneath is infrastructure now."""
        for element in self.roster.promoted:
            device = self.roster.devices.get(element)
            if device is not None and device.down is not None and self.roster.is_infrastructure(element):
                self.roster.down_infrastructure[element] = device
                self._stir(device)
        self.alarms.look_again(self.roster.promoted)
        self.roster.promoted.clear()

    def _views(self, node: Node, clock: int) -> list[View]:
        rate = self.rates.get((node.root or node).element, Rate())
        width = self.roster.groups.width
        return list(liveness.views(self.policy, rate, clock=clock, width=width))

    def _raise(self, node: Node, new: Suspicion, raised: dict[str, tuple[Node, Suspicion]]) -> None:
        """Raises a suspicion, unless one is open on the element or above it, or it flaps."""
        if self.damping.is_held(node):
            return
        for above in self.roster.groups.lineage(node):
            name = name_of(above)
            if name in self.open or name in raised:
                return
        raised[name_of(node)] = (node, new)

    def _announce(self, unit: Unit, raised: dict[str, tuple[Node, Suspicion]], clock: int) -> None:
        """Opens what was raised. A suspicion below one raised higher up is absorbed by it."""
        surveys = survey(self.roster, self.alarms, {name: new for name, (_, new) in raised.items()})
        absorbed = self._below(raised)
        for name, (node, new) in raised.items():
            if any(name_of(above) in raised for above in self.roster.groups.lineage(node) if above is not node):
                continue
            if not self.damping.raised(unit, node, new, clock):
                continue
            since = self.alarms.since(new.element) if not new.whole_region else None
            onset = surveys[name].onset
            onset = onset if onset is not None else since if since is not None else clock
            new = suspicion.begun(new, onset, flapped=self.damping.flappers.relapsed(new.element))
            below = tuple(other for other in absorbed[name] if other in self.open)
            self._keep(unit, name, new)
            told = signal("suspect", new, node, surveys[name], clock=clock, reason=new.detector, absorbs=below)
            self.outbox.send(unit, told)
            for other in below:
                self._forget(unit, other)

    def _below(self, raised: Mapping[str, object]) -> dict[str, list[str]]:
        """For each suspicion that is raised, the open ones below it."""
        found: dict[str, list[str]] = {name: [] for name in raised}
        for name, state in self.open.items():
            node = self._node(state)
            for above in self.roster.groups.lineage(node) if raised else ():
                if above is not node and name_of(above) in raised:
                    found[name_of(above)].append(name)
        return found

    def _look(self, unit: Unit, clock: int) -> None:
        changed: dict[str, tuple[Suspicion, Verdict]] = {}
        for name in sorted(self.open):
            was = self.open[name]
            if was.ended:
                self._linger(unit, name, was, clock)
                continue
            state, verdict = suspicion.step(self.policy, was, self._sight(was, clock))
            if state is not was:
                self._keep(unit, name, state)
            if verdict in CONFIRMS or verdict in CLEARS:
                changed[name] = (state, verdict)
        surveys = survey(self.roster, self.alarms, {name: state for name, (state, _) in changed.items()})
        for name, (state, verdict) in changed.items():
            kind: SignalKind = "confirm" if verdict in CONFIRMS else "clear"
            told = signal(kind, state, self._node(state), surveys[name], clock=clock, reason=verdict)
            self.outbox.send(unit, told)
            if kind == "clear":
                self._keep(unit, name, replace(state, ended=clock))
        self._over(unit, [state for state, verdict in changed.values() if verdict in CLEARS], clock)

    def _node(self, state: Suspicion) -> Node:
        if state.whole_region:
            return self.roster.groups.region(state.region)
        return self.roster.node(state.element, state.region)

    def _sight(self, state: Suspicion, clock: int) -> Look:
        node = self._node(state)
        return sight(self.roster, self.alarming, state, node, self._views(node, clock))

    def _over(self, unit: Unit, states: list[Suspicion], clock: int) -> None:
        """Suspicions are over: their alarms, those of their leaves, and devices left over raise no other.

        But where a part of what was confirmed is still down as a whole, its devices count as fallen now.
        """
        ended = {name_of(self._node(state)) for state in states}
        confirmed = {name_of(self._node(state)) for state in states if state.confirmed}
        parts = [remains(self.roster, self._node(state), state.first) for state in states if state.confirmed]
        left = {name_of(node) for nodes in parts for node in nodes}
        for state in states:
            if not state.whole_region:
                self.alarms.spend(unit, state.element)
        for element in self.alarms.elements if ended else ():
            names = () if self.roster.is_infrastructure(element) else map(name_of, lineage(self.roster, element))
            if not ended.isdisjoint(names):
                self.alarms.spend(unit, element)
        for device in list(self.roster.down.values()) if confirmed else ():
            above = {name_of(node) for node in self.roster.above(device)}
            if device.down is not None and device.down.counts and not confirmed.isdisjoint(above):
                again = not left.isdisjoint(above)
                down = replace(device.down, since=clock) if again else replace(device.down, spent=True)
                self.roster.restate(unit, device, down)

    def _linger(self, unit: Unit, name: str, state: Suspicion, clock: int) -> None:
        """Forgets a suspicion that is over once its devices have had the time of a beat; what is left then counts."""
        node = self._node(state)
        if state.peak and clock < state.ended + node.slowest:
            return
        self._forget(unit, name)
        self.restless.add(state.region)
        self.alarms.look_again([element for element in self.alarms.elements if node in lineage(self.roster, element)])
        for device in self.roster.down.values():
            if node in self.roster.above(device):
                self._stir(device)

    # -- output

    def _keep(self, unit: Unit, name: str, state: Suspicion) -> None:
        if name not in self.open:
            self.unrest[state.region] = self.unrest.get(state.region, 0) + 1
        self.open[name] = state
        unit.put(SUSPICIONS.key(name), SUSPICIONS.pack(state))

    def _forget(self, unit: Unit, name: str) -> None:
        self.unrest[self.open.pop(name).region] -= 1
        unit.delete(SUSPICIONS.key(name))

    def rows(self, veil: Veil) -> list[StatusRow]:
        """How regions, suspected elements and collectors stand."""
        shown = [state for state in self.open.values() if not (state.whole_region or state.ended)]
        return rows(self.roster, veil, [self._node(state) for state in shown])
