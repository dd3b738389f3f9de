"""Planned work on its way to every customer partition: what it takes down, and what becomes of it. Pure.

    network.maintenance ──> Interruption ──┬─ the window, status or an end that was not kept ──> a header
    inventory ──> what hangs on it ────────┴─ another set of elements ──> chunks, one a unit ──> outages.impact

    planned ──> started ──> completed        turn + 1: moved to another window, or taken up again after it was over
        └─────────┴───────> cancelled        late + 1: `end` passed without a word, or was put off while it goes on

What has two ways up is taken down only when all of them end in the work. A work that is deleted before its end did not
take place; later, it is done. Rows: `w/<maintenance id>` Interruption.
Invariant: what is told of a work follows from its row and the topology alone, so a restart sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.impact import IMPACT, cut, part
from forewarn.stream.outages.outbox import wire
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.rows import Shelf
from forewarn.stream.outages.topology import Topology
from forewarn.topics.events.network import Maintenance
from forewarn.topics.events.works import WorkChunk, WorkStatus
from forewarn.topics.instants import to_ms

#: States after which nothing more is to come of a work, unless it is taken up again.
OVER = frozenset({"completed", "cancelled"})


class Interruption(Struct, frozen=True, array_like=True, gc=False):
    """One planned work; times are epoch ms. `names`: what it is on, elements or regions.

    `missed` is the last end that passed without a word. `revision` and `sent` are of what was told last, `digest` is of
    its set; `next` is the chunk of the set that is to be sent, `chunks` when all are through.
    """

    names: tuple[str, ...]
    start: int
    end: int
    status: WorkStatus
    reason: str | None = None
    turn: int = 0
    previous: tuple[int, int] | None = None
    late: int = 0
    promised: int = 0
    missed: int = 0
    ended: int | None = None
    revision: int = 0
    set_revision: int = 0
    chunks: int = 0
    next: int = 0
    digest: bytes = b""
    sent: int = 0

    @property
    def over(self) -> bool:
        """Whether it took place, or never will."""
        return self.status in OVER

    @property
    def last(self) -> int:
        """When it ended, or was to end."""
        return self.end if self.ended is None else max(self.end, self.ended)


INTERRUPTIONS = Shelf("w/", Interruption)


class Interruptions:
    """All planned work that customers may have to be told of. `customers`: the number of their partitions."""

    def __init__(self, policy: OutagePolicy, topology: Topology, customers: int) -> None:
        self.policy = policy
        self.topology = topology
        self.partitions = tuple(range(customers))
        self.works: dict[str, Interruption] = {}
        self._on: dict[str, dict[str, None]] = {}
        self._stale: dict[str, None] = {}
        self._pending: set[str] = set()  #: works whose set is on its way

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index. All sets are compared anew: what was stale is forgotten."""
        for key, value in table.items():
            if key.startswith(INTERRUPTIONS.prefix):
                self._set(INTERRUPTIONS.name(key), INTERRUPTIONS.unpack(value))
        self._stale = dict.fromkeys(sorted(self.works))

    def fold(self, unit: Unit, name: str, event: Maintenance | None) -> None:
        """Takes planned work, or its deletion."""
        was = self.works.get(name)
        now = revised(was, event, unit.now, int(self.policy.keep_s * 1000))
        if now is not None and now != was:
            self._tell(unit, name, now)

    def moved(self, element: str, region: str) -> None:
        """What is known of an element changed, or is about to: sets of works around it are stale."""
        if self._on:
            for place in (region, *self.topology.above(element)):
                self._stale |= self._on.get(place, {})

    def tick(self, unit: Unit, overrunning: Callable[[], set[str]]) -> None:
        """Sees which ends were not kept, and what else hangs on works by now; forgets what is long over.

        `overrunning`: works whose devices are down beyond their window.
        """
        dark: set[str] | None = None
        for name, work in sorted(self.works.items()):
            if unit.now > work.last + self.policy.keep_s * 1000:
                self._forget(unit, name)
                continue
            if not work.over and work.missed != work.end and unit.now >= work.end + self.policy.overdue_s * 1000:
                dark = overrunning() if dark is None else dark
                if work.status == "started" or name in dark:
                    missed = replace(work, late=work.late + 1, promised=work.end, missed=work.end)
                    self._tell(unit, name, missed)
        for name in sorted(name for name in self._stale if self._calm(unit, self.works[name])):
            del self._stale[name]
            work = self.works[name]
            if not work.over and _digest(self.reach(work)) != work.digest:
                self._tell(unit, name, work)

    def work(self, unit: Unit) -> bool:
        """Sends one chunk of a set on its way. True while more is left."""
        if self._pending:
            name = min(self._pending)
            work = self.works[name]
            self._send(unit, name, work, work.next, part(self.reach(work), work.next, work.chunks))
            self._keep(unit, name, replace(work, next=work.next + 1))
        return bool(self._pending)

    def reach(self, work: Interruption) -> list[str]:
        """The elements that the work takes down, sorted: what it names, and what hangs on that alone."""
        topology = self.topology
        found = dict.fromkeys(work.names)
        for name in work.names:
            found |= dict.fromkeys(topology.regions.get(name, ()))
        queue = list(found)
        for name in queue:
            for child in topology.children.get(name, ()):
                if child not in found and all(parent in found for parent in topology.elements[child].parents):
                    found[child] = None
                    queue.append(child)
        return sorted(found)

    def late(self) -> list[str]:
        """The works that go on beyond an end that was promised, and are not over."""
        return sorted(name for name, work in self.works.items() if work.late and not work.over)

    def _calm(self, unit: Unit, work: Interruption) -> bool:
        return unit.now - work.sent >= self.policy.impact_s * 1000

    def _tell(self, unit: Unit, name: str, work: Interruption) -> None:
        """Sends the work as its next revision: a header, or its set by and by when that is another."""
        elements = self.reach(work)
        digest = _digest(elements)
        work = replace(work, revision=max(work.revision + 1, unit.now), sent=unit.now)
        if digest != work.digest or work.next < work.chunks:
            work = replace(work, digest=digest, set_revision=work.revision, chunks=cut(len(elements)), next=0)
        else:
            self._send(unit, name, work, 0, None)
        self._keep(unit, name, work)
        unit.note("work", name, "late" if work.late and not work.over else "")

    def _send(self, unit: Unit, name: str, work: Interruption, chunk: int, elements: tuple[str, ...] | None) -> None:
        record = WorkChunk(
            maintenance_id=name,
            revision=work.revision,
            time=work.sent,
            status=work.status,
            start=work.start,
            end=work.end,
            elements_revision=work.set_revision,
            chunk=chunk,
            chunks=work.chunks,
            turn=work.turn,
            elements=elements,
            previous=work.previous,
            late=work.late,
            promised=work.promised,
            ended=work.ended,
            region=self._region(work),
            reason=work.reason,
        )
        unit.emit(IMPACT, f"work/{name}/{chunk}".encode(), wire(record), partitions=self.partitions)

    def _region(self, work: Interruption) -> str | None:
        """The one region of all that is named; None when there are several, or none is known."""
        known = self.topology.elements
        found = {known[name].region for name in work.names if name in known}
        found |= {name for name in work.names if self.topology.regions.get(name)}
        return next(iter(found)) if len(found) == 1 else None

    def _keep(self, unit: Unit, name: str, work: Interruption) -> None:
        self._set(name, work)
        unit.put(INTERRUPTIONS.key(name), INTERRUPTIONS.pack(work))

    def _set(self, name: str, work: Interruption | None) -> None:
        was = self.works.pop(name, None)
        self._pending.discard(name)
        for place in dict.fromkeys(was.names) if was is not None else ():
            self._on[place].pop(name, None)
            if not self._on[place]:
                del self._on[place]
        if work is not None:
            self.works[name] = work
            if work.next < work.chunks:
                self._pending.add(name)
            for place in work.names:
                self._on.setdefault(place, {})[name] = None

    def _forget(self, unit: Unit, name: str) -> None:
        self._set(name, None)
        self._stale.pop(name, None)
        unit.delete(INTERRUPTIONS.key(name))
        unit.note("work", name, "")


