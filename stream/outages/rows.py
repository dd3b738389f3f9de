"""Rows of the tables of detect and correlate: a schema byte, then MessagePack. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct, msgpack

#: The schema byte of every row that this release writes.
SCHEMA = b"\x01"

Row = TypeVar("Row", bound=Struct)


class Shelf(Generic[Row]):
    """Rows of one kind: their key prefix and their encoding."""

    def __init__(self, prefix: str, kind: type[Row]) -> None:
        self.prefix = prefix.encode()
        self._encode = msgpack.Encoder().encode
        self._decode = msgpack.Decoder(kind).decode

    def key(self, name: str) -> bytes:
        """The table key of the row `name`."""
        return self.prefix + name.encode()

    def name(self, key: bytes) -> str:
        """The name behind a table key of this shelf."""
        return key[len(self.prefix) :].decode()

    def pack(self, row: Row) -> bytes:
        """A row's bytes."""
        return SCHEMA + self._encode(row)

    def unpack(self, value: bytes) -> Row:
        """The row behind a value; an unknown schema byte is a bug or a downgrade, and raises."""
        if value[:1] != SCHEMA:
            raise ValueError(f"row of schema {value[0]}, this release reads {SCHEMA[0]}")
        return self._decode(value[1:])
