"""Instants as they cross Kafka: RFC 3339 text with an offset, or integer milliseconds since the Unix epoch.

Inside Forewarn every instant is an `int` of epoch milliseconds; `to_ms` is the one way in, `to_rfc3339` the one way
out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from msgspec import Meta

#: The first and the last millisecond that a datetime can hold (years 1 to 9999).
MIN_MS, MAX_MS = -62_135_596_800_000, 253_402_300_799_999

#: The wire type of every instant that Forewarn reads: a zoned datetime (msgspec parses RFC 3339) or epoch milliseconds.
Instant = Annotated[datetime, Meta(tz=True)] | Annotated[int, Meta(ge=MIN_MS, le=MAX_MS)]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: datetime | int) -> int:
    """Epoch milliseconds of a decoded instant, rounded down to the millisecond."""
    if isinstance(instant, int):
        return instant
    return int(instant.timestamp() * 1000)  # exact: a double divides and multiplies whole ms below 2**53 back


def to_rfc3339(ms: int) -> str:
    """RFC 3339 text in UTC of epoch milliseconds; the fraction appears only when it is not zero."""
    whole, fraction = divmod(ms, 1000)
    text = _to_the_second(whole)
    return f"{text}.{fraction:03d}Z" if fraction else f"{text}Z"


@lru_cache(maxsize=1024)  # what is said at one time names the same few seconds, and cycles begin at the same ones
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
