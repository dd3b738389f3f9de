"""Where a suspicion of detect belongs: to an outage that is led already, or to a new one. Pure.

    region/north ── kpi: suspected alone ────────┐
    element/agg-1                                ├─> olt-1 confirmed: two independent sources
      └─ element/olt-1 ── devices: suspected ────┘
           └─ element/onu-7 ── flapping: an incident of its own

What devices say belongs to the outage about their element, or to one above it. KPIs and degradation join such an outage
where there is one, and merge into it when it comes later. Flapping stays with its own element.
Invariant: a suspicion is behind one outage at most.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Blindness
from forewarn.stream.outages.case import OPEN, OVER, Case, Sight, name_of, outage_id
from forewarn.stream.outages.docket import names
from forewarn.stream.outages.drops import Drops
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.lifecycle import Cleared, Confirmed, Corroborated, Suspected
from forewarn.stream.outages.mergers import Absorbed, Adopted, Replaced
from forewarn.stream.outages.sources import began_with, candidate, family, leads, strong
from forewarn.stream.outages.suspicion import Verdict
from forewarn.stream.outages.works import Works
from forewarn.topics.events.outages import Evidence, Signal

#: Detectors that speak for the devices themselves.
DEVICES = frozenset({"liveness", "sparse"})
#: States of an outage that what is below it may belong to.
JOINED = frozenset({"suspected", "confirmed", "unknown", "planned", "monitoring", "restored"})
#: States of an outage below it that explain what a KPI says.
BACKED = frozenset({"suspected", "confirmed", "unknown", "planned"})


class Suspicions:
    """The suspicions' way into the ledger."""

    def __init__(self, ledger: Ledger, works: Works, blindness: Blindness, drops: Drops) -> None:
        self.ledger = ledger
        self.docket = ledger.docket
        self.topology = ledger.topology
        self.works = works
        self.blindness = blindness
        self.drops = drops
        self.window = int(ledger.policy.agree_s * 1000)

    def fold(self, unit: Unit, event: Signal) -> None:
        """Folds a `suspect`, `confirm` or `clear`."""
        node = name_of(event.element or "", event.region or "", whole_region=event.whole_region)
        name = candidate(event.partition, event.detector or "liveness", node)
        behind = self.docket.behind.get(name)
        case = self.docket.cases[behind] if behind is not None else None
        if event.kind == "suspect":
            self._suspect(unit, event, name, case)
        elif case is not None and event.kind == "confirm":
            independent = event.reason == Verdict.TWO_SOURCES
            self.ledger.step(unit, case, Confirmed(name, event.time, self.blind(case), independent, event.gasps))
        elif case is not None:
            self._clear(unit, case, name, event.time)

    def _clear(self, unit: Unit, case: Case, name: str, time: int) -> None:
        """Ends a suspicion; with the last one of its devices, those that detect gave up for it."""
        after = self.ledger.step(unit, case, Cleared(name, time))
        for ended in case.ends if strong(case.candidates) and not strong(after.candidates) else ():
            behind = self.docket.behind.get(ended)
            if behind is not None:
                self.ledger.step(unit, self.docket.cases[behind], Cleared(ended, time))

    def blind(self, case: Case) -> Sight | None:
        """Why what detect says of an outage is not enough; None: it is."""
        return self.blindness.sight(case.collectors, case.region, self.docket.partition_of(case.region))

    def _suspect(self, unit: Unit, event: Signal, name: str, case: Case | None) -> None:
        onset = event.onset or event.time
        element, region, whole = self._place(event)
        evidence = Evidence(event.detector or "liveness", event.value or 0, event.threshold or 0, event.window_s or 0)
        above = [f"region/{region}"] if whole else self.topology.names_above(element, region)
        kpis = [candidate(event.partition, "kpi", place) for place in above] if family(name) == "device" else []
        agreed, flapped = any(self._agrees(kpi, onset) for kpi in kpis), event.flapped
        what = Suspected(name, event.time, evidence, event.collectors, agreed, event.gasps, onset, flapped)
        demanded = family(name) == "kpi" and self.drops.explaining(region) is not None
        case = case or (None if demanded else self._home(name, above, onset))
        case = case or self.docket.cases.get(outage_id(element, onset))
        if case is None:
            case = self._new(event, element, onset, whole=whole)
        case = self.ledger.step(unit, case, what)
        if family(name) in ("device", "flapping"):
            self._absorb(unit, event, case, above)
        elif family(name) == "kpi" and not demanded:
            for other in self._below(above[0], case, onset):
                self.ledger.step(unit, other, Corroborated(evidence, event.time))

    def _place(self, event: Signal) -> tuple[str, str, bool]:
        """What a suspicion is about: (element, region, whether it is the whole region).

        A partition sees of what several regions hang on only its own part. When the rest of it is up, the failure lies
        below: in the one child that is out, or in the region.
        """
        element, region = event.element or "", event.region or ""
        known = self.topology.elements.get(element)
        foreign = known is not None and known.region != region and event.detector in DEVICES
        if event.whole_region or not foreign or element in self.topology.down:
            return element, region, event.whole_region
        share, topology = self.ledger.policy.explain_share, self.topology
        children = [child for child in topology.children.get(element, ()) if topology.watched(child)]
        out = [child for child in children if topology.fallen_share(child) >= share]
        if len(out) >= share * len(children):
            return element, region, False
        near = [child for child in out if child in topology.regions.get(region, ())]
        return (near[0], region, False) if len(near) == 1 else (region, region, True)

    def _agrees(self, name: str, onset: int) -> bool:
        """Whether a suspicion is there that began with `onset` (epoch ms) and is not dismissed.

        What staff or demand have explained speaks for no outage.
        """
        behind = self.docket.behind.get(name)
        case = self.docket.cases[behind] if behind is not None else None
        return case is not None and case.state in OPEN and abs(case.onsets.get(name, 0) - onset) <= self.window

    def _home(self, name: str, above: list[str], onset: int) -> Case | None:
        """The outage that a suspicion joins: one about its own element, else one above it."""
        kind = family(name)
        quiet = kind not in ("device", "replies")
        for case in self.docket.about(above[0]):
            if not (case.state in ("monitoring", "restored") if quiet else self._earlier(case, onset)):
                return case
        if kind == "flapping":
            return None
        for case in self._leading(above[1:]):
            if not (quiet and case.state in ("monitoring", "restored")):
                return case
        below = [case for case in self.docket.under(above[0]) if case.state in BACKED and leads(case)]
        below = below if kind == "kpi" else []
        return max(below, key=lambda case: (case.devices_down, -case.started), default=None)

    def leading(self, element: str, region: str) -> Iterator[Case]:
        """The outages above an element that explain it, nearest first."""
        return self._leading(self.topology.names_above(element, region)[1:])

    def _leading(self, above: list[str]) -> Iterator[Case]:
        for name in above:
            for case in self.docket.about(name):
                restored = case.whole_region and case.state == "restored"
                if case.state in JOINED and not restored and leads(case):
                    yield case

    def _weak(self, above: list[str]) -> Iterator[Case]:
        """The open outages about one of these that no device backs."""
        for name in above:
            for case in self.docket.about(name):
                if case.state == "suspected" and case.candidates and not leads(case):
                    yield case

    def _earlier(self, case: Case, onset: int) -> bool:
        """Whether KPIs alone have suspected it for so long that what began at `onset` is something else."""
        figures = bool(case.candidates) and {family(name) for name in case.candidates} <= {"kpi", "degradation"}
        began = [case.onsets.get(name, case.started) for name in case.candidates]
        return figures and not leads(case) and all(abs(time - onset) > self.window for time in began)

    def _kpi(self, case: Case) -> bool:
        return any(family(name) == "kpi" for name in case.candidates)

    def _below(self, name: str, but: Case | None, onset: int) -> list[Case]:
        """The suspected outages of devices at or below an element or region that began with `onset` (epoch ms)."""
        return [
            case
            for case in self.docket.under(name)
            if case.state in ("suspected", "unknown") and began_with(case, onset, self.window) and case != but
        ]

    def _new(self, event: Signal, element: str, onset: int, *, whole: bool) -> Case:
        case = Case(
            outage_id=outage_id(element, onset),
            region=event.region or "",
            element=element,
            whole_region=whole,
            started=onset,
            state="flapping" if event.detector == "flapping" else "suspected",
            since=event.time,
            detected=event.time,
        )
        work = self.works.explaining(case, event.time)
        if work is None or work.late is not None:
            return case
        return replace(case, state="planned", maintenance_id=work.maintenance_id, cause="planned")

    # -- mergers

    def _absorb(self, unit: Unit, event: Signal, case: Case, above: list[str]) -> None:
        """Merges what the outage explains: the suspicions that detect gave up for it, and KPIs that agree."""
        given_up = {candidate(event.partition, "", name) for name in event.absorbs}
        ids = dict.fromkeys(self.docket.behind[name] for name in sorted(given_up) if name in self.docket.behind)
        parts = [] if event.detector == "flapping" else self._agreeing(case, above)
        for outage in ids:
            other = self.docket.cases[outage]
            left = [name for name in other.candidates if name not in given_up]
            if strong(left) and above[0] not in self.docket.lineage(other):
                self.ledger.step(unit, other, Replaced(tuple(sorted(given_up)), event.time))
            else:
                parts.append(other)
        for outage in dict.fromkeys(part.outage_id for part in parts):
            part = self.docket.cases[outage]
            if outage == case.outage_id:
                continue
            if case.state != "planned" or part.state == "planned":
                self.merge(unit, part, case, event.time, given_up)
            elif part.state not in OVER:
                ends = tuple(name for name in part.candidates if name in given_up)
                self.ledger.step(unit, case, Adopted((), event.time, ends=ends))
            case = self.docket.cases[case.outage_id]
        for outage in (case.outage_id, *(outage for outage in ids if self.docket.cases[outage].state in OVER)):
            self.ledger.step(unit, self.docket.cases[outage], Replaced(tuple(sorted(given_up)), event.time))

    def _agreeing(self, case: Case, above: list[str]) -> list[Case]:
        agreeing = [weak for weak in self._weak(above) if self._kpi(weak) or weak.element == case.element]
        return agreeing + [
            weak for weak in self.docket.under(above[0]) if weak.state in ("suspected", "flapping") and not leads(weak)
        ]

    def merge(self, unit: Unit, smaller: Case, into: Case, time: int, given_up: set[str] | None = None) -> None:
        """Merges an outage into the one that explains it; of its suspicions, those that were given up end."""
        if self.ledger.step(unit, smaller, Absorbed(into.outage_id, time)) is not smaller:
            self.hand_over(unit, smaller, into, time, given_up)

    def hand_over(self, unit: Unit, smaller: Case, into: Case, time: int, given_up: set[str] | None = None) -> None:
        """Gives the suspicions of an outage, as it was before it was merged, to the one it was merged into."""
        kept = tuple(name for name in smaller.candidates if name not in (given_up or ()))
        within = not leads(smaller) or not set(names(into)).isdisjoint(self.docket.lineage(smaller))
        elsewhere = () if within else tuple(names(smaller))
        known = smaller.confirmed is not None
        evidence = () if leads(smaller) else smaller.evidence[:1]
        onsets = {name: smaller.onsets.get(name, smaller.started) for name in kept}
        adopted = Adopted(
            kept, time, smaller.collectors, known, elsewhere, evidence, smaller.gasps, smaller.ends, onsets
        )
        self.ledger.step(unit, into, adopted)

    def adopt(
        self, unit: Unit, parts: list[Case], into: Case, time: int, evidence: Evidence, *, independent: bool
    ) -> None:
        """Merges outages into their root all at once. `independent`: their sources confirm it together with its own."""
        candidates = tuple(name for part in parts for name in part.candidates)
        collectors = tuple(sorted({name for part in parts for name in part.collectors}))
        gasps = {name: count for part in parts for name, count in part.gasps.items()}
        known = independent or any(part.confirmed is not None for part in parts)
        told = (evidence, *(part.evidence[0] for part in parts if part.evidence))
        ends = tuple(name for part in parts for name in part.ends)
        onsets = {name: part.onsets.get(name, part.started) for part in parts for name in part.candidates}
        what = Adopted(candidates, time, collectors, known, (), told, gasps, ends, onsets)
        root = self.ledger.step(unit, into, what)
        for part in parts:
            self.ledger.step(unit, part, Absorbed(root.outage_id, time))
