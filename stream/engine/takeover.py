"""Takes partitions over: who owns them, what their changelog says, where their sources go on.

    takeover appended at T ─> changelog read from its start up to T ─> last outputs produced again ─> first marker

Appending before reading makes the end of the reading certain: whatever another worker appends later lies behind T and
is seen as a gap by the next append.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from aiokafka.structs import TopicPartition
from msgspec import Struct

from forewarn.stream.engine import crash, fatal
from forewarn.stream.engine.changelog import Reader
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.deployment import Deployment, Observer
from forewarn.stream.engine.log import Landing
from forewarn.stream.engine.mailbox import Mailbox
from forewarn.stream.engine.marker import TAKEOVER, Marker, Unreadable
from forewarn.stream.engine.partition import Partition, Worker
from forewarn.stream.engine.restorer import Restorer
from forewarn.stream.engine.role import Record, Role, Source
from forewarn.stream.engine.unit import Unit
from forewarn.topics.codecs import Codec


class Succession(Struct, frozen=True):
    """What is needed to open a partition: the role, where it runs, and the random id of the new owner."""

    worker: Worker
    role: Role
    deployment: Deployment
    codecs: Mapping[str, Codec]
    observer: Observer
    owner: str

    def name(self, topic: str) -> str:
        """The topic's full name."""
        return self.deployment.addresses.full_name(topic)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the group's consumer reads."""
        return tuple(source for source in self.role.sources if not source.broadcast)


async def take_over(succession: Succession, numbers: Sequence[int]) -> list[Partition]:
    """Opens partitions, restored and committed to by the new owner; their tasks are not started."""
    async with Reader(succession.deployment.connection) as reader:
        landings = {number: await _announce(succession, number) for number in numbers}
        restorers = await _read_changelog(succession, reader, landings)
        return [await _open(succession, reader, number, restorers[number], landings[number]) for number in numbers]


async def _announce(succession: Succession, number: int) -> Landing:
    record = (TAKEOVER, succession.owner.encode())
    landing = await succession.worker.append(number, {}, record, int(time.time() * 1000))
    if landing.offset < 0:  # without its place nobody knows how far to read
        fatal.fail(f"the broker did not say where the takeover of partition {number} was appended")
    crash.point("takeover")
    return landing


async def _read_changelog(
    succession: Succession, reader: Reader, landings: Mapping[int, Landing]
) -> dict[int, Restorer]:
    started = time.monotonic()
    tps = {number: TopicPartition(succession.deployment.changelog, number) for number in landings}
    bounds = await reader.bounds(list(tps.values()))
    restorers = {number: Restorer() for number in landings}
    ranges = {tp: (bounds[tp][0], landings[number].offset + 1) for number, tp in tps.items()}
    async for tp, batch in reader.read(ranges):
        if batch[0].offset <= landings[tp.partition].offset:
            _feed(restorers[tp.partition], tp, batch)
    for number, restorer in restorers.items():
        succession.observer.restored(number, len(restorer.table), restorer.records, time.monotonic() - started)
    return restorers


def _feed(restorer: Restorer, tp: TopicPartition, batch: Sequence[Record]) -> None:
    try:
        restorer.feed(batch)
    except Unreadable as error:
        fatal.fail(
            f"{tp.topic}[{tp.partition}] at offset {batch[-1].offset}: {error}. To start anew, without what it holds, "
            f"delete {tp.topic} and run `forewarn topics apply`",
            code=fatal.CONFIGURATION,
        )


async def _open(succession: Succession, reader: Reader, number: int, restorer: Restorer, landing: Landing) -> Partition:
    """One partition: outputs of the last unit again, unchanged; a marker of the new owner; then what is re-read."""
    marker = restorer.marker
    offsets = await _offsets(succession, reader, number, marker)
    core = Core(succession.role.open(number, succession.deployment.layout), succession.codecs, number)
    core.table = restorer.table
    if marker is not None:
        await succession.worker.produce(marker.outputs, marker.tick)
    mailbox = Mailbox(succession.sources, offsets)
    partition = Partition(succession.worker, core, mailbox, owner=succession.owner, end=landing.offset + 1)
    core.restore(max(landing.timestamp, marker.tick if marker else 0))
    partition.set_time(landing.timestamp)
    repair = Unit(core.table, {}, core.now)
    for key, value in restorer.repairs().items():
        repair.put(key, value)
        if not value:
            repair.delete(key)
    await partition.commit(repair, offsets)
    for source in succession.role.sources:
        ranges = await _to_reread(succession, reader, source, number, marker, offsets)
        await hear_again(reader, source.topic, ranges, [core])
    return partition


async def _offsets(succession: Succession, reader: Reader, number: int, marker: Marker | None) -> dict[str, int]:
    """Where each source goes on; leaves when input was lost or an offset lies beyond a topic's end."""
    tps = {source.topic: TopicPartition(succession.name(source.topic), number) for source in succession.sources}
    bounds = await reader.bounds(list(tps.values()))
    offsets: dict[str, int] = {}
    for topic, tp in tps.items():
        first, end = bounds[tp]
        at = marker.offsets.get(topic, first) if marker else first
        if at > end:
            fatal.fail(
                f"{tp.topic}[{number}] ends at {end}, but everything below {at} was already applied: the topic was "
                f"recreated or truncated. Restore it; or, to start anew, delete {succession.deployment.changelog} and "
                "run `forewarn topics apply`",
                code=fatal.CONFIGURATION,
            )
        if at < first:
            succession.observer.lost_input(topic, number, first - at)
            if not succession.deployment.accept_loss:
                fatal.fail(
                    f"{tp.topic}[{number}] starts at {first}, but {at} was to be read next: {first - at} offsets were "
                    "deleted before they were applied. Start once with --accept-loss to go on without them",
                    code=fatal.CONFIGURATION,
                )
        offsets[topic] = max(at, first)
    return offsets


async def _to_reread(
    succession: Succession,
    reader: Reader,
    source: Source,
    number: int,
    marker: Marker | None,
    offsets: Mapping[str, int],
) -> Mapping[TopicPartition, tuple[int, int]]:
    """The stretches of a source that a fold hears again because it does not keep them durably."""
    if source.broadcast:
        return await reader.bounds(broadcast_tps(succession, source.topic))
    if not source.reread_s or marker is None:
        return {}
    tp = TopicPartition(succession.name(source.topic), number)
    start = (await reader.at_time({tp: marker.tick - int(source.reread_s * 1000)}))[tp]
    return {} if start is None else {tp: (start, offsets[source.topic])}


def broadcast_tps(succession: Succession, topic: str) -> list[TopicPartition]:
    """All partitions of a topic that every partition of the role hears. Such topics are keyed by region."""
    return [TopicPartition(succession.name(topic), number) for number in range(succession.deployment.layout.region)]


async def hear_again(
    reader: Reader, topic: str, ranges: Mapping[TopicPartition, tuple[int, int]], cores: Sequence[Core]
) -> None:
    """Gives folds stretches of a topic outside any unit."""
    async for tp, batch in reader.read(ranges):
        records = [record for record in batch if record.offset < ranges[tp][1]]
        for core in cores:
            core.hear(topic, records)
