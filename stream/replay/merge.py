"""The one order in which a replay takes its records: by ts, then the topic's rank, partition, offset.

Order inside a topic-partition is kept, whatever the timestamps say: a record counts as no earlier than the one before
it. Where the inputs are sorted by ts they are merged as they are read, and only records of one millisecond wait for
each other; where they are not, everything is read and sorted.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import NoReturn

from msgspec import Struct

from forewarn.stream.replay.inputs import Inputs
from forewarn.stream.replay.lines import Line, Received
from forewarn.stream.replay.partitions import partition_of

#: Topics of one millisecond are taken in this order: first what the network is and who the customers are, then what
#: they did, then what the network reports, then what is asked for. A topic that is not named comes last, by its name.
RANK: Mapping[str, int] = {
    topic: rank
    for rank, topic in enumerate(
        (
            "control",
            "network.inventory",
            "network.maintenance",
            "customers.profiles",
            "customers.subscriptions",
            "customers.preferences",
            "customers.interactions",
            "customers.appointments",
            "billing.bills",
            "network.raw",
            "network.alarms",
            "network.heartbeats",
            "network.kpis",
            "network.field",
            "delivery.receipts",
            "usage.records",
            "marketing.requests",
        )
    )
}


class Placed(Struct, frozen=True, gc=False):
    """A record in its place: the replay's time in epoch ms, topic and partition."""

    ts: int
    topic: str
    partition: int
    record: Received


class Survey(Struct, frozen=True):
    """What a first look at the inputs found. `ignored` counts records of topics that a replay does not read."""

    ordered: bool
    records: int
    ignored: Mapping[str, int]


class _At(Struct, frozen=True, gc=False):
    """A line, its file and its number there; ordered by ts, then as read."""

    line: Line
    file: int
    number: int

    @property
    def order(self) -> tuple[int, int, int]:
        return self.line.ts, self.file, self.number


class Merge:
    """The records of `inputs` in order. `counts` maps each topic that is read to its number of partitions."""

    def __init__(self, inputs: Inputs, counts: Mapping[str, int]) -> None:
        self._inputs = inputs
        self._counts = counts

    def survey(self) -> Survey:
        """Reads everything once. Raises `InputError` at the first bad line."""
        last: dict[tuple[str, int], int] = {}
        ignored: Counter[str] = Counter()
        ordered, records = True, 0
        now = [0] * len(self._inputs)
        for at in self._as_read():
            line = at.line
            if line.topic not in self._counts:
                ignored[line.topic] += 1
                continue
            records += 1
            partition = self._partition(at)
            place = (line.topic, partition)
            before = last.get(place, -1)
            offset = before + 1 if line.offset is None else line.offset
            if offset <= before or line.ts < now[at.file]:
                ordered = False
            last[place] = max(offset, before)
            now[at.file] = max(line.ts, now[at.file])
        return Survey(ordered, records, dict(sorted(ignored.items())))

    def records(self, survey: Survey) -> Iterator[Placed]:
        """The records in order; `survey` tells whether they can be merged as they are read."""
        return self._streamed() if survey.ordered else self._sorted()

    def _as_read(self) -> Iterator[_At]:
        if len(self._inputs) == 1:
            return self._file(0)
        return heapq.merge(*(self._file(index) for index in range(len(self._inputs))), key=attrgetter("order"))

    def _file(self, index: int) -> Iterator[_At]:
        for number, line in self._inputs.read(index):
            yield _At(line, index, number)

    def _partition(self, at: _At) -> int:
        line = at.line
        count = self._counts[line.topic]
        if line.partition is None:
            return partition_of(line.key, count) if line.key else 0
        if line.partition >= count:
            known = f"{line.topic} has {count} partition{'s' if count > 1 else ''} here"
            raise self._inputs.error(
                at.file, at.number, f"partition {line.partition}, but {known}; --partitions sets the number"
            )
        return line.partition

    def _streamed(self) -> Iterator[Placed]:
        last: dict[tuple[str, int], int] = {}
        moment: list[Placed] = []
        now = -1
        counts, place_of = self._counts, self._partition
        for at in self._as_read():
            line = at.line
            if line.topic not in counts:
                continue
            if line.ts != now and moment:
                yield from _settled(moment)
                moment = []
            now = line.ts
            partition = place_of(at)
            place = (line.topic, partition)
            offset = last.get(place, -1) + 1 if line.offset is None else line.offset
            last[place] = offset
            moment.append(_placed(now, at, partition, offset))
        yield from _settled(moment)

    def _sorted(self) -> Iterator[Placed]:
        logs: dict[tuple[str, int], list[_At]] = {}
        for index in range(len(self._inputs)):
            for at in self._file(index):
                if at.line.topic in self._counts:
                    logs.setdefault((at.line.topic, self._partition(at)), []).append(at)
        everything: list[Placed] = []
        for (_, partition), log in logs.items():
            everything.extend(self._log(partition, log))
        everything.sort(key=_order)
        return iter(everything)

    def _log(self, partition: int, log: list[_At]) -> Iterator[Placed]:
        """One topic-partition in the order of its offsets, with time that never goes back."""
        if all(at.line.offset is None for at in log) and len(self._inputs) > 1:
            log = _by_time(log)
        offsets: list[tuple[int, _At]] = []
        last = -1
        for at in log:
            last = last + 1 if at.line.offset is None else at.line.offset
            offsets.append((last, at))
        offsets.sort(key=lambda pair: pair[0])
        now, before = 0, None
        for offset, at in offsets:
            if before is not None and before[0] == offset:
                self._same(before[1], at)
                continue
            before = (offset, at)
            now = max(now, at.line.ts)
            yield _placed(now, at, partition, offset)

    def _same(self, first: _At, second: _At) -> None:
        """Two dumps may overlap; two different records at one offset are not one log."""
        one, other = first.line, second.line
        if (one.key, one.value, one.ts, one.headers) != (other.key, other.value, other.ts, other.headers):
            self._clash(first, second)

    def _clash(self, first: _At, second: _At) -> NoReturn:
        where = self._inputs.error(first.file, first.number, "")
        raise self._inputs.error(
            second.file, second.number, f"another record has this offset of {second.line.topic}: {str(where)[:-2]}"
        )


def _by_time(log: list[_At]) -> list[_At]:
    """Interleaves the files by time, keeping each file's own order."""
    clock: dict[int, int] = {}
    keyed: list[tuple[int, int, int, _At]] = []
    for at in log:
        clock[at.file] = max(at.line.ts, clock.get(at.file, 0))
        keyed.append((clock[at.file], at.file, at.number, at))
    keyed.sort(key=lambda row: row[:3])
    return [row[3] for row in keyed]


def _placed(ts: int, at: _At, partition: int, offset: int) -> Placed:
    line = at.line
    return Placed(ts, line.topic, partition, Received(offset, line.ts, line.key, line.value, line.headers))


def _order(placed: Placed) -> tuple[int, int, str, int, int]:
    return placed.ts, RANK.get(placed.topic, len(RANK)), placed.topic, placed.partition, placed.record.offset


def _settled(moment: list[Placed]) -> list[Placed]:
    if len(moment) > 1:
        moment.sort(key=_order)
    return moment
