"""Heartbeats as they come in: the hot path of detect. Pure.

    beat ──> known device, same place, usual gap? ── yes ──> note its time: done, ~1 µs
                       └── no ──> Roster and device.beat take a closer look

Invariant: a healthy device's beat writes nothing to the table.
"""

from __future__ import annotations

from collections.abc import Sequence

from forewarn.stream.engine.role import Record
from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import device as devices
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.device import UNHEARD, Device, Spec, Turn, learned_spec
from forewarn.stream.outages.lineage import subject
from forewarn.stream.outages.outbox import Outbox
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.veil import Veil
from forewarn.stream.outages.watch import Watch
from forewarn.stream.outages.witness import witnesses
from forewarn.topics.events.network import Alarm, Heartbeat, Kpi
from forewarn.topics.events.outages import LearnedElement
from forewarn.topics.instants import to_ms

Event = Heartbeat | Alarm | Kpi


class Hearing:
    """Takes what network elements say into the roster."""

    def __init__(
        self, policy: OutagePolicy, roster: Roster, alarms: OpenAlarms, watch: Watch, veil: Veil, outbox: Outbox
    ) -> None:
        self.policy = policy
        self.roster = roster
        self.alarms = alarms
        self.watch = watch
        self.veil = veil
        self.outbox = outbox
        self.others: list[tuple[Alarm | Kpi, Record]] = []

    def beats(self, unit: Unit, events: Sequence[Event], records: Sequence[Record], clock: int) -> int:
        """Folds a batch; gives its highest event time (epoch ms). What is no heartbeat is left in `others`."""
        get, arrival, top = self.roster.devices.get, records[-1].timestamp, 0
        self.others = []
        for event, record in zip(events, records, strict=True):
            if not isinstance(event, Heartbeat):
                self.others.append((event, record))
                continue
            at = event.time
            if type(at) is not int:
                at = to_ms(at)
            if at > top:
                top = at
            device = get(event.element)
            if device is not None and 0 < at - device.seen <= device.usual:
                place = device.place
                if (
                    event.status == "up"
                    and event.collector == place.collector
                    and event.parent == place.parent
                    and event.interval_s == place.interval_s
                    and record.key == place.key
                ):
                    device.seen = at
                    if at > place.heard:
                        place.heard = at if at < arrival else arrival
                    continue
            self._closer(unit, event, record, device, at, clock)
        return top

    def _closer(self, unit: Unit, event: Heartbeat, record: Record, device: Device | None, at: int, clock: int) -> None:
        """A beat that may change something: a new device, a new place, a device that is down or learns its interval."""
        region = (record.key or b"").decode()
        if device is None or device.place.spec.region != region:
            if device is not None and at <= device.seen:
                return
            device = self._meet(unit, event, region, device)
        elif at > device.seen and self.roster.follow(unit, device, event, region):
            self._tell(device)
        device.place.heard = max(device.place.heard, min(at, record.timestamp))
        was = device.down
        if event.status == "up":
            learn = device.place.interval == 0 or self.watch.is_calm(device)
            turn = devices.beat(self.policy, device, at, clock=clock, arrival=record.timestamp, learn=learn)
        else:
            turn = devices.said_down(device, at, gasp=event.status == "dying_gasp")
        if turn is not Turn.OLD:
            if device.slot == UNHEARD:
                self._tell(device)
            self.roster.turned(unit, device, was)
            if was is None and device.down is not None:
                self.watch.down(unit, device)
            elif was is not None and device.down is None:
                self.watch.up(unit, device, was)

    def _meet(self, unit: Unit, event: Heartbeat, region: str, known: Device | None) -> Device:
        """Takes in a device that was not known in this region: its newest word, or the inventory, says where it is."""
        if known is not None:
            if known.place.spec.inventory:
                return known
            self.roster.remove(unit, known.element)
            if known.down is not None:
                self.watch.gone(known)
        return self.roster.learn(unit, event.element, learned_spec(event, region), event)

    def _tell(self, device: Device, *, beats: bool = True) -> None:
        spec = device.place.spec
        self.outbox.learned(spec.region, LearnedElement(device.element, spec.parents, spec.collector, beats))

    def alarm(self, unit: Unit, event: Alarm, record: Record, at: int, clock: int) -> None:
        """Folds an alarm of event time `at` (epoch ms); its element is learned, and its collector was heard."""
        roster = self.roster
        if event.element not in roster.devices:
            spec = Spec((record.key or b"").decode(), collector=event.collector)
            self._tell(roster.learn(unit, event.element, spec, None), beats=False)
        self.reported(event, at, record.timestamp)
        for row in self.alarms.fold(unit, event, at, clock, subject(roster, event)):
            self.outbox.alarm(row)

    def reported(self, event: Alarm, at: int, arrival: int) -> None:
        """Notes that an alarm's collector was heard."""
        if event.collector is not None:
            reporting = self.roster.reporting
            reporting[event.collector] = max(min(at, arrival), reporting.get(event.collector, 0))

    def silences(self, unit: Unit, clock: int, most: int) -> bool:
        """Marks at most `most` devices down, or out of sight, whose patience is over. True when none is left."""
        for device in self.roster.silent(unit, clock):
            devices.silent(self.policy, device)
            if self.veil.hides(device):
                self.veil.hide(device)
            self.roster.turned(unit, device, None)
            self.watch.down(unit, device)
            most -= 1
            if most <= 0:
                return not self.roster.wheel.waits(clock)
        return True

    def unveil(self, unit: Unit, clock: int, most: int) -> bool:
        """Marks at most `most` devices down that were out of sight and are known to be down. True when none is left."""
        seen = self.veil.seen(clock, witnesses(self.policy, self.roster, self.alarms, self.watch.open.values()))
        for device in seen[:most]:
            self.veil.lift(unit, device, clock)
            self.watch.down(unit, device)
        return len(seen) <= most
