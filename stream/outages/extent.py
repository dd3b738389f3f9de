"""How far an outage reaches: which elements are out with it. Pure.

    olt-1 (silent) ── pon-1 (beats not) ─┬─ onu-1 (beats: its own word counts)
                                         └─ onu-2 (beats not: out when all its parents are)

Invariant: every element that is itself down is in; one whose beats still come is in only on an operator's word.
"""

from __future__ import annotations

from msgspec import Struct

from forewarn.stream.outages.topology import Topology


class Extent(Struct, frozen=True, gc=False):
    """The down serving elements, sorted, and the devices that beat within the scope."""

    elements: list[str]
    devices_down: int
    devices_expected: int


def extent(topology: Topology, scope: list[str], *, root: str | None, declared: bool, share: float) -> Extent:
    """The down serving elements within `scope`: every down descendant and the failed elements themselves.

    `root`: the element that the outage is about. When it was `declared`, what hangs on it alone is out with it,
    whatever it beats; it is also out when nothing beats at or below it that could say otherwise (an alarm told of it).
    `share`: of the beating devices beneath an element, to infer that it has failed.
    """
    judge = _Judge(topology, scope, root, declared, share)
    dark = sorted(name for name in scope if judge.is_dark(name))
    own = [name for name in scope if (known := topology.elements.get(name)) is not None and known.beats]
    return Extent(dark, sum(1 for name in own if name in topology.down), len(own))


class _Judge:
    """Judges each element of a scope once; a loop in the topology takes nothing down by itself."""

    def __init__(self, topology: Topology, scope: list[str], root: str | None, declared: bool, share: float) -> None:
        self.topology = topology
        self.root = root
        self.declared = declared
        self.share = share
        self.judged: dict[str, bool] = {}
        self.beating = dict.fromkeys(scope, 0)  #: devices that beat below each element
        self.fallen = dict.fromkeys(scope, 0)  #: those of them that are down
        for name in scope:
            known = topology.elements.get(name)
            if known is not None and known.beats:
                self._count(name, name in topology.down)

    def _count(self, device: str, down: bool) -> None:
        for above in self.topology.above(device):
            if above != device and above in self.beating:
                self.beating[above] += 1
                self.fallen[above] += down

    def is_dark(self, name: str) -> bool:
        """Whether an element is out. Outside of the scope only its own word counts."""
        if name in self.topology.down:
            return True
        if name not in self.beating:
            return False
        if name not in self.judged:
            self.judged[name] = False
            self.judged[name] = self._judge(name)
        return self.judged[name]

    def _judge(self, name: str) -> bool:
        known = self.topology.elements.get(name)
        beats = known is not None and known.beats
        below = self.beating[name]
        most_below = bool(below) and self.fallen[name] >= self.share * below
        if name == self.root:
            return self.declared or most_below or not (below or beats)
        if self.declared and self._hangs(name):
            return True
        return not beats and (most_below if below else self._hangs(name))

    def _hangs(self, name: str) -> bool:
        known = self.topology.elements.get(name)
        return known is not None and bool(known.parents) and all(self.is_dark(parent) for parent in known.parents)
