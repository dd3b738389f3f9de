"""Detector E: what open alarms suspect. Pure.

    olt-1   critical ●──────────    an infrastructure element: its subtree is suspected at the next tick
    onu-1    critical  ●────────
    onu-2    major      ●───────    leaves: counted by group, and surprising like devices newly down within W
    onu-3    critical   ●───────

Source: detection.md E; what takes service away by ITU-T X.733; the surprise is that of detector A.
Invariant: a tick costs what changed since the last one, whatever the number of alarms that are open; the counts follow
from the open alarms, the topology and the clock.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

from forewarn.stream.outages import liveness, suspicion
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.groups import Node, name_of
from forewarn.stream.outages.lineage import lineage
from forewarn.stream.outages.liveness import View
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.suspicion import Suspicion


class Alarming:
    """The severe alarms of one region partition as its groups see them. In memory, rebuilt from the open alarms."""

    def __init__(self, policy: OutagePolicy, roster: Roster, alarms: OpenAlarms) -> None:
        self.policy = policy
        self.roster = roster
        self.alarms = alarms
        self.open: Counter[str] = Counter()  #: leaves with a severe alarm, by `name_of` group
        self._recent: Counter[str] = Counter()  #: those of them whose alarm came within W
        self._leaves: dict[str, tuple[Node, ...]] = {}
        self._fresh: dict[str, int] = {}  #: leaves that count as recent, and since when
        self._due: list[tuple[int, str]] = []
        self._structure = -1
        self._regions: set[str] = set()  #: to be tested

    def look(self, clock: int, restless: Iterable[str]) -> Iterator[tuple[Node, Suspicion]]:
        """What is suspected at `clock` (epoch ms) since the last tick; in `restless` regions a suspicion has ended."""
        self._count(clock)
        width, window = self.roster.groups.width, int(self.policy.window_s * 1000)
        view = View(self.policy, clock, width, window, counts=self._recent)
        regions = self._regions | {region for region in restless if self._recent[f"region/{region}"]}
        for region in sorted(regions):
            for finding in liveness.explain(view, self.roster.groups.region(region)):
                yield finding.node, suspicion.from_finding(self.policy, finding, clock, width, detector="alarm")
        self._regions.clear()
        for element in self.alarms.look():
            device = self.roster.devices.get(element)
            if device is not None and self.roster.is_infrastructure(element):
                node = self.roster.node(element, device.place.spec.region)
                yield node, suspicion.single(node, "alarm", 0, clock, view.first, clock // width, devices=0)

    def backs(self, state: Suspicion, node: Node, down: int) -> bool:
        """Whether alarms agree with a suspicion: one at or above its element that came no long time before it, or
        those of half of the leaves that are down."""
        oldest = state.onset - int(self.policy.alarm_fresh_s * 1000)
        raised = (self.alarms.newest(above.element) for above in self.roster.groups.lineage(node) if above.root)
        leaves = self.open[name_of(node)]
        many = leaves >= self.policy.devices_min and 2 * leaves >= down
        return many or any(time is not None and time >= oldest for time in raised)

    # -- leaves by group

    def _count(self, clock: int) -> None:
        changed = self.alarms.change()
        if self._structure != (structure := self.roster.groups.version + self.roster.groups.moves):
            self._structure = structure
            changed |= self._leaves.keys() | self.alarms.elements.keys()
        for element in changed:
            self._leave(element)
            since = self.alarms.newest(element)
            if since is not None and not self.roster.is_infrastructure(element):
                self._enter(element, since, clock)
        while self._due and self._due[0][0] <= clock:
            due, element = heapq.heappop(self._due)
            if self._fresh.get(element) == due:
                del self._fresh[element]
                self._recent.subtract(map(name_of, self._leaves[element]))

    def _enter(self, element: str, since: int, clock: int) -> None:
        above = self._leaves[element] = lineage(self.roster, element)
        self.open.update(map(name_of, above))
        due = since + int(self.policy.window_s * 1000)
        if due > clock and above:
            self._fresh[element] = due
            heapq.heappush(self._due, (due, element))
            self._recent.update(map(name_of, above))
            self._regions.add(above[-1].element)

    def _leave(self, element: str) -> None:
        names = [name_of(node) for node in self._leaves.pop(element, ())]
        self.open.subtract(names)
        if self._fresh.pop(element, None) is not None:
            self._recent.subtract(names)
