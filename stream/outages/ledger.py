"""All outages that correlate leads, and the publishing of their revisions. Pure.

    lifecycle.step ──> Case changed ──> revision + 1 ──> outages, outages.revisions
                                             └── set of elements changed? ── yes ──> Job: outages.impact in chunks
                                                                         └── no ───> a header to outages.impact

Rows: `o/<outage id>` Case, `n/<outage id>` Counts (customers, by partition).
Invariant: every published change has a new revision, and no revision is published that shows nothing new; the row, the
revision and its job are one unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import lifecycle
from forewarn.stream.outages.case import CASES, OPEN, OVER, Case, impact, outage, unseen_name
from forewarn.stream.outages.docket import Docket, places
from forewarn.stream.outages.etr import Estimates
from forewarn.stream.outages.extent import Extent, Unseen, extent
from forewarn.stream.outages.impact import Jobs, cut, part
from forewarn.stream.outages.lifecycle import Input
from forewarn.stream.outages.measures import measures
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.sources import leads
from forewarn.stream.outages.storm import COUNTS, Counts, held
from forewarn.stream.outages.topology import Topology
from forewarn.topics.events.outages import Affected

#: States whose set of elements follows the network.
LIVE = OPEN - {"monitoring"}

#: States in which what is down is an outage's own, if it was confirmed.
HELD = frozenset({"confirmed", "monitoring"})


class Ledger:
    """The outages, their sets of elements and their customers. `partition_of` gives a region's partition."""

    def __init__(
        self, policy: OutagePolicy, topology: Topology, jobs: Jobs, partition_of: Callable[[str], int] = lambda _: 0
    ) -> None:
        self.policy = policy
        self.topology = topology
        self.jobs = jobs
        self.estimates = Estimates(policy.etr, topology)
        self.docket = Docket(topology, partition_of, int(policy.keep_s * 1000))
        self.counts: dict[str, Counts] = {}
        self.recounted: dict[str, None] = {}
        self._reaches: dict[str, tuple[object, Extent]] = {}  #: computed sets of elements; what moves takes its own out

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the indexes."""
        self.estimates.restore(table)
        for key, value in table.items():
            if key.startswith(CASES.prefix):
                self.docket.put(CASES.unpack(value))
            elif key.startswith(COUNTS.prefix):
                self.counts[COUNTS.name(key)] = COUNTS.unpack(value)
        for name, counts in sorted(self.counts.items()):
            case = self.docket.cases.get(name)
            if case is not None and case.customers != counts.total():
                self.recounted[name] = None

    # -- changes

    def step(self, unit: Unit, case: Case, what: Input) -> Case:
        """Folds an input into an outage and publishes what it changes."""
        after = lifecycle.step(self.policy, case, what)
        if after is case:
            return case
        if after.state == "closed" != case.state:
            self.estimates.learn(unit, after)
        if case.revision and _shown(after) == _shown(case):
            self._keep(unit, after)
            return after
        return self.publish(unit, after, what.time)

    def publish(self, unit: Unit, case: Case, time: int) -> Case:
        """Publishes a case as its next revision; `time` is the event time of what changed it."""
        reach = self.reach(case)
        case = replace(
            case,
            revision=case.revision + 1,
            devices_down=reach.devices_down,
            devices_expected=reach.devices_expected,
        )
        elements = reach.elements if case.state in LIVE or not case.revision else None
        digest = _digest(elements) if elements is not None else case.digest
        if case.state in OVER:
            self.jobs.drop(unit, case.outage_id)
        if elements is not None:
            case = replace(case, peak=max(case.peak, len(elements)))
        case = self.estimates.judged(case, time)
        if elements is not None and (digest != case.digest or case.outage_id in self.jobs.jobs):
            chunks = cut(len(elements))
            case = replace(case, elements_total=len(elements), elements_revision=case.revision, chunks=chunks)
            case = replace(case, digest=digest)
            self.jobs.start(unit, case.outage_id, chunks, case.stale or time)
        elif case.outage_id not in self.jobs.jobs:
            self.jobs.send(unit, impact(case, unit.now))
        case = replace(case, stale=0, sent=unit.now)
        self._keep(unit, case)
        key, told = case.outage_id.encode(), measures(case)
        unit.emit("outages", key, wire(outage(case, unit.now, told=told)), partitions=(0,))
        unit.emit("outages.revisions", key, wire(outage(case, unit.now, elements, told=told)), partitions=(0,))
        return case

    def reach(self, case: Case) -> Extent:
        """How far the outage reaches now."""
        scope = case.declared, case.also, case.said, _unseen(case)
        found = self._reaches.get(case.outage_id)
        if found is None or found[0] != scope:
            found = scope, self._judge(case)
            if case.state not in OVER:
                self._reaches[case.outage_id] = found
        return found[1]

    def _judge(self, case: Case) -> Extent:
        about = list(places(case))
        found = extent(
            self.topology,
            self.topology.scope(about),
            roots=[name.removeprefix("element/") for name in about if name.startswith("element/")],
            declared=case.declared,
            share=self.policy.explain_share,
            said=case.said,
            unseen=_unseen(case),
        )
        own = self._apart(case, about[0])
        return replace(found, elements=[name for name in found.elements if name not in own]) if own else found

    def _apart(self, case: Case, name: str) -> set[str]:
        """What lies below an outage and is held by another that was confirmed: nobody is told twice."""
        below = [other for other in self.docket.under(name) if other.state in HELD and other.confirmed is not None]
        apart = [other for other in below if next(places(other)) != name and other.outage_id != case.outage_id]
        return {element for other in apart for element in self.reach(other).elements}

    def _nudge(self, unit: Unit, case: Case, was: Case | None) -> None:
        """An outage began or ceased to hold what is its own: the sets of those above it are stale."""
        held = was is not None and was.state in HELD and was.confirmed is not None
        if held == (case.state in HELD and case.confirmed is not None):
            return
        for other in list(self.docket.touching(list(self.docket.lineage(case))[1:])):
            self._reaches.pop(other.outage_id, None)
            if not other.stale and other.state in OPEN and leads(other):
                self._keep(unit, replace(other, stale=max(case.since, 1)))

    def _keep(self, unit: Unit, case: Case) -> None:
        was = self.docket.cases.get(case.outage_id)
        if case.state in OVER:
            self._reaches.pop(case.outage_id, None)
        self.docket.put(case)
        unit.put(CASES.key(case.outage_id), CASES.pack(case))
        self._nudge(unit, case, was)

    def moved(self, unit: Unit, elements: Iterable[str], region: str, time: int) -> None:
        """Elements went down, came back or changed place: the sets of the outages around them are stale."""
        for case in self.docket.touching(self._around(elements, region)):
            self._reaches.pop(case.outage_id, None)
            if not case.stale and case.state in OPEN and leads(case):
                self._keep(unit, replace(case, stale=time))

    def _around(self, elements: Iterable[str], region: str) -> dict[str, None]:
        """What the elements are part of, and what shares a child with them."""
        found: dict[str, None] = {f"region/{region}": None, unseen_name(region): None}
        topology = self.topology
        for element in elements:
            for name in topology.above(element):
                if (word := f"element/{name}") in found:
                    continue
                found[word] = None
                known = topology.elements.get(name)
                if known is not None:
                    found[f"region/{known.region}"] = None
            for child in topology.children.get(element, ()):
                for other in topology.elements[child].parents:
                    found |= dict.fromkeys(f"element/{name}" for name in topology.above(other) if other != element)
        return found

    def grown(self, unit: Unit, case: Case, unseen: int) -> None:
        """More devices are out of sight than ever before in this outage."""
        self._keep(unit, replace(case, unseen=unseen))

    def counted(self, unit: Unit, event: Affected) -> None:
        """Takes how many customers of an outage one partition has, or when the first of them was told."""
        case = self.docket.cases.get(event.outage_id)
        if case is None:
            return
        if event.noticed is not None and (case.noticed is None or event.noticed < case.noticed):
            self._keep(unit, replace(case, noticed=event.noticed))
        if event.customers is None:
            return
        was = self.counts.get(event.outage_id, Counts({}))
        if was.by_partition.get(event.partition, (-1, 0))[0] > event.revision:
            return
        counts = Counts(dict(sorted({**was.by_partition, event.partition: (event.revision, event.customers)}.items())))
        if counts != was:
            self.counts[event.outage_id] = counts
            unit.put(COUNTS.key(event.outage_id), COUNTS.pack(counts))
            self.recounted[event.outage_id] = None

    # -- time

    def tick(self, unit: Unit, time: int) -> None:
        """Publishes sets and totals that have changed, at most every `impact_s` each; a first total at once."""
        for name in sorted({**self.docket.stale, **self.docket.confirmed, **self.recounted}):
            case = self.docket.cases.get(name)
            if case is None:
                continue
            counts = self.counts.get(name)
            total = counts.total() if counts is not None and name in self.recounted else case.customers
            calm = unit.now - case.sent >= self.policy.impact_s * 1000
            after = self._held(replace(case, customers=total), counts)
            counted = (total != case.customers and (calm or case.customers is None)) or after.hold != case.hold
            if (
                counted
                or (case.stale and calm and self._differs(case))
                or self.estimates.judged(case, time) is not case
            ):
                self.publish(unit, after, time)
            elif case.stale and calm:
                self._keep(unit, replace(case, stale=0))
            if total == case.customers or counted:
                self.recounted.pop(name, None)

    def _held(self, case: Case, counts: Counts | None) -> Case:
        return held(case, counts, self.policy.hold_customers, len(self.jobs.partitions)) if counts is not None else case

    def _differs(self, case: Case) -> bool:
        reach = self.reach(case)
        devices = (reach.devices_down, reach.devices_expected) != (case.devices_down, case.devices_expected)
        return devices or (case.state in LIVE and _digest(reach.elements) != case.digest)

    def purge(self, unit: Unit, partition: int, time: int) -> list[str]:
        """Forgets outages of a region partition that have been over for long, here and on the compacted topic."""
        forgotten = []
        for case in self.docket.outworn(partition, time):
            self.docket.remove(case)
            self._reaches.pop(case.outage_id, None)
            unit.delete(CASES.key(case.outage_id))
            if self.counts.pop(case.outage_id, None) is not None:
                unit.delete(COUNTS.key(case.outage_id))
            self.jobs.drop(unit, case.outage_id)
            unit.emit("outages", case.outage_id.encode(), None, partitions=(0,))
            forgotten.append(case.outage_id)
        return forgotten

    def pending(self) -> int | None:
        """The event time (epoch ms) of the oldest change that the customers' partitions do not have; None: all have."""
        times = [self.docket.cases[name].stale for name in self.docket.stale]
        times += [job.time for job in self.jobs.jobs.values()]
        return min(times, default=None)

    def work(self, unit: Unit) -> bool:
        """Sends one chunk of the oldest set on its way. True while more is left."""
        if self.jobs.jobs:
            name, job = next(iter(self.jobs.jobs.items()))
            case = self.docket.cases[name]
            elements = part(self.reach(case).elements, job.next, job.chunks)
            self.jobs.send(unit, impact(case, unit.now, job.next, elements))
            self.jobs.advance(unit, name)
        return bool(self.jobs.jobs)


def _shown(case: Case) -> Case:
    """What a revision shows of a case: the rest may change in silence."""
    silent = replace(case, candidates=(), collectors=(), actions=(), sighted=None, held=False, since=0, stale=0)
    silent = replace(silent, powerless=0, lightless=0, on_battery=False, hidden=False)
    return replace(silent, gasps={}, ends=(), onsets={}, outlived=None, unseen=0, blind_by=None)


def _unseen(case: Case) -> Unseen:
    """Whether what is unseen counts: nothing else does until it is confirmed."""
    if not case.unseen:
        return "not"
    return "only" if case.state == "unknown" else "too"


def _digest(elements: list[str]) -> bytes:
    return blake2b("\0".join(elements).encode(), digest_size=8).digest()
