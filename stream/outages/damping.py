"""What flapping means for the watch: who is held out of all counts, and the incident that is told of it. Pure.

    device ──went down──> Flappers ──suppressed──> held: counts in no group ──reuse──> counts as fallen now, if down
    suspicion ─raised──┘            └──> one incident, on the smallest element that explains the flappers

An element flaps by its own beats; a group whose devices fall and return together flaps by its suspicions, and its
devices are not counted each. Row: `g/<element>` Incident.
Invariant: while an element is suppressed, nothing at or below it is newly down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import liveness
from forewarn.stream.outages.device import UNHEARD, Device
from forewarn.stream.outages.flapping import Flappers, penalty
from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.lineage import lineage
from forewarn.stream.outages.liveness import View
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.suspicion import Suspicion
from forewarn.topics.events.outages import Signal, SignalKind


class Incident(Struct, frozen=True, array_like=True, gc=False):
    """A flapping that correlate knows of: where, since when, and the highest penalty when it was told."""

    region: str
    onset: int
    penalty: int


INCIDENTS = Shelf("g/", Incident)


class Damping:
    """Flappers of one region partition, and their incidents by element."""

    def __init__(self, policy: OutagePolicy, roster: Roster, outbox: Outbox) -> None:
        self.policy = policy
        self.roster = roster
        self.outbox = outbox
        self.flappers = Flappers(policy)
        self.incidents: dict[str, Incident] = {}
        self._new: set[str] = set()  #: suppressed since the last tick

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the indexes; who is suppressed without an incident gets one at the next tick."""
        self.flappers.restore(table)
        for key, value in table.items():
            if key.startswith(INCIDENTS.prefix):
                self.incidents[INCIDENTS.name(key)] = INCIDENTS.unpack(value)
        self._new = set(self.flappers.suppressed)

    # -- flaps

    def fell(self, unit: Unit, device: Device) -> bool:
        """A device went down by itself, not with its group; whether it counts, as it does not flap."""
        down = device.down
        if down is not None and self.flappers.again(unit, device.element, down.since):
            self._suppress(unit, device.element, down.since)
        return self.counts(unit, device)

    def counts(self, unit: Unit, device: Device) -> bool:
        """Whether a device that went down counts; it is held if it, or what it hangs on, is suppressed."""
        if not self.flappers.suppressed or not self._is_suppressed(device):
            return True
        if device.down is not None:
            self.roster.restate(unit, device, replace(device.down, held=True))
        return False

    def raised(self, unit: Unit, node: Node, found: Suspicion, clock: int) -> bool:
        """A group is to be suspected; whether it is, as it does not flap. A fall of its own was counted already."""
        own, element = self.roster.devices.get(node.element), node.element
        beats = own is not None and own.slot != UNHEARD
        if node.root is None or (beats and found.k < 2):
            return True
        flaps = self.flappers.flaps.get(element)
        counted = own is not None and own.down is not None and flaps is not None and flaps.time >= own.down.since
        if flaps is None:
            self.flappers.first(unit, element, clock)
        elif not counted and self.flappers.again(unit, element, clock):
            self._suppress(unit, element, clock)
        return element not in self.flappers.suppressed

    def _suppress(self, unit: Unit, element: str, clock: int) -> None:
        """Holds what fell at and below an element within W, now that it flaps."""
        self._new.add(element)
        oldest, node = clock - int(self.policy.window_s * 1000), self.roster.groups.nodes.get(element)
        for device in list(self.roster.down.values()) if node is not None else ():
            if device.down is not None and device.down.since >= oldest and node in self.roster.above(device):
                self.counts(unit, device)

    def is_held(self, node: Node) -> bool:
        """Whether a group, or what it hangs on, is suppressed."""
        suppressed = self.flappers.suppressed
        return bool(suppressed) and any(above.element in suppressed for above in self.roster.groups.lineage(node))

    def _is_suppressed(self, device: Device) -> bool:
        suppressed = self.flappers.suppressed
        return device.element in suppressed or any(
            node.root is not None and node.element in suppressed for node in self.roster.above(device)
        )

    # -- every tick

    def release(self, unit: Unit, clock: int, freed: Callable[[Device], None]) -> bool:
        """Ends suppressions that are over. `freed` takes each device that is down all the same: it counts."""
        if not list(self.flappers.reuse(unit, clock)):
            return False
        for device in list(self.roster.down.values()):
            if device.down is not None and device.down.held and not self._is_suppressed(device):
                self.roster.restate(unit, device, replace(device.down, held=False, since=clock))
                freed(device)
        below = self._below()
        for element in sorted(self.incidents):
            if not below[element]:
                self._tell(unit, "clear", element, self.incidents.pop(element), clock)
                unit.delete(INCIDENTS.key(element))
        return True

    def announce(self, unit: Unit, clock: int) -> None:
        """Tells correlate of new flappers, each once, together with what flaps beside it."""
        below = self._below() if self._new else Counter()
        for element in sorted(self._new & self.flappers.suppressed):
            above = [node.element for node in lineage(self.roster, element) if node.root is not None]
            if element in self.incidents or not self.incidents.keys().isdisjoint(above):
                continue
            self._raise(unit, self._smallest(element, below, clock), clock)
        self._new.clear()

    def _below(self) -> Counter[str]:
        """Suppressed elements at and below each element."""
        below: Counter[str] = Counter()
        for element in self.flappers.suppressed:
            names = {node.element for node in lineage(self.roster, element) if node.root is not None}
            below.update(names | {element})
        return below

    def _smallest(self, element: str, below: Counter[str], clock: int) -> str:
        """The smallest element with too many flappers for chance, or the flapper itself."""
        view = View(self.policy, clock, self.roster.groups.width, int(self.policy.window_s * 1000))
        for node in lineage(self.roster, element):
            many = node.root is not None and node.element != element
            if many and liveness.judge(view, node, below[node.element], node.expected) is not None:
                return node.element
        return element

    def _raise(self, unit: Unit, element: str, clock: int) -> None:
        node = self._node(element)
        inside = [
            one for one in sorted(self.flappers.suppressed) if one == element or node in lineage(self.roster, one)
        ]
        flaps = [self.flappers.flaps[one] for one in inside]
        highest = max(penalty(self.policy, one, clock) for one in flaps)
        incident = Incident(node.region, min(one.first for one in flaps), highest)
        absorbs = [one for one in sorted(self.incidents) if one != element and node in lineage(self.roster, one)]
        self.incidents[element] = incident
        unit.put(INCIDENTS.key(element), INCIDENTS.pack(incident))
        self._tell(unit, "suspect", element, incident, clock, tuple(f"flapping/element/{one}" for one in absorbs))
        for one in absorbs:
            del self.incidents[one]
            unit.delete(INCIDENTS.key(one))

    def _node(self, element: str) -> Node:
        device = self.roster.devices.get(element)
        above = lineage(self.roster, element)
        region = device.place.spec.region if device is not None else above[-1].element if above else element
        return self.roster.groups.nodes.get(element) or Node(element, region, self.roster.groups.region(region))

    def _tell(
        self, unit: Unit, kind: SignalKind, element: str, incident: Incident, clock: int, absorbs: tuple[str, ...] = ()
    ) -> None:
        node = self._node(element)
        self.outbox.send(
            unit,
            Signal(
                kind,
                clock,
                0,
                0,
                region=incident.region,
                element=element,
                onset=incident.onset,
                reason="flapping" if kind == "suspect" else "calm",
                detector="flapping",
                value=float(incident.penalty),
                threshold=float(self.policy.flap_suppress),
                window_s=self.policy.flap_half_life_s,
                down=node.down_total,
                expected=max(1, node.expected),
                absorbs=absorbs,
            ),
        )
