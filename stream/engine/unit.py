"""The unit: what one step of one partition reads, changes and emits. Pure.

A unit is folded in memory, then committed by `commit.py` as one record batch. Reads see the unit's own writes, then the
writes of the unit that is still being appended, then the installed table.

Invariant: a stored value is never empty (it starts with a schema byte), so `b""` in `dirty` means "deleted".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

#: Prefix of timer keys in every role's table: `t/<due, 13 digits of epoch ms>/<subject>/<name>`.
TIMER = b"t/"


class Output(Struct, frozen=True, array_like=True, gc=False):
    """One record to produce.

    `topic` is the catalog's name, without prefix. `partitions` None means "by the key" (murmur2, as Java clients do);
    several partitions mean that the same record goes to each of them.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    partitions: tuple[int, ...] | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


class Timer(Struct, frozen=True, gc=False):
    """A durable timer that has come due. `due` is epoch ms; `subject` is the fold's own word, `name` what to do."""

    due: int
    subject: str
    name: str

    @property
    def key(self) -> bytes:
        """The timer's key in the table: sorts by due time."""
        return b"t/%013d/%s/%s" % (self.due, self.subject.encode(), self.name.encode())

    @classmethod
    def parse(cls, key: bytes) -> Timer:
        """The timer behind a table key that starts with `t/`. The name holds no slash, the subject may."""
        _, due, rest = key.decode().split("/", 2)
        subject, name = rest.rsplit("/", 1)
        return cls(int(due), subject, name)


class Readable(Protocol):
    """What can be read by key: a mapping, or a unit."""

    @property
    def get(self) -> Callable[[bytes], bytes | None]: ...


class Unit:
    """The reads, writes and outputs of one commit unit. Times are epoch ms.

    `get(key)`, `get_many(keys)` and `put(key, value)` are plain callables for hot loops. `fresh` is False while a batch
    from a source with a barrier is folded whose barrier did not pass in time. `applied` and `filtered` count events by
    topic.
    """

    __slots__ = (
        "applied",
        "armed",
        "deleted",
        "dirty",
        "effects",
        "filtered",
        "fresh",
        "get",
        "get_many",
        "notes",
        "now",
        "outputs",
        "put",
    )

    get: Callable[[bytes], bytes | None]
    get_many: Callable[[Sequence[bytes]], list[bytes | None]]
    put: Callable[[bytes, bytes], None]

    def __init__(self, installed: Readable, pending: Mapping[bytes, bytes], now: int) -> None:
        dirty: dict[bytes, bytes] = {}
        own, appending, rest = dirty.get, pending.get, installed.get

        def get(key: bytes) -> bytes | None:
            value = own(key)
            if value is None:
                value = appending(key)
                if value is None:
                    return rest(key)
            return value or None

        def get_many(keys: Sequence[bytes]) -> list[bytes | None]:
            values = list(map(rest, keys))
            for layer in (pending, dirty):
                if layer:
                    newer = map(layer.get, keys)
                    values = [old if new is None else new or None for old, new in zip(values, newer, strict=True)]
            return values

        self.now = now
        self.fresh = True
        self.dirty = dirty
        self.get = get
        self.get_many = get_many
        self.put = dirty.__setitem__
        self.outputs: list[Output] = []
        self.effects: list[Any] = []
        self.notes: list[tuple[str, str, str]] = []
        self.armed: list[bytes] = []
        self.deleted: list[bytes] = []
        self.applied: Counter[str] = Counter()
        self.filtered: Counter[str] = Counter()

    def draft(self) -> Unit:
        """A unit that sees what this one sees and writes apart, so that it shows what some step of it has written."""
        draft = Unit(self, {}, self.now)
        draft.fresh = self.fresh
        return draft

    def include(self, draft: Unit) -> None:
        """Takes over everything that a draft of this unit holds."""
        self.dirty.update(draft.dirty)
        self.outputs += draft.outputs
        self.effects += draft.effects
        self.notes += draft.notes
        self.armed += draft.armed
        self.deleted += draft.deleted
        self.applied.update(draft.applied)
        self.filtered.update(draft.filtered)

    def delete(self, key: bytes) -> None:
        """Removes a key from the table (a tombstone in the changelog)."""
        self.dirty[key] = b""
        self.deleted.append(key)

    def emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partitions: tuple[int, ...] | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Adds an output; it is produced after the unit is appended, and again, byte for byte, after a crash."""
        self.outputs.append(Output(topic, key, value, partitions, tuple(headers)))

    def arm(self, due: int, subject: str, name: str) -> None:
        """Sets a durable timer; setting the same one twice is setting it once."""
        key = Timer(due, subject, name).key
        self.dirty[key] = b"\x01"
        self.armed.append(key)

    def disarm(self, due: int, subject: str, name: str) -> None:
        """Removes a timer, if it is set."""
        self.delete(Timer(due, subject, name).key)

    def effect(self, request: Any) -> None:
        """Asks for something outside Kafka (a mail to send). It is performed only after the unit is committed."""
        self.effects.append(request)

    def note(self, subject: str, name: str, value: str) -> None:
        """Tells whoever measures the worker of something that no output shows; it is kept nowhere."""
        self.notes.append((subject, name, value))

    @property
    def size(self) -> int:
        """Bytes that the unit takes in the changelog, without framing: an upper bound is what the engine needs."""
        dirty = self.dirty
        changes = sum(map(len, dirty)) + sum(map(len, dirty.values()))
        return changes + sum(len(output.value or b"") + len(output.key or b"") + 64 for output in self.outputs)

    @property
    def empty(self) -> bool:
        """Whether the unit changed and emitted nothing."""
        return not (self.dirty or self.outputs or self.effects)
