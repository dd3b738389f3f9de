"""The root of outages that began together: the highest failed element that explains them. Pure. (detection.md G)

    core-1 ─┬─ agg-1 (no word) ─┬─ olt-1 suspected ─┐
            │                   ├─ olt-2 confirmed ─┼─ 4 of 5 children down within 120 s: agg-1 is inferred,
            │                   ├─ olt-3, olt-4 ... ┘  and the four are merged into its outage
            │                   └─ olt-5 up
            └─ agg-2 up                                core-1: 1 of 2 children, not inferred

An element has failed by its own outage, or by its children: 80 % of them, at least two, out within the window. One that
still beats has not failed by its children. Correlate sees the whole topology: the children may be in several regions
and region partitions. What has two ways up is explained only when both end in a failed element.
What is not confirmed yet is a part of the failed element above it whenever it began: nobody was told of it.
Invariant: looked at twice, it merges once; what staff declared, what is planned, and what is blind is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case, outage_id
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.sources import strong
from forewarn.stream.outages.suspicions import DEVICES, Suspicions
from forewarn.stream.outages.topology import Topology
from forewarn.topics.events.outages import Evidence


class Failure(Struct, frozen=True, gc=False):
    """Why an element counts as failed: since `onset` (epoch ms), by its own outage, or by `share` of its children."""

    onset: int
    case: Case | None = None
    share: float = 1.0


class Roots:
    """Looks for roots on every tick. `blind` says whether nothing can be seen of an outage's devices."""

    def __init__(self, policy: OutagePolicy, suspicions: Suspicions, blind: Callable[[Case], bool]) -> None:
        self.policy = policy
        self.suspicions = suspicions
        self.blind = blind

    @property
    def ledger(self) -> Ledger:
        """Where the outages are led."""
        return self.suspicions.ledger

    def settle(self, unit: Unit, time: int) -> None:
        """Merges what began together into its root, at `time` (epoch ms of event time)."""
        cases = [case for case in self.ledger.docket.all_living() if self._failing(case)]
        if len(cases) < 2:
            return
        look = Look(self.policy, self.ledger, cases)
        for root, members in look.families().items():
            self._merge(unit, root, look.failures[root], members, time)

    def _failing(self, case: Case) -> bool:
        backed = case.state in ("suspected", "confirmed") and (strong(case.candidates) or case.declared)
        return backed and not self.blind(case)

    def _merge(self, unit: Unit, root: str, failure: Failure, members: list[Case], time: int) -> None:
        window = self.policy.root_window_s
        evidence = Evidence("topology", round(failure.share, 3), self.policy.explain_share, window)
        case = failure.case or self._inferred(root, failure.onset, members, time)
        sources = {found.detector for found in case.evidence}
        below = {found.detector for member in members for found in member.evidence}
        two = ("alarm" in sources and bool(below & DEVICES)) or ("alarm" in below and bool(sources & DEVICES))
        self.suspicions.adopt(unit, members, case, time, evidence, independent=two)

    def _inferred(self, root: str, onset: int, members: list[Case], time: int) -> Case:
        """A new outage about an element that says nothing itself."""
        known = self.ledger.topology.elements.get(root)
        detected = [member.detected for member in members if member.detected is not None]
        return Case(
            outage_id=outage_id(root, onset),
            region=known.region if known is not None else members[0].region,
            element=root,
            whole_region=False,
            started=onset,
            state="suspected",
            since=time,
            detected=min(detected, default=time),
        )


