"""Lines as `kcat -J` prints them: one record of one topic-partition a line. The way in and the way out of a replay.

    {"topic":"usage.records","partition":0,"offset":7,"ts":1764000000000,"headers":["k","v"],"key":"c1","payload":"…"}

Invariant: decoding what `encode` wrote gives the same record, byte for byte; what is not UTF-8 travels as base64 under
`key_b64` and `payload_b64`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Any

import orjson
from msgspec import UNSET, Struct, UnsetType, ValidationError
from msgspec import DecodeError as MsgspecError
from msgspec.json import Decoder

Headers = tuple[tuple[str, bytes | None], ...]


class LineError(ValueError):
    """A line that is no record. The text names what is wrong, not where: the reader adds file and line number."""


class Received(Struct, frozen=True, gc=False):
    """A record as a role's codec and fold see it (`forewarn.stream.engine.role.Record`). `timestamp` is epoch ms."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Line(Struct, frozen=True, gc=False):
    """One decoded line. `ts` is epoch ms; `partition` and `offset` are None where the line leaves them out."""

    topic: str
    ts: int
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    offset: int | None = None
    headers: Headers = ()


class Produced(Struct, frozen=True, gc=False):
    """One record that a role wrote, in its place in the topic. `ts` is the replay's time in epoch ms."""

    topic: str
    partition: int
    offset: int
    ts: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def json(self) -> Any:
        """The value as JSON; None for a tombstone."""
        return None if self.value is None else orjson.loads(self.value)


class _Raw(Struct, gc=False):
    topic: str
    ts: int
    key: str | None = None
    payload: str | UnsetType | None = UNSET
    partition: int | None = None
    offset: int | None = None
    headers: list[str | None] | None = None
    key_b64: str | None = None
    payload_b64: str | None = None


_decode_raw = Decoder(_Raw).decode


def decode(line: bytes) -> Line:
    """The record of one line. Raises `LineError` when the line is not one."""
    try:
        raw = _decode_raw(line)
    except ValidationError as error:
        raise LineError(str(error)) from None
    except (MsgspecError, UnicodeDecodeError) as error:
        raise LineError(f"not JSON: {error}") from None
    if raw.payload is UNSET and raw.payload_b64 is None:
        raise LineError("neither `payload` nor `payload_b64` (a tombstone has `payload` null)")
    if raw.ts < 0:
        raise LineError(f"`ts` is {raw.ts}: a replay needs the time of every record")
    for name, number in (("partition", raw.partition), ("offset", raw.offset)):
        if number is not None and number < 0:
            raise LineError(f"`{name}` is {number}")
    payload = None if raw.payload is UNSET else raw.payload
    return Line(
        raw.topic,
        raw.ts,
        _bytes("key", raw.key, raw.key_b64),
        _bytes("payload", payload, raw.payload_b64),
        raw.partition,
        raw.offset,
        _headers(raw.headers) if raw.headers else (),
    )


def _bytes(name: str, text: str | None, base64: str | None) -> bytes | None:
    if base64 is None:
        return None if text is None else text.encode()
    if text is not None:
        raise LineError(f"both `{name}` and `{name}_b64`")
    try:
        return b64decode(base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LineError(f"`{name}_b64`: {error}") from None


def _headers(flat: list[str | None]) -> Headers:
    if len(flat) % 2:
        raise LineError("`headers` is a flat list of names and values, so its length is even")
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return tuple((name or "", None if value is None else value.encode()) for name, value in pairs)


def encode(record: Produced, prefix: str = "") -> bytes:
    """One line, with its line break. `prefix` goes before the topic's name."""
    line: dict[str, object] = {
        "topic": prefix + record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "ts": record.ts,
    }
    if record.headers:
        line["headers"] = [part for name, value in record.headers for part in (name, _lossy(value))]
    _put(line, "key", record.key)
    _put(line, "payload", record.value)
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _put(line: dict[str, object], name: str, value: bytes | None) -> None:
    try:
        line[name] = None if value is None else value.decode()
    except UnicodeDecodeError:
        line[name + "_b64"] = b64encode(value or b"").decode()


def _lossy(value: bytes | None) -> str | None:
    # kcat's format has no base64 form of a header; ours are all text.
    return None if value is None else value.decode(errors="backslashreplace")
