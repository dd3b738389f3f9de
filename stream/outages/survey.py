"""What a suspicion's group looks like when correlate is told of it: onset, collectors, last words, alarms. Pure.

devices that are down ─┐
open alarms ───────────┴──> one walk for all suspicions that changed in a tick ──> Survey ──> Signal
"""

from __future__ import annotations

from collections.abc import Mapping

from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.device import Device
from forewarn.stream.outages.groups import Node, name_of
from forewarn.stream.outages.lineage import lineage
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.suspicion import Suspicion
from forewarn.topics.events.outages import Signal, SignalKind


class Survey:
    """What is found beneath one suspicion. `onset`: the earliest missed beat (epoch ms), None without any."""

    def __init__(self) -> None:
        self.onset: int | None = None
        self.collectors: set[str] = set()
        self.gasps = 0
        self.power_alarms = 0
        self.signal_alarms = 0

    def add(self, device: Device, onset: int | None) -> None:
        """Counts one device in; its missed beat only if it is one of those that raised the suspicion."""
        if onset is not None:
            self.onset = onset if self.onset is None else min(self.onset, onset)
        if device.place.behind:
            self.collectors.add(device.place.behind)
        if device.down is not None and device.down.gasp:
            self.gasps += 1


def survey(roster: Roster, alarms: OpenAlarms, states: Mapping[str, Suspicion]) -> dict[str, Survey]:
    """One walk over the devices that are down and the alarms that tell causes, for suspicions by name."""
    surveys = {name: Survey() for name in states}
    if not states:
        return surveys
    width = roster.groups.width
    for device in roster.down.values():
        for node in roster.above(device):
            state = states.get(name_of(node))
            if state is not None and device.down is not None and device.down.counts:
                mine = device.down.since // width >= state.first
                surveys[name_of(node)].add(device, device.down.missed if mine else None)
    for element in alarms.telling("power"):
        for name in map(name_of, lineage(roster, element)):
            if name in surveys:
                surveys[name].power_alarms += 1
    for element in alarms.telling("signal"):
        for name in map(name_of, lineage(roster, element)):
            if name in surveys:
                surveys[name].signal_alarms += 1
    return surveys


def signal(
    kind: SignalKind,
    state: Suspicion,
    node: Node,
    found: Survey,
    *,
    clock: int,
    reason: str,
    absorbs: tuple[str, ...] = (),
) -> Signal:
    """What correlate is told of a suspicion on the group `node`."""
    return Signal(
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
        collectors=tuple(sorted(found.collectors)),
        absorbs=absorbs,
        gasps=found.gasps,
        power_alarms=found.power_alarms,
        signal_alarms=found.signal_alarms,
        flapped=state.flapped,
    )