def revised(was: Interruption | None, event: Maintenance | None, now: int, keep: int) -> Interruption | None:
    """The work after an event at `now` (epoch ms); None when nobody has to hear of it.

    What is over when it is first heard of, or was to end more than `keep` ms ago, concerns nobody.
    """
    if event is None:
        return _deleted(was, now)
    start, end = to_ms(event.start), to_ms(event.end)
    if was is None:
        known = Interruption(event.elements, start, end, event.status, event.reason)
        return None if known.over or end + keep < now else known
    work = replace(was, names=event.elements, reason=event.reason, status=event.status)
    if event.status in OVER:
        return was if was.over else replace(work, ended=now)
    if was.over:
        return replace(_fresh(work, start, end), turn=was.turn + 1)
    if event.status == "planned" and (start, end) != (was.start, was.end):
        return replace(_fresh(work, start, end), turn=was.turn + 1, previous=(was.start, was.end))
    if was.status == "started" and end > was.end:
        return replace(work, start=start, end=end, late=was.late + 1, promised=was.end)
    return replace(work, start=start, end=end)


def _deleted(was: Interruption | None, now: int) -> Interruption | None:
    if was is None or was.over:
        return was
    never = was.status == "planned" and now < was.end
    return replace(was, status="cancelled" if never else "completed", ended=now)


def _fresh(work: Interruption, start: int, end: int) -> Interruption:
    """The work with another window, of which nothing has happened yet."""
    return replace(work, start=start, end=end, previous=None, late=0, promised=0, missed=0, ended=None)


def _digest(elements: list[str]) -> bytes:
    return blake2b("\0".join(elements).encode(), digest_size=8).digest()
