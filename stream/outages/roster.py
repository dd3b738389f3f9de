"""Who is there in one region partition: devices, where they stand, who is down; and the rows that keep it.

    e/<element>  Spec   inventory and learned elements           d/<element>  Down   devices now down
    s/<element>  Seen   last beat of devices that beat seldom    h/<element>  Kept   habits of devices that beat poorly

Invariant: `groups` counts every expected device in each group above it, and every down one in its bucket; after
`restore` they count the same as before (last beats of common devices are read again, see `recall`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import device as devices
from forewarn.stream.outages.device import DOWNS, LEAVES, SEEN, SPECS, UNHEARD, Device, Down, Place, Seen, Spec
from forewarn.stream.outages.groups import Groups, Node
from forewarn.stream.outages.habit import HABITS, Habit
from forewarn.stream.outages.places import Places
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.wheel import Wheel
from forewarn.topics.events.network import Heartbeat, TopologyElement

#: Slots of the silence wheel, in ms.
SLOT_MS = 1000


class Roster:
    """All elements of one region partition. In-memory state is rebuilt from the rows."""

    def __init__(self, policy: OutagePolicy) -> None:
        self.policy = policy
        self.devices: dict[str, Device] = {}
        self.groups = Groups(max(1, int(policy.tick_s * 1000)))
        self.wheel: Wheel[Device] = Wheel(SLOT_MS)
        self.down: dict[str, Device] = {}
        self.down_infrastructure: dict[str, Device] = {}
        self.reporting: dict[str, int] = {}  #: arrival (epoch ms) of the last alarm through each collector
        self.promoted: set[str] = set()  #: elements that something was first found beneath, since the last tick
        self.veiled: dict[str, Device] = {}  #: those of `down` whose collector was not heard either
        self.places = Places(int(policy.interval_s * 1000), self.groups, self.node)
        self.intervals: dict[int, int] = {}  #: one int object for each interval in use

    # -- rebuilding

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds everything from the table."""
        for key, value in table.items():
            if key.startswith(SPECS.prefix):
                self._enrol(SPECS.name(key), SPECS.unpack(value), value)
        for key, value in table.items():
            if key.startswith(DOWNS.prefix):
                self._recall_down(SEEN.name(key), DOWNS.unpack(value))
            elif key.startswith(SEEN.prefix):
                self._recall_seen(SEEN.name(key), SEEN.unpack(value))
            elif key.startswith(HABITS.prefix) and (device := self.devices.get(HABITS.name(key))) is not None:
                device.habit = (device.habit or Habit()).recall(HABITS.unpack(value))
        self._recount()

    def _enrol(self, element: str, spec: Spec, row: bytes) -> None:
        parent = spec.parents[0] if spec.parents and not spec.inventory else None
        self._move(element, self.places.at(spec, parent, spec.collector, None, row), fresh=True)

    def _recall_down(self, element: str, down: Down) -> None:
        device = self.devices.get(element)
        if device is not None:
            devices.start_learning(self.policy, device)
            device.down, device.seen, device.slot = down, down.seen, 0
            self._is_down(device)

    def _recall_seen(self, element: str, row: Seen) -> None:
        device = self.devices.get(element)
        if device is not None and device.down is None:
            devices.start_learning(self.policy, device)
            device.seen, device.interval = row.seen, row.interval
            self._into_wheel(device)

    def recall(self, event: Heartbeat, region: str, at: int, arrival: int) -> None:
        """Takes a beat again that was folded before the restart: it tells when a device was last alive, and no more."""
        device = self.devices.get(event.element)
        if event.status != "up" or device is None or device.place.spec.region != region:
            return
        self._follow(device, event, region)
        device.place.heard = max(device.place.heard, min(at, arrival))
        if device.down is None and at > device.seen:
            first = device.slot == UNHEARD
            devices.beat(self.policy, device, at, clock=0, arrival=at, learn=True, again=True)
            if first:
                devices.start_learning(self.policy, device)
                self._into_wheel(device)
                self.groups.stale = True
            self._agree(device)

    def refresh(self) -> None:
        """Takes the groups' counts anew if the topology has changed above devices that count."""
        if self.groups.stale:
            self._recount()

    def _recount(self) -> None:
        groups = self.groups
        groups.reset()
        for place in self.places:
            place.expected = place.down = 0
        for device in self.devices.values():
            if device.slot != UNHEARD:
                self._expect(device)
                if device.down is not None:
                    device.place.down += 1
                    groups.fall(self.above(device), device.down.bucket(groups.width))

    def _expect(self, device: Device) -> None:
        above = self.above(device)
        self.groups.expect(above, 1)
        device.place.expected += 1
        for node in above:
            node.slowest = max(node.slowest, device.interval)

    # -- where elements stand

    def above(self, device: Device) -> tuple[Node, ...]:
        """The groups that a device counts in, its region last."""
        return self.groups.above(device.element, device.place.spec.region, device.place.parents)

    def is_infrastructure(self, element: str) -> bool:
        """Kind not `onu` or `cpe`; an unknown kind is `cpe` until it has children (detection.md A)."""
        device = self.devices.get(element)
        kind = device.place.spec.kind if device is not None else None
        return kind not in LEAVES if kind is not None else element in self.groups.nodes

    def learn(self, unit: Unit, element: str, spec: Spec, event: Heartbeat | None) -> Device:
        """Takes in an element that nobody announced."""
        said = (event.parent, event.collector, event.interval_s) if event is not None else (None, None, None)
        device = self._move(element, self.places.at(spec, *said, SPECS.pack(spec)), fresh=True)
        unit.put(SPECS.key(element), device.place.row)
        return device

    def describe(self, unit: Unit, event: TopologyElement) -> None:
        """Takes what correlate passes on of an element; of one that was learned here already, nothing is new."""
        interval = int((event.interval_s or 0) * 1000)
        inventory = event.source == "inventory"
        kind = None if event.kind == "unknown" else event.kind
        spec = Spec(event.region, event.parents, kind, event.collector, interval, inventory)
        device = self.devices.get(event.element)
        if device is None:
            self.learn(unit, event.element, spec, None)
        elif inventory and device.place.spec != spec:
            was = device.place
            place = self.places.at(spec, was.parent, was.collector, was.interval_s, SPECS.pack(spec))
            self._move(event.element, place)
            unit.put(SPECS.key(event.element), device.place.row)

    def follow(self, unit: Unit, device: Device, event: Heartbeat, region: str) -> bool:
        """Takes what a beat says of parent, collector and interval. True: its parents are others than before."""
        was = device.place.spec
        if not self._follow(device, event, region):
            return False
        spec = device.place.spec
        if spec != was:
            unit.put(SPECS.key(device.element), device.place.row)
        return spec.parents != was.parents

    def _follow(self, device: Device, event: Heartbeat, region: str) -> bool:
        place = device.place
        if event.parent == place.parent and event.collector == place.collector and event.interval_s == place.interval_s:
            return False
        spec = place.spec if place.spec.inventory else devices.learned_spec(event, region, place.spec)
        self._move(device.element, self.places.at(spec, event.parent, event.collector, event.interval_s, None))
        devices.start_learning(self.policy, device)
        if device.slot != UNHEARD and device.down is None:
            self._into_wheel(device)
        return True

    def remove(self, unit: Unit, element: str) -> Device | None:
        """Takes out an element that has moved away or was decommissioned."""
        device = self.devices.pop(element, None)
        if device is None:
            return None
        if device.slot != UNHEARD:
            self.groups.stale = True
        device.slot = UNHEARD
        self._is_up(element)
        for shelf in (SPECS, DOWNS, SEEN, HABITS):
            self._forget(unit, shelf.key(element))
        return device

    @staticmethod
    def _forget(unit: Unit, key: bytes) -> None:
        if unit.get(key) is not None:
            unit.delete(key)

    def node(self, element: str, region: str) -> Node:
        """The group at and below an element, made when it is first asked for."""
        known = self.groups.nodes.get(element)
        if known is not None:
            return known
        node, device = self.groups.node(element, region), self.devices.get(element)
        self.promoted.add(element)
        if device is not None:
            self.groups.link(node, device.place.spec.region, device.place.parents)
            self.groups.stale = self.groups.stale or device.slot != UNHEARD
        return node

    def _move(self, element: str, place: Place, *, fresh: bool = False) -> Device:
        device = self.devices.get(element)
        if device is None:
            device = self.devices[element] = Device(element, place)
        elif place is not device.place and device.slot != UNHEARD:
            self.groups.stale = True
        self.groups.moves += device.place is not place
        device.place = place
        kind = place.spec.kind
        node = self.groups.nodes.get(element)
        if node is None and kind is not None and kind not in LEAVES:
            node = self.node(element, place.spec.region)
        if node is not None:
            self.groups.link(node, place.spec.region, place.parents)
        return device

    # -- what becomes of devices

    def turned(self, unit: Unit, device: Device, was: Down | None) -> None:
        """Keeps and counts what a word about a device changed; `was` is its state before."""
        groups, above = self.groups, self.above(device)
        if device.slot == UNHEARD:
            devices.start_learning(self.policy, device)
            self._expect(device)
        if was is not None and device.down is None:
            groups.rise(above, was.bucket(groups.width))
            device.place.down -= 1
            unit.delete(DOWNS.key(device.element))
            self._is_up(device.element)
        elif device.down is not None:
            if was is None:
                groups.fall(above, device.down.bucket(groups.width))
                device.place.down += 1
                self._is_down(device)
            unit.put(DOWNS.key(device.element), DOWNS.pack(device.down))
        if device.down is not None:
            device.slot = 0
        elif device.slot <= 0 or self._due(device) // SLOT_MS < device.slot:
            self._into_wheel(device)
        self._settle(unit, device)

    def _is_down(self, device: Device) -> None:
        self.down[device.element] = device
        if device.down is not None and device.down.veiled:
            self.veiled[device.element] = device
        if self.is_infrastructure(device.element):
            self.down_infrastructure[device.element] = device

    def _is_up(self, element: str) -> None:
        for index in (self.down, self.down_infrastructure, self.veiled):
            index.pop(element, None)

    def _settle(self, unit: Unit, device: Device) -> None:
        self._agree(device)
        if devices.is_slow(self.policy, device):
            unit.put(SEEN.key(device.element), SEEN.pack(Seen(device.seen, device.interval)))
        if device.habit is not None:
            device.habit.keep(unit, device.element)

    def _agree(self, device: Device) -> None:
        """Settles how close a look it needs; what many devices have in common is one object for all of them."""
        device.interval = self.intervals.setdefault(device.interval, device.interval)
        devices.settle(self.policy, device)
        device.usual = self.intervals.setdefault(device.usual, device.usual)

    def _into_wheel(self, device: Device) -> None:
        device.slot = self.wheel.put(device, self._due(device))

    def _due(self, device: Device) -> int:
        return device.seen + devices.patience(self.policy, device)

    def silent(self, unit: Unit, clock: int) -> Iterator[Device]:
        """Devices whose patience is over at `clock` (epoch ms); the caller takes as many as it can handle."""
        for slot, device in self.wheel.due(clock):
            if device.slot != slot or device.down is not None:
                continue
            if self._due(device) // SLOT_MS >= clock // SLOT_MS:  # by whole slots, whichever slot it stood in
                self._into_wheel(device)
                if device.habit is not None and devices.forget_habit(device):
                    self._forget(unit, HABITS.key(device.element))
            else:
                yield device

    def restate(self, unit: Unit, device: Device, down: Down) -> None:
        """Counts a device that is down in another way: as spent, as held, or as of another time."""
        was, above, width = device.down, self.above(device), self.groups.width
        if was is not None and was != down:
            self.groups.rise(above, was.bucket(width))
            device.down = down
            self.groups.fall(above, down.bucket(width))
            unit.put(DOWNS.key(device.element), DOWNS.pack(down))
