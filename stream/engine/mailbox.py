"""What waits to be folded in one partition: a queue per source, taken by priority, and what is parked at a barrier.

impact     ▓▓        priority 0   ─┐
customers  ▓               1       ├─> next slice
usage      ▓▓▓▓▓▓▓▓▓       3      ─┘
marketing  ▓▓  parked until impact, customers, ... have been folded up to their ends
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter

from forewarn.stream.engine.role import Record, Source

#: Records in one slice at most: the step between two looks at the clock and at the unit's size.
SLICE = 1_000
#: Bytes of keys and values in one slice at most, unless one record alone is larger.
SLICE_BYTES = 256 * 1024
#: Records waiting in one source above which it is paused, and below which it is read again.
HIGH, LOW = 30_000, 10_000
#: Bytes waiting in one source above which it is paused.
HIGH_BYTES = 16 * 1024 * 1024


_KEY, _VALUE = attrgetter("key"), attrgetter("value")


class Batch(list[Record]):
    """The records of one record batch, perhaps none. `next_offset`: where the log goes on behind it.

    That is further than its last record where compaction or a transaction (its end, or all of it) left nothing to read.
    """

    __slots__ = ("next_offset",)

    def __init__(self, records: Iterable[Record], next_offset: int) -> None:
        super().__init__(records)
        self.next_offset = next_offset


class Slice:
    """A run of records of one source, perhaps none; the source goes on at `next_offset`.

    `ends` (topic -> offset): what must be folded before it; None: not yet known.
    """

    __slots__ = ("deadline", "ends", "next_offset", "records", "size")

    def __init__(self, records: Sequence[Record], size: int, next_offset: int) -> None:
        self.records = records
        self.size = size
        self.next_offset = next_offset
        self.ends: Mapping[str, int] | None = None
        self.deadline = float("inf")


def slices(batches: Sequence[Batch], offset: int) -> list[Slice]:
    """Cuts a fetched run into slices; records below `offset` are left out (they were folded before)."""
    records: Sequence[Record] = batches[0] if len(batches) == 1 else list(chain.from_iterable(batches))
    if records and records[0].offset < offset:
        records = [record for record in records if record.offset >= offset]
    cut: list[Slice] = []
    for start in range(0, len(records), SLICE):
        _cut(records[start : start + SLICE], cut)
    end = batches[-1].next_offset
    if cut:
        cut[-1].next_offset = end
    elif end > offset:  # nothing to fold, but what waits for this source to be read up to its end need not wait longer
        cut.append(Slice((), 0, end))
    return cut


def _cut(records: Sequence[Record], into: list[Slice]) -> None:
    try:
        size = sum(map(len, map(_VALUE, records))) + sum(map(len, map(_KEY, records)))
    except TypeError:  # a tombstone or a null key among them
        size = sum(len(record.value or b"") + len(record.key or b"") for record in records)
    if size > SLICE_BYTES and len(records) > 1:
        half = len(records) // 2
        _cut(records[:half], into)
        _cut(records[half:], into)
    else:
        into.append(Slice(records, size, records[-1].offset + 1))


class Mailbox:
    """Slices that wait, by source. `expected[topic]` is the next offset to accept."""

    def __init__(self, sources: Sequence[Source], expected: Mapping[str, int]) -> None:
        self.sources = sorted(sources, key=lambda source: source.priority)
        self.expected = dict(expected)
        self._queues: dict[str, deque[Slice]] = {source.topic: deque() for source in self.sources}
        self._records = dict.fromkeys(self._queues, 0)
        self._bytes = dict.fromkeys(self._queues, 0)

    def put(self, topic: str, batches: Sequence[Batch]) -> list[Slice]:
        """Accepts a fetched run; returns its slices (for the barrier)."""
        cut = slices(batches, self.expected[topic])
        for piece in cut:
            self._queues[topic].append(piece)
            self._records[topic] += len(piece.records)
            self._bytes[topic] += piece.size
        if cut:
            self.expected[topic] = cut[-1].next_offset
        return cut

    def next(self, folded: Mapping[str, int], now: float) -> tuple[str, Slice, bool] | None:
        """The next slice by priority, and whether its barrier has passed; None when nothing is ready.

        `folded`: next offset to fold by topic. `now`: monotonic seconds.
        """
        for source in self.sources:
            queue = self._queues[source.topic]
            if not queue:
                continue
            fresh = True
            if source.barrier:
                head = queue[0]
                fresh = head.ends is not None and all(folded[topic] >= end for topic, end in head.ends.items())
                if not fresh and now < head.deadline:
                    continue
            piece = queue.popleft()
            self._records[source.topic] -= len(piece.records)
            self._bytes[source.topic] -= piece.size
            return source.topic, piece, fresh
        return None

    def full(self, topic: str) -> bool:
        """Whether the source should be paused."""
        return self._records[topic] >= HIGH or self._bytes[topic] >= HIGH_BYTES

    def low(self, topic: str) -> bool:
        """Whether a paused source may be read again."""
        return self._records[topic] < LOW and self._bytes[topic] < HIGH_BYTES // 2

    def waiting(self, topic: str) -> int:
        """Records that wait in one source."""
        return self._records[topic]

    @property
    def parked_until(self) -> float:
        """Monotonic time at which the first parked slice stops waiting."""
        heads = (self._queues[source.topic] for source in self.sources if source.barrier)
        return min((queue[0].deadline for queue in heads if queue), default=float("inf"))
