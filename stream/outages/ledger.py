"""All outages that correlate leads, and the publishing of their revisions. Pure.

    lifecycle.step ──> Case changed ──> revision + 1 ──> outages, outages.revisions
                                             └── set of elements changed? ── yes ──> Job: outages.impact in chunks
                                                                         └── no ───> a header to outages.impact

Rows: `o/<outage id>` Case, `n/<outage id>` Counts (customers, by partition).
Invariant: every published change has a new revision; the row, the revision and its job are one unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import lifecycle
from forewarn.stream.outages.case import CASES, OPEN, OVER, Case, impact, name_of, outage
from forewarn.stream.outages.etr import Estimates
from forewarn.stream.outages.extent import Extent, extent
from forewarn.stream.outages.impact import Jobs, cut, part
from forewarn.stream.outages.lifecycle import Input
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.topology import Topology
from forewarn.topics.events.outages import Affected

#: States whose set of elements follows the network.
LIVE = OPEN - {"monitoring"}


class Counts(Struct, frozen=True, array_like=True, gc=False):
    """Customers of an outage in each customer partition: (revision that was answered, customers)."""

    by_partition: dict[int, tuple[int, int]]

    def total(self) -> int:
        """Customers altogether."""
        return sum(customers for _, customers in self.by_partition.values())


COUNTS = Shelf("n/", Counts)


class Ledger:
    """The outages by id, by what they are about, and by the suspicions behind them."""

    def __init__(self, policy: OutagePolicy, topology: Topology, jobs: Jobs) -> None:
        self.policy = policy
        self.topology = topology
        self.jobs = jobs
        self.estimates = Estimates(policy.etr)
        self.cases: dict[str, Case] = {}
        self.about: dict[str, str] = {}  #: `name_of` -> the outage that is open, or restored and may reopen
        self.behind: dict[str, str] = {}  #: suspicion of detect -> outage
        self.counts: dict[str, Counts] = {}
        self.recounted: dict[str, None] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the indexes."""
        self.estimates.restore(table)
        for key, value in table.items():
            if key.startswith(CASES.prefix):
                self._index(CASES.unpack(value))
            elif key.startswith(COUNTS.prefix):
                self.counts[COUNTS.name(key)] = COUNTS.unpack(value)
        for name, counts in sorted(self.counts.items()):
            if name in self.cases and self.cases[name].customers != counts.total():
                self.recounted[name] = None

    def _index(self, case: Case) -> None:
        name = name_of(case.element, case.region, whole_region=case.whole_region)
        was = self.cases.get(case.outage_id)
        for candidate in was.candidates if was is not None else ():
            self.behind.pop(candidate, None)
        for candidate in case.candidates:
            self.behind[candidate] = case.outage_id
        self.cases[case.outage_id] = case
        if case.state not in OVER:
            self.about[name] = case.outage_id
        elif self.about.get(name) == case.outage_id:
            del self.about[name]

    def find(self, element: str, region: str, *, whole_region: bool) -> Case | None:
        """The outage that is about this element or region, or about something above it."""
        names = [] if whole_region else [f"element/{above}" for above in self.topology.above(element)]
        for name in (*names, f"region/{region}"):
            if name in self.about:
                return self.cases[self.about[name]]
        return None

    # -- changes

    def step(self, unit: Unit, case: Case, what: Input) -> Case:
        """Folds an input into an outage and publishes what it changes."""
        after = lifecycle.step(self.policy, case, what)
        if after is case:
            return case
        if after.state == "closed" != case.state:
            self.estimates.learn(unit, after)
        return self.publish(unit, after, what.time)

    def publish(self, unit: Unit, case: Case, time: int) -> Case:
        """Publishes a case as its next revision; `time` is the event time of what changed it."""
        reach = self._extent(case)
        case = replace(
            case,
            revision=case.revision + 1,
            devices_down=reach.devices_down,
            devices_expected=reach.devices_expected,
        )
        elements = reach.elements if case.state in LIVE or not case.revision else None
        digest = _digest(elements) if elements is not None else case.digest
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
        key = case.outage_id.encode()
        unit.emit("outages", key, wire(outage(case, unit.now)), partitions=(0,))
        unit.emit("outages.revisions", key, wire(outage(case, unit.now, elements)), partitions=(0,))
        return case

    def _extent(self, case: Case) -> Extent:
        scope = self.topology.scope(case.element, case.region, whole_region=case.whole_region)
        root = None if case.whole_region else case.element
        return extent(self.topology, scope, root=root, declared=case.declared, share=self.policy.explain_share)

    def _keep(self, unit: Unit, case: Case) -> None:
        self._index(case)
        unit.put(CASES.key(case.outage_id), CASES.pack(case))

    def moved(self, unit: Unit, element: str, region: str, time: int) -> None:
        """An element went down or came back: the sets of the outages above it are stale."""
        for name in (*(f"element/{above}" for above in self.topology.above(element)), f"region/{region}"):
            case = self.cases[self.about[name]] if name in self.about else None
            if case is not None and not case.stale and case.state in OPEN:
                self._keep(unit, replace(case, stale=time))

    def counted(self, unit: Unit, event: Affected) -> None:
        """Takes how many customers of an outage one partition has."""
        case = self.cases.get(event.outage_id)
        if case is None:
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
        """Publishes sets and totals that have changed, at most every `impact_s` for one outage."""
        for name, case in sorted(self.cases.items()):
            counts = self.counts.get(name)
            total = counts.total() if counts is not None and name in self.recounted else case.customers
            due = case.stale and unit.now - case.sent >= self.policy.impact_s * 1000
            if total != case.customers:
                self.publish(unit, replace(case, customers=total), time)
            elif (due and self._differs(case)) or self.estimates.judged(case, time) is not case:
                self.publish(unit, case, time)
            elif due:
                self._keep(unit, replace(case, stale=0))
        self.recounted.clear()

    def _differs(self, case: Case) -> bool:
        reach = self._extent(case)
        devices = (reach.devices_down, reach.devices_expected) != (case.devices_down, case.devices_expected)
        return devices or (case.state in LIVE and _digest(reach.elements) != case.digest)

    def purge(self, unit: Unit, case: Case, time: int) -> None:
        """Forgets an outage that has been over for long, here and on the compacted topic."""
        if case.state in OVER and not case.candidates and time - case.since >= self.policy.keep_s * 1000:
            del self.cases[case.outage_id]
            unit.delete(CASES.key(case.outage_id))
            if self.counts.pop(case.outage_id, None) is not None:
                unit.delete(COUNTS.key(case.outage_id))
            self.jobs.drop(unit, case.outage_id)
            unit.emit("outages", case.outage_id.encode(), None, partitions=(0,))

    def pending(self) -> int | None:
        """The event time (epoch ms) of the oldest change that the customers' partitions do not have; None: all have."""
        times = [case.stale for case in self.cases.values() if case.stale]
        times += [job.time for job in self.jobs.jobs.values()]
        return min(times, default=None)

    def work(self, unit: Unit) -> bool:
        """Sends one chunk of the oldest set on its way. True while more is left."""
        if self.jobs.jobs:
            name, job = next(iter(self.jobs.jobs.items()))
            case = self.cases[name]
            elements = part(self._extent(case).elements, job.next, job.chunks)
            self.jobs.send(unit, impact(case, unit.now, job.next, elements))
            self.jobs.advance(unit, name)
        return bool(self.jobs.jobs)


def _digest(elements: list[str]) -> bytes:
    return blake2b("\0".join(elements).encode(), digest_size=8).digest()
