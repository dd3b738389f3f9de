"""The outages that correlate leads, by what they are about, what is above that, and what is behind them. Pure.

    agg-1 ──┬── olt-1 (outage A)      about: element/olt-1 -> A
            └── olt-2                 under: element/agg-1 -> A, region/north -> A
    suspicion 0:element/olt-1         behind: 0:element/olt-1 -> A

Invariant: all of it follows from the cases and the topology, so that a restart finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush

from forewarn.stream.outages.case import OPEN, OVER, Case, name_of, unseen_name
from forewarn.stream.outages.topology import Topology


class Docket:
    """All cases by id, and their indexes. `partition_of` gives the region partition of a region."""

    def __init__(self, topology: Topology, partition_of: Callable[[str], int], keep_ms: int) -> None:
        self.topology = topology
        self.partition_of = partition_of
        self.keep_ms = keep_ms
        self.cases: dict[str, Case] = {}
        self.behind: dict[str, str] = {}  #: suspicion -> outage
        self.stale: dict[str, None] = {}  #: outages whose set of elements may have changed
        self.confirmed: dict[str, None] = {}  #: outages in this state
        self.outlived: dict[str, None] = {}  #: outages that are over, but not for all that was suspected
        self._about: dict[str, dict[str, None]] = {}  #: `name_of` -> outages that are not over
        self._under: dict[str, dict[str, None]] = {}  #: `name_of` -> outages at or below it that are not over
        self._placed: dict[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {}  #: outage -> under, about, partition
        self._living: dict[int, dict[str, None]] = {}  #: region partition -> outages that are not over
        self._ends: dict[int, list[tuple[int, str]]] = {}  #: region partition -> (when to forget, outage)

    def put(self, case: Case) -> None:
        """Adds a case, or puts its newest shape in place of the old one."""
        was = self.cases.get(case.outage_id)
        self.cases[case.outage_id] = case
        if was is None or was.candidates != case.candidates:
            self._unhand(was)
            for candidate in case.candidates:
                self.behind[candidate] = case.outage_id
        _mark(self.stale, case.outage_id, held=bool(case.stale))
        _mark(self.confirmed, case.outage_id, held=case.state == "confirmed")
        outlived = case.state in OVER and case.outlived is not None and bool(case.candidates)
        _mark(self.outlived, case.outage_id, held=outlived)
        if case.state in OVER:
            self._unplace(case)
            if was is None or (was.state, was.since, was.candidates) != (case.state, case.since, case.candidates):
                ends = self._ends.setdefault(self.partition_of(case.region), [])
                heappush(ends, (case.since + self.keep_ms, case.outage_id))
        elif was is None or was.state in OVER or tuple(names(was)) != tuple(names(case)):
            self._place(case)

    def remove(self, case: Case) -> None:
        """Forgets a case."""
        self._unhand(case)
        self._unplace(case)
        _mark(self.stale, case.outage_id, held=False)
        _mark(self.confirmed, case.outage_id, held=False)
        _mark(self.outlived, case.outage_id, held=False)
        del self.cases[case.outage_id]

    def rewire(self, element: str) -> None:
        """What is above an element has changed: so has what the outages at or below it are under."""
        for outage in list(self._under.get(f"element/{element}", ())):
            self._place(self.cases[outage])

    def _unhand(self, case: Case | None) -> None:
        if case is not None:
            for candidate in case.candidates:
                if self.behind.get(candidate) == case.outage_id:
                    del self.behind[candidate]

    def _place(self, case: Case) -> None:
        self._unplace(case)
        under, about = tuple(self.lineage(case)), tuple(names(case))
        partition = self.partition_of(case.region)
        self._placed[case.outage_id] = under, about, partition
        for name in under:
            self._under.setdefault(name, {})[case.outage_id] = None
        for name in about:
            self._about.setdefault(name, {})[case.outage_id] = None
        self._living.setdefault(partition, {})[case.outage_id] = None

    def _unplace(self, case: Case) -> None:
        under, about, partition = self._placed.pop(case.outage_id, ((), (), -1))
        for name in under:
            _discard(self._under, name, case.outage_id)
        for name in about:
            _discard(self._about, name, case.outage_id)
        if partition >= 0:
            del self._living[partition][case.outage_id]

    def lineage(self, case: Case) -> Iterator[str]:
        """The names of everything that the case is at or below."""
        if case.whole_region:
            yield f"region/{case.region}"
            return
        yield from self.topology.names_above(case.element, case.region)

    # -- what is found

    def about(self, name: str) -> list[Case]:
        """The outages about one element or region that are not over: those that are open first, then the youngest."""
        found = [self.cases[outage] for outage in self._about.get(name, ())]
        return sorted(found, key=lambda case: (case.state not in OPEN, -case.started, case.outage_id))

    def flaps(self, case: Case) -> bool:
        """Whether what an outage is about comes and goes by now."""
        return any(other.state == "flapping" for other in self.touching(places(case)))

    def under(self, name: str) -> list[Case]:
        """The outages about an element or region, or about something below it, that are not over."""
        return [self.cases[outage] for outage in sorted(self._under.get(name, ()))]

    def touching(self, names: Iterable[str]) -> Iterator[Case]:
        """The outages about any of these that are not over, each once."""
        seen: set[str] = set()
        for name in names:
            for outage in self._about.get(name, ()):
                if outage not in seen:
                    seen.add(outage)
                    yield self.cases[outage]

    def living(self, partition: int) -> list[Case]:
        """The outages of one region partition that are not over, by id."""
        return [self.cases[outage] for outage in sorted(self._living.get(partition, ()))]

    def all_living(self) -> list[Case]:
        """All outages that are not over, by id."""
        return [self.cases[outage] for outage in sorted(outage for each in self._living.values() for outage in each)]

    def outworn(self, partition: int, time: int) -> list[Case]:
        """The outages of a partition that have been over for so long, at `time`, that they are forgotten.

        One that lost a suspicion after its end was noted twice, and is named once.
        """
        found: dict[str, Case] = {}
        ends = self._ends.get(partition, [])
        while ends and ends[0][0] <= time:
            due, outage = heappop(ends)
            case = self.cases.get(outage)
            if case is not None and case.state in OVER and due == case.since + self.keep_ms and not case.candidates:
                found[outage] = case
        return list(found.values())


def names(case: Case) -> Iterator[str]:
    """What an outage is about, in words. What is unseen of a region explains nothing there while it is unknown."""
    if case.unseen and case.state == "unknown":
        yield unseen_name(case.region)
    else:
        yield from places(case)


def places(case: Case) -> Iterator[str]:
    """The elements and regions that an outage covers, in words."""
    yield name_of(case.element, case.region, whole_region=case.whole_region)
    yield from case.also


def _mark(index: dict[str, None], outage: str, *, held: bool) -> None:
    if held:
        index[outage] = None
    else:
        index.pop(outage, None)


def _discard(index: dict[str, dict[str, None]], name: str, outage: str) -> None:
    held = index.get(name)
    if held is not None:
        held.pop(outage, None)
        if not held:
            del index[name]
