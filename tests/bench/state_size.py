"""What a changelog costs: bytes of state a key and value bytes written a record, by kind of key.

A kind is the key's text up to its first slash. Kinds of one customer are told from the others by the contestant.
Key bytes, record framing and the engine's own records (their keys start with a zero byte) are counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from aiokafka import ConsumerRecord
from msgspec import Struct


class Kind(Struct):
    """One kind of key: how many live keys, their encoded bytes, and all value bytes ever written under it."""

    keys: int = 0
    state_bytes: int = 0
    written_bytes: int = 0
    writes: int = 0


def kinds(records: Sequence[ConsumerRecord]) -> dict[str, Kind]:
    """The kinds of keys that a changelog holds, by name; the engine's are under `(engine)`."""
    last: dict[tuple[int, bytes], int] = {}
    found: defaultdict[str, Kind] = defaultdict(Kind)
    for record in records:
        size = len(record.value or b"")
        last[record.partition, record.key] = size
        kind = found[name_of(record.key)]
        kind.writes += 1
        kind.written_bytes += size
    for (_, key), size in last.items():
        kind = found[name_of(key)]
        kind.keys += size > 0
        kind.state_bytes += size
    return dict(sorted(found.items(), key=lambda item: -item[1].written_bytes))


def name_of(key: bytes) -> str:
    """The kind of a key."""
    return "(engine)" if key[:1] == b"\0" else key.split(b"/", 1)[0].decode(errors="replace")
