"""A Kafka record for tests, and batches around one odd record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from msgspec import Struct

#: 2026-11-22T20:15:00Z
NOW = 1_795_378_500_000


class FakeRecord(Struct, frozen=True):
    """What the codecs read of a record; `timestamp` is epoch ms, -1 when there is none."""

    value: bytes | None
    key: bytes | None = b"north"
    offset: int = 0
    timestamp: int = NOW
    headers: Sequence[tuple[str, bytes | None]] = ()


def record(event: dict[str, Any], *, key: str = "north", offset: int = 0, timestamp: int = NOW) -> FakeRecord:
    """A record whose value is an event as JSON."""
    return FakeRecord(orjson.dumps(event), key.encode(), offset, timestamp)


def beat(number: int, **more: Any) -> dict[str, Any]:
    """A heartbeat of element `e<number>`."""
    return {"element": f"e{number}", "time": NOW + number, **more}


def used(number: int, **more: Any) -> dict[str, Any]:
    """A usage record with id `u<number>`."""
    return {"record_id": f"u{number}", "bucket": "data", "amount": number, "start": "2026-11-22T20:14:00Z", **more}
