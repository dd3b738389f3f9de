"""The down serving elements of outages, on their way to every customer partition: one chunk a unit. Pure.

    Job (revision, next chunk) ──work()──> chunk 0 │ unit │ chunk 1 │ unit │ ... ──> done

Which chunk an element is in follows from its name, so that a job needs no copy of the set and goes on after a restart.
Rows: `j/<outage id>` Job.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.outbox import CHUNK, wire
from forewarn.stream.outages.rows import Shelf
from forewarn.topics.events.outages import ImpactChunk, ProgressMark

IMPACT = "outages.impact"
#: Ids per chunk that the cut aims at, so that no chunk grows above `CHUNK` by chance.
AIM = 4000


class Job(Struct, frozen=True, array_like=True, gc=False):
    """One set on its way. `time` is the event time (epoch ms) of what changed it."""

    next: int
    chunks: int
    time: int


JOBS = Shelf("j/", Job)


def cut(total: int) -> int:
    """How many chunks a set of `total` ids is cut into."""
    return 1 if total <= CHUNK else -(-total // AIM)


def part(elements: list[str], chunk: int, chunks: int) -> tuple[str, ...]:
    """The ids of one chunk, in order."""
    if chunks == 1:
        return tuple(elements)
    return tuple(element for element in elements if crc32(element.encode()) % chunks == chunk)


class Jobs:
    """The sets on their way, oldest first."""

    def __init__(self, customers: int) -> None:
        self.partitions = tuple(range(customers))
        self.jobs: dict[str, Job] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the queue, by age."""
        found = {JOBS.name(key): JOBS.unpack(value) for key, value in table.items() if key.startswith(JOBS.prefix)}
        self.jobs = dict(sorted(found.items(), key=lambda item: (item[1].time, item[0])))

    def start(self, unit: Unit, outage: str, chunks: int, time: int) -> None:
        """Begins a set, in the place of an older one that is not through yet."""
        was = self.jobs.pop(outage, None)
        self._put(unit, outage, Job(0, chunks, min(time, was.time) if was is not None else time))

    def advance(self, unit: Unit, outage: str) -> None:
        """Notes that a job's next chunk was sent."""
        job = self.jobs[outage]
        if job.next + 1 < job.chunks:
            self._put(unit, outage, Job(job.next + 1, job.chunks, job.time))
        else:
            self.drop(unit, outage)

    def drop(self, unit: Unit, outage: str) -> None:
        """Ends a job."""
        if self.jobs.pop(outage, None) is not None:
            unit.delete(JOBS.key(outage))

    def _put(self, unit: Unit, outage: str, job: Job) -> None:
        self.jobs[outage] = job
        unit.put(JOBS.key(outage), JOBS.pack(job))

    def send(self, unit: Unit, chunk: ImpactChunk) -> None:
        """Sends one chunk, or a header, to every customer partition."""
        key = f"{chunk.outage_id}/{chunk.chunk}".encode()
        unit.emit(IMPACT, key, wire(chunk), partitions=self.partitions)

    def mark(self, unit: Unit, event_time: int) -> None:
        """Sends a progress mark to every customer partition."""
        unit.emit(IMPACT, b"progress", wire(ProgressMark(unit.now, event_time)), partitions=self.partitions)
