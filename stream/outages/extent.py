"""How far an outage reaches: which elements are out with it. Pure.

    olt-1 (silent) ── pon-1 (beats not) ─┬─ onu-1 (beats: its own word counts)
                                         └─ onu-2 (beats not: out when all its parents are)

Invariant: every element that is itself down is in; one whose beats still come is in only on an operator's or its
customers' word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from msgspec import Struct

from forewarn.stream.outages.topology import Topology

Unseen = Literal["not", "too", "only"]


class Extent(Struct, frozen=True, gc=False):
    """The down serving elements, sorted, and the devices that beat within the scope."""

    elements: list[str]
    devices_down: int
    devices_expected: int


def extent(
    topology: Topology,
    scope: list[str],
    *,
    roots: Collection[str],
    declared: bool,
    share: float,
    said: Iterable[str] = (),
    unseen: Unseen = "not",
) -> Extent:
    """The down serving elements within `scope`: every down descendant and the failed elements themselves.

    `roots`: the elements that the outage is about. When it was `declared`, what hangs on them alone is out with them,
    whatever it beats; one is also out when nothing beats at or below it that could say otherwise (an alarm told of
    it). `share`: of the beating devices beneath an element, to infer that it has failed. `said`: elements that are out
    because customers say so. `unseen`: whether what fell silent together with its collector counts, too or only.
    """
    lost = [name for name in scope if name in topology.unseen] if unseen != "not" else []
    if unseen == "only":
        return Extent(sorted(lost), len(lost), len([name for name in scope if topology.beats(name)]))
    judge = _Judge(topology, scope, frozenset(roots), declared, share)
    down, known = topology.down, topology.elements
    dark = [name for name in scope if name in down or judge.is_dark(name)]
    own = [name for name in scope if (of := known.get(name)) is not None and of.beats]
    return Extent(sorted({*dark, *said, *lost}), sum(1 for name in own if name in down) + len(lost), len(own))


class _Judge:
    """Judges each element of a scope once; a loop in the topology takes nothing down by itself."""

    def __init__(
        self, topology: Topology, scope: list[str], roots: frozenset[str], declared: bool, share: float
    ) -> None:
        self.topology = topology
        self.roots = roots
        self.declared = declared
        self.share = share
        self.inside = frozenset(scope)
        self.judged: dict[str, bool] = {}

    def is_dark(self, name: str) -> bool:
        """Whether an element is out. Outside of the scope only its own word counts."""
        if name in self.topology.down:
            return True
        if name not in self.inside:
            return False
        judged = self.judged.get(name)
        if judged is None:
            self.judged[name] = False
            judged = self.judged[name] = self._judge(name)
        return judged

    def _judge(self, name: str) -> bool:
        known = self.topology.elements.get(name)
        beats = known is not None and known.beats
        if name in self.roots:
            below = self.topology.beating.get(name, 0)
            return self.declared or self._most(name, below) or not (below or beats)
        if self.declared and self._hangs(name):
            return True
        if beats:
            return False
        below = self.topology.beating.get(name, 0)
        return self._most(name, below) if below else self._hangs(name)

    def _most(self, name: str, below: int) -> bool:
        return bool(below) and self.topology.fallen.get(name, 0) >= self.share * below

    def _hangs(self, name: str) -> bool:
        known = self.topology.elements.get(name)
        return known is not None and bool(known.parents) and all(self.is_dark(parent) for parent in known.parents)