class Look:
    """One look at all outages that are failing now."""

    def __init__(self, policy: OutagePolicy, ledger: Ledger, cases: list[Case]) -> None:
        self.policy = policy
        self.topology: Topology = ledger.topology
        self.elements = {case.element: case for case in cases if not case.whole_region}
        self.regions = {case.region: case for case in cases if case.whole_region}
        self.cases = cases
        self.failures: dict[str, Failure] = {}
        self._hits: dict[str, frozenset[str] | None] = {}

    def families(self) -> dict[str, list[Case]]:
        """Each root with the outages that it explains."""
        self._judge()
        found: dict[str, list[Case]] = {}
        for case in self.cases:
            root = None if case.declared else self._root_of(case)
            if root is not None:
                found.setdefault(root, []).append(case)
        return found

    # -- who has failed

    def _judge(self) -> None:
        """Finds the failed elements, the lowest first, so that those inferred count for what is above them."""
        heights: dict[str, int] = {}
        for case in self.cases:
            for name in self._above(case):
                if name not in heights:
                    heights[name] = sum(1 for _ in self.topology.above(name))
        for name in sorted(heights, key=lambda name: (-heights[name], name)):
            own = self.elements.get(name)
            failure = Failure(own.started, own) if own is not None else self._by_children(name)
            if failure is not None:
                self.failures[name] = failure

    def _above(self, case: Case) -> Iterable[str]:
        """What may have taken an outage's element or region down, and the element itself."""
        tops = self._tops(case.region) if case.whole_region else [case.element]
        return dict.fromkeys(name for top in tops for name in self.topology.above(top))

    def _tops(self, region: str) -> list[str]:
        """The elements that something failed beneath, of those that nothing else of the region is above of."""
        topology = self.topology
        return [top for top in topology.tops(region) if top in topology.down or topology.fallen.get(top)]

    def _by_children(self, name: str) -> Failure | None:
        known = self.topology.elements.get(name)
        children = self.topology.children.get(name, {})
        if (known is not None and known.beats and name not in self.topology.down) or len(children) < 2:
            return None
        out = [failure for child in children if (failure := self._child(child)) is not None]
        needed = max(self.policy.root_children, self.policy.explain_share * len(children))
        if len(out) < needed:
            return None
        onsets = sorted(failure.onset for failure in out)
        window = int(self._window(failure.case for failure in out) * 1000)
        first = 0
        for last, onset in enumerate(onsets):
            while onset - onsets[first] > window:
                first += 1
            if last - first + 1 >= needed:
                return Failure(onsets[first], None, len(out) / len(children))
        return None

    def _child(self, child: str) -> Failure | None:
        """Whether a child is out: as failed, or by its devices where its region's outage says since when."""
        if (failure := self.failures.get(child)) is not None:
            return failure
        if (case := self.elements.get(child)) is not None:
            return Failure(case.started, case)
        known = self.topology.elements.get(child)
        whole = self.regions.get(known.region) if known is not None else None
        if known is None or whole is None:
            return None
        beating = self.topology.beating.get(child, 0)
        most = not known.beats and beating and self.topology.fallen[child] >= self.policy.explain_share * beating
        return Failure(whole.started, whole) if most or child in self.topology.down else None

    def _window(self, cases: Iterable[Case | None]) -> float:
        """Alarms that are polled come late: those that are beside each other count over a longer time."""
        alarms = any(case is not None and case.evidence and case.evidence[0].detector == "alarm" for case in cases)
        return self.policy.root_polled_s if alarms else self.policy.root_window_s

    # -- whom it explains

    def _root_of(self, case: Case) -> str | None:
        """The highest failed element that takes an outage's element, or all that is out of its region, down."""
        if case.whole_region:
            tops = self._tops(case.region)
            ways = [self._hit_or_self(top) for top in tops]
        else:
            ways = [self._up(case.element)]
        if not ways or any(way is None for way in ways):
            return None
        roots = frozenset().union(*(way for way in ways if way is not None))
        if case.whole_region and len(roots) > 1:
            return None
        told = case.confirmed is not None
        near = [root for root in roots if not told or self._near(case, self.failures[root])]
        return max(near, key=lambda root: (self.failures[root].onset, root), default=None)

    def _near(self, case: Case, failure: Failure) -> bool:
        return self._began_with(case.started, case, failure)

    def _began_with(self, onset: int, case: Case | None, root: Failure) -> bool:
        """Whether something failed with its root, or after it."""
        return onset >= root.onset - int(self._window((case, root.case)) * 1000)

    def _up(self, name: str) -> frozenset[str] | None:
        """The highest failed elements above, one on every way up; None when some way has none."""
        known = self.topology.elements.get(name)
        if known is None or not known.parents:
            return None
        ways = [self._hit_or_self(parent) for parent in known.parents]
        return None if any(way is None for way in ways) else frozenset().union(*(way for way in ways if way))

    def _hit(self, name: str) -> frozenset[str] | None:
        if name not in self._hits:
            self._hits[name] = None  # a loop leads nowhere
            self._hits[name] = self._up(name)
        return self._hits[name]

    def _hit_or_self(self, name: str) -> frozenset[str] | None:
        higher, own = self._hit(name), self.failures.get(name)
        if own is None:
            return higher
        with_it = higher is not None and all(
            self._began_with(own.onset, own.case, self.failures[root]) for root in higher
        )
        return higher if with_it else frozenset((name,))
