"""The screen of events that hold objects: proves for a batch that strict parsing would find nothing in it, nor other.

Decoded as any JSON and encoded again, a record has as many quotes as it came with, unless an object named a key twice:

    {"plan":{"price":1,"price":2}}  6 quotes -> {"plan": {"price": 2}} -> {"plan":{"price":2}}  4 quotes

Unlike `screen.py` it looks at everything in a record, so unknown fields at any depth need not be learned.

Invariant: a batch that passes holds nothing that `strict.parse` or `typed.typed` refuses. A batch that does not pass
may be clean: whoever asks splits it and gives the suspects to the strict parser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType

from forewarn.topics.screen import DIGITS_AS_ZEROS, UNDECODABLE, WIDE_RUN, is_utf8
from forewarn.topics.strict import DEPTH

#: A number with an exponent (or what looks like one inside a text): it may be beyond what can be counted with.
_EXPONENT = re.compile(rb"[:,\[\s]-?\d[\d.]*[eE]")
_anything = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class DeepScreen:
    """The screen of one Struct, whatever is in it."""

    def __init__(self, event: type[Struct]) -> None:
        twin = _twin(event)
        self._numbers = msgspec.json.Decoder(twin).decode if twin is not None else None

    def learn(self, record: Mapping[str, object]) -> None:
        """There is nothing to learn: unknown fields are counted as they are."""

    def passes(self, values: Sequence[bytes], events: Sequence[Struct]) -> bool:
        """Whether nothing is odd in `values`, which were decoded to `events`, one by one and all of them."""
        text = b"\n".join(values)
        if b"\\" in text and (b'\\"' in text or b"\\u" in text):
            return False  # quotes that are escaped cannot be counted; surrogates and keys that are must be looked at
        if not (text.isascii() or is_utf8(text)) or _holds_odd_numbers(text):
            return False
        if max(value.count(b"{") + value.count(b"[") for value in values) > DEPTH:
            return False
        return self._all_counted(text, values)

    def _all_counted(self, text: bytes, values: Sequence[bytes]) -> bool:
        numbers = self._numbers
        try:
            found = [_anything(value) for value in values]
            if numbers is not None:
                for value in values:
                    numbers(value)
        except UNDECODABLE:
            return False
        return _encode(found).count(b'"') == text.count(b'"')


def _holds_odd_numbers(text: bytes) -> bool:
    """Whether a number may be too long, or beyond what a double holds; or a text looks like that."""
    zeros = text.translate(DIGITS_AS_ZEROS)
    if WIDE_RUN in zeros:
        return True
    return (b"0e" in zeros or b"0E" in zeros) and _EXPONENT.search(text) is not None


def _twin(kind: type[Struct]) -> type[Struct] | None:
    """The fields of a Struct that hold fractions, as doubles; None without any.

    Where a fraction is to be, msgspec takes a text for one, but not where a double is.
    """
    fields = [
        (field.name, _doubled(field.type) | UnsetType, UNSET)
        for field in msgspec.structs.fields(kind)
        if _holds_fractions(field.type)
    ]
    rename = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    return msgspec.defstruct(f"{kind.__name__}Numbers", fields, rename=rename) if fields else None


def _holds_fractions(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _twin(kind) is not None
    return kind is Decimal or any(map(_holds_fractions, get_args(kind)))


def _doubled(kind: Any) -> Any:
    """The type with a double for each fraction, and a twin for each Struct."""
    if kind is Decimal:
        return float
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _twin(kind) or Any
    if get_origin(kind) is Annotated:
        return _doubled(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return reduce(or_, [_doubled(member) for member in get_args(kind)])
    if get_origin(kind) is tuple:
        return tuple[tuple(_doubled(member) for member in get_args(kind))]  # type: ignore[misc]  # made at run time
    return kind
