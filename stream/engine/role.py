"""What a role declares and what its fold answers: the seam between the engine (or the replay) and the pure core."""

# ruff: noqa: B027  a fold may leave out every method but one

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from forewarn.stream.engine.unit import Timer, Unit

Group = Literal["region", "single", "customer"]


class Record(Protocol):
    """One Kafka record, as aiokafka's C parser gives it or as the replay reads it. `timestamp` is epoch ms.

    `value` is None for a tombstone.
    """

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Source(Struct, frozen=True):
    """A topic that a role reads.

    `priority`: lower is folded first when several wait. `barrier`: a batch is folded only after everything that these
    topics held, in this partition, when the batch was read. `reread_s`: on assignment this much is read again, without
    outputs, to rebuild what is not durable. `broadcast`: a compacted topic of another group, of which every partition
    of this role hears all; it is given to `Fold.reread`, from its beginning at each start, and leaves no trace in the
    table.
    """

    topic: str
    priority: int
    barrier: tuple[str, ...] = ()
    reread_s: float = 0.0
    broadcast: bool = False


class Fold(ABC):
    """One partition of one role: pure, single-threaded, driven by the engine or by the replay.

    Only `fold` is a must; a role leaves out what it has no use for.

    It keeps what must survive in the table (`unit.get`, `unit.put`) and may keep indexes beside it, rebuilt by
    `restore`. It never reads a clock: `unit.now` is the time.
    """

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds in-memory indexes from the recovered table. Called once, before anything else."""

    def reread(self, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        """Takes records again that were folded before, to rebuild what is not durable. Emits nothing."""

    @abstractmethod
    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        """Folds decoded events of one topic-partition, in order; `events[i]` was decoded from `records[i]`.

        A tombstone on a compacted topic arrives as the event None.
        """

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Time has come to `unit.now`. `idle`: the sources that have nothing left to read."""

    def fire(self, unit: Unit, timer: Timer) -> None:
        """A durable timer has come due; it is already removed."""

    def work(self, unit: Unit) -> bool:
        """Does a bounded piece of work that is spread over units (a fan-out). True while more is left."""
        return False

    def heard(self, unit: Unit, reply: Any) -> None:
        """The reply of an effect that an earlier unit asked for."""


class Layout(Struct, frozen=True):
    """Partition counts of the deployment by group."""

    region: int
    customer: int
    single: int = 1


class Role(Protocol):
    """A role: its name, its partition group, what it reads, and how to open one partition."""

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> Group: ...
    @property
    def sources(self) -> tuple[Source, ...]: ...
    def open(self, partition: int, layout: Layout) -> Fold:
        """The fold of one partition, with an empty state; `restore` follows."""
        ...
