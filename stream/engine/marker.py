"""What a changelog holds beside state: the marker that ends every unit, and the takeover record of a new owner.

    changelog:  [takeover A] [k1 k2 k3 marker A] [k2 k9 marker A] [takeover B] [k1 marker B] ...
                             └── one record batch = one unit ──┘

A batch whose marker names another owner than the last takeover before it was written by a worker that had already lost
the partition; it does not count.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from forewarn.stream.engine.unit import Output

#: Key of the marker; always the last record of its batch. `\x00` keeps it apart from every fold's keys.
MARKER = b"\x00marker"
#: Key of the takeover record; alone in its batch.
TAKEOVER = b"\x00takeover"

_SCHEMA = b"\x01"


class Unreadable(ValueError):
    """A marker that this release cannot read; says what to do."""


class Marker(Struct, frozen=True, array_like=True):
    """The end of a unit: who wrote it, how far each source is folded, at what time, and what it decided to emit.

    `offsets`: next offset to fold by topic (catalog name). `tick`: the unit's time, epoch ms.
    """

    owner: str
    offsets: dict[str, int]
    tick: int
    outputs: list[Output]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Marker)


def encode(marker: Marker) -> bytes:
    """Schema byte and msgpack."""
    return _SCHEMA + _encoder.encode(marker)


def decode(value: bytes) -> Marker:
    """The marker behind a changelog value. Raises Unreadable when a newer release wrote it, or something else did."""
    if value[:1] != _SCHEMA:
        schema = str(value[0]) if value else "none"
        raise Unreadable(
            f"a marker has schema {schema}, this release reads {_SCHEMA[0]}: "
            "start the release that wrote it, or a newer one"
        )
    try:
        return _decoder.decode(memoryview(value)[1:])
    except msgspec.DecodeError as error:
        raise Unreadable(f"a marker is damaged ({error}): something other than a worker wrote to the topic") from None
