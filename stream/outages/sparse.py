"""Detector C: groups too small for statistics, and infrastructure elements, judged by belief. Pure.

    beats      | | | |  x x x x x      x = missed
    belief     _______  _.-‾‾‾‾‾‾      each miss multiplies the odds by P(miss|down) / P(miss|up),
                           │ 0.9       an arrival sets them back to `belief_heard`; suspected at 0.9

Source: the belief that a block is down in Trinocular (L. Quan, J. Heidemann, Y. Pradkin, "Trinocular: understanding
Internet reliability through adaptive probing", SIGCOMM 2013, section 4.2), with heartbeats in place of probes. There is
one departure: misses of one device are not independent, as its owner may have switched it off. Whatever their number,
one device multiplies the odds by no more than 1 / P(it goes off by itself within the window).

Invariant: the belief follows from the groups' counts and the clock alone; nothing is kept, and no beat is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import exp, log

from forewarn.stream.outages import suspicion
from forewarn.stream.outages.device import Device
from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.liveness import Finding, View
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.roster import Roster
from forewarn.stream.outages.suspicion import Suspicion

#: The least likelihood that is told from none: what a device that was silent for days would underflow.
LEAST = 1e-30


def belief(policy: OutagePolicy, misses: Iterable[float], alone: float) -> float:
    """The belief that a group is down whose devices, all of them, missed so many beats since one was last heard.

    `alone`: the probability that a device goes off by itself in that time; 0 for an element that is itself the group.
    """
    odds = log(policy.belief_heard / (1 - policy.belief_heard))
    odds -= sum(log(max(LEAST, min(1.0, policy.miss_up**missed + alone))) for missed in misses)
    return 1 / (1 + exp(-min(odds, 700.0)))


def judge(view: View, node: Node) -> Finding | None:
    """Whether a group of few devices is down: all that were expected up are newly down, and the belief suffices.

    `Finding.p_value` is the belief.
    """
    policy = view.policy
    k = node.newly(view.first)
    if k == 0 or node.expected >= policy.sparse_devices or k < node.expected - (node.down_total - k):
        return None
    alone = max(view.rate, view.window / (policy.quiet_s * 1000))
    misses = [
        missed(policy, view.clock - bucket * view.width, node.slowest)
        for bucket, count in node.down.items()
        for _ in range(count if bucket >= view.first else 0)
    ]
    value = belief(policy, misses, alone)
    return Finding(node, k, k, value, view.window, view.first) if value >= policy.belief_down else None


def missed(policy: OutagePolicy, age: int, interval: int) -> float:
    """Beats that a device missed which has counted as down for `age` ms: those of its patience, and those since."""
    return policy.silent_intervals + max(0, age) // max(1, interval)


class Sparse:
    """The small groups and infrastructure elements of one region partition in which something fell. In memory.

    `view_of` gives the window W, and the base rate of a group's region, at a clock.
    """

    def __init__(self, policy: OutagePolicy, roster: Roster, view_of: Callable[[Node, int], View]) -> None:
        self.policy = policy
        self.roster = roster
        self.view_of = view_of
        self._groups: dict[str, Node] = {}
        self._lone: dict[str, Device] = {}

    def fell(self, device: Device) -> None:
        """A device is down, or may count again: it and its groups are looked at from the next tick on."""
        if self.roster.is_infrastructure(device.element):
            self._lone[device.element] = device
        for node in self.roster.above(device):
            self._groups[f"{node.root is None}/{node.element}"] = node

    def look(self, clock: int) -> Iterator[tuple[Node, Suspicion]]:
        """What is believed down at `clock` (epoch ms); what may be believed so later stays to be looked at."""
        for element, device in sorted(self._lone.items()):
            if device.down is None or device.down.bucket(self.roster.groups.width) < 0:
                del self._lone[element]
                continue
            node = self.roster.node(element, device.place.spec.region)
            found = self._lonely(device, node, clock)
            if found is not None and not self._in_company(node, clock):
                del self._lone[element]
                yield node, found
        for name, node in sorted(self._groups.items()):
            view = self.view_of(node, clock).over(node.slowest)
            finding = judge(view, node)
            if finding is None:
                k = node.newly(view.first)
                if k == 0 or k < node.expected - (node.down_total - k):
                    del self._groups[name]
            elif not self._in_company(node, clock):
                del self._groups[name]
                yield node, self._suspicion(finding, clock)

    def _lonely(self, device: Device, node: Node, clock: int) -> Suspicion | None:
        """An infrastructure element that is itself down is suspected with n = 1 (detection.md A)."""
        down, width = device.down, self.roster.groups.width
        if down is None:
            return None
        value = belief(self.policy, [missed(self.policy, clock - down.since, device.interval)], 0.0)
        if value < self.policy.belief_down:
            return None
        first = (down.since - device.interval) // width
        window, bound = down.since - down.seen, self.policy.belief_down
        return suspicion.single(
            node, "sparse", window, clock, first, clock // width, devices=1, value=value, threshold=bound
        )

    def _suspicion(self, finding: Finding, clock: int) -> Suspicion:
        node, width = finding.node, self.roster.groups.width
        return suspicion.single(
            node,
            "sparse",
            finding.window,
            clock,
            finding.first,
            clock // width,
            devices=finding.k,
            value=finding.p_value,
            threshold=self.policy.belief_down,
        )

    def _in_company(self, node: Node, clock: int) -> bool:
        """Whether neighbours fell just now, too: then a larger group may explain it all, and is given half an interval.

        node    ●            one of many that fall one by one, as each is silent for long enough
        parent  ●●●●         ├ interval / 2 ┤ explained by the parent by then, or never
        """
        groups, width = self.roster.groups, self.roster.groups.width
        half = node.slowest // 2
        newest = max((bucket for bucket in node.down if bucket * width <= clock), default=0)
        if clock >= newest * width + half:
            return False
        recent = (newest * width - 2 * half) // width
        beside = (above.newly(recent) - node.newly(recent) for above in groups.lineage(node) if above is not node)
        return any(others >= self.policy.devices_min for others in beside)
