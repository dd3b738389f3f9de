"""How meters lie in the table: a small counter that every record rewrites, and the rest, apart.

    u/<customer>\\0<bucket>      counter   26 bytes: all that a plain record needs
    h/<customer>\\0<bucket>      meter     cycles and history: rewritten when a slot or a cycle turns
    h/<customer>\\0\\xfe          directory the customer's buckets: rewritten when one is added

The counter stands for the newest cycle while records fall into the newest history slot. What it has counted beyond the
stored meter belongs to that slot; `merged` adds it.

Invariant: bytes are a function of the state alone, and the first byte is the schema.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from forewarn.stream.usage.cycles import Cycle
from forewarn.stream.usage.history import added, latest
from forewarn.stream.usage.meter import Meter

COUNTERS = b"u/"
METERS = b"h/"
#: Rows that are read when they are needed, and of which no index is kept in memory.
UNINDEXED = (COUNTERS, METERS)
#: Ends the key of a customer's directory; no UTF-8 text holds this byte.
_DIRECTORY = b"\x00\xfe"

_COUNTER_SCHEMA = 1
_METER_SCHEMA = b"\x01"
_DIRECTORY_SCHEMA = b"\x01"

#: schema, scale, from (s), until (s, exclusive), used, trigger. A record that starts in [from, until) and keeps `used`
#: below `trigger` changes `used` and nothing else; `until` 0 says that no record is as plain as that.
_COUNTER = struct.Struct("<BBIIqq")
pack_counter = _COUNTER.pack
unpack_counter = _COUNTER.unpack
COUNTER_SIZE = _COUNTER.size
#: Stands for a counter that is not there: its window holds nothing.
NO_COUNTER = bytes(COUNTER_SIZE)
#: The same layout for many counters at once.
_COLUMNS = np.dtype(
    [("schema", "u1"), ("scale", "u1"), ("since", "<u4"), ("until", "<u4"), ("used", "<i8"), ("trigger", "<i8")]
)

#: `used` and `trigger` lie between -WIDEST and WIDEST in the counter; sums beyond live in the meter alone.
WIDEST = 2**63 - 1
#: The last second that the counter can name.
_LAST_SECOND = 2**32 - 1

_encode = msgspec.msgpack.Encoder().encode
#: Not strict: integers of more than 64 bits are stored as text.
_meter = msgspec.msgpack.Decoder(Meter, strict=False)
_names = msgspec.msgpack.Decoder(tuple[str, ...])


def suffix(bucket: str) -> bytes:
    """What follows the customer in a key: one-to-one, because the last zero byte always parts the two."""
    return b"\x00" + bucket.encode().replace(b"\x00", b"\xff")


def directory(customer: bytes) -> bytes:
    """The key of the customer's directory."""
    return METERS + customer + _DIRECTORY


def counter_columns(counters: bytes) -> NDArray[np.void]:
    """Stored counters, one after the other, as columns: `scale`, `since`, `until`, `used`, `trigger`."""
    return np.frombuffer(counters, _COLUMNS)


def counter(meter: Meter, width: int, trigger: int | None) -> bytes:
    """The counter of a meter whose slots are `width` seconds wide; `trigger` None: nothing more to tell."""
    newest = meter.cycles[-1]
    since, until = _window(meter, newest, width)
    if abs(newest.used) >= WIDEST or not 0 < since < until <= _LAST_SECOND:
        return pack_counter(_COUNTER_SCHEMA, meter.scale, 0, 0, 0, 0)
    limit = WIDEST if trigger is None else min(trigger, WIDEST)
    return pack_counter(_COUNTER_SCHEMA, meter.scale, since, until, newest.used, limit)


def merged(meter: Meter, stored: bytes, width: int) -> Meter:
    """The meter with what its counter has counted since the meter was stored."""
    _, _, since, until, used, _ = unpack_counter(stored)
    newest = meter.cycles[-1]
    if not until or used == newest.used:
        return meter
    units = used - newest.used
    cycles = (*meter.cycles[:-1], newest.charge(units))
    return Meter(meter.scale, meter.known, cycles, added(meter.history, since // width, units), meter.floor)


def encode_meter(meter: Meter) -> bytes:
    """The stored form of a meter."""
    try:
        return _METER_SCHEMA + _encode(meter)
    except OverflowError:
        return _METER_SCHEMA + _encode(_texts(msgspec.to_builtins(meter)))


def decode_meter(stored: bytes) -> Meter:
    """The meter of `encode_meter`'s bytes."""
    return _meter.decode(memoryview(stored)[1:])


def encode_directory(buckets: tuple[str, ...]) -> bytes:
    """The stored form of a customer's bucket names."""
    return _DIRECTORY_SCHEMA + _encode(buckets)


def decode_directory(stored: bytes | None) -> tuple[str, ...]:
    """The bucket names; none without a directory."""
    return _names.decode(memoryview(stored)[1:]) if stored else ()


def _window(meter: Meter, newest: Cycle, width: int) -> tuple[int, int]:
    """The seconds in which the newest slot and the newest cycle overlap."""
    if not meter.history:
        return 0, 0
    slot = latest(meter.history) * width
    return max(slot, newest.start // 1000), min(slot + width, newest.end // 1000)


def _texts(value: Any) -> Any:
    """The same nested lists with integers beyond 64 bits as text."""
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) > WIDEST else value
