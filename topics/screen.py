"""The cheap screen: proves for a whole batch at once that typed decoding overlooked nothing.

A typed decoder skips fields that it does not know and keeps the last of two equal keys. Both leave a trace, because
keys are texts and so are many values: what was decoded, encoded again, has fewer quotes than what came in.

    {"element":"a","seq":1,"seq":2}  10 quotes -> Heartbeat(element="a", seq=2) -> {"element":"a","seq":2}  6 quotes

Encoding again never adds a quote to a record (a field absent from the input is its default, and defaults are left
out), so equal sums over a batch mean equal counts in each record. Unknown fields that clean records had before are
learned and counted by decoders of their own.

Invariant: a batch that passes holds nothing that `strict.parse` refuses. A batch that does not pass may be clean:
whoever asks splits it and gives the suspects to the strict parser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, Struct

from forewarn.topics.strict import DEPTH

#: Unknown fields learned for one topic at most, and the longest name of one: memory is bounded whatever is sent.
LEARNED_MOST = 32
LEARNED_LONGEST = 64
#: Above this many unknown texts, decoding them is cheaper than searching for them.
_NEEDLES_MOST = 2
#: Numbers at or beyond this are left to the strict parser, which tells a wide integer from a large double.
_WIDE = 2**63
_AnyInt = Annotated[int, Meta(ge=-_WIDE, le=_WIDE - 1)]
_AnyJson = str | _AnyInt | float | bool | list[Any] | dict[str, Any] | None
#: The longest text of a fraction that is surely far within 64 bits.
_SHORT = 18
#: Every digit as a zero, so that a long number, or what looks like one in a text, is a run of zeros.
DIGITS_AS_ZEROS = bytes(48 if 48 <= byte < 58 else byte for byte in range(256))
WIDE_RUN = b"0" * 19
#: What decoding raises: bad JSON or types, bad UTF-8, integers of thousands of digits, nesting.
UNDECODABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Screen:
    """The screen of one Struct; it learns the names of unknown fields from clean records."""

    def __init__(self, event: type[Struct]) -> None:
        fields = msgspec.structs.fields(event)
        self._numbers: list[Callable[[Any], Any]] = []
        self._fractions: list[Callable[[Any], Any]] = []
        self._types: dict[str, Any] = {}
        self._open = False
        for field in fields:
            members = _members(field.type)
            self._types[field.encode_name] = _AnyJson
            if Decimal in members:
                self._fractions.append(attrgetter(field.name))
                self._types[field.encode_name] = _AnyInt | float | None  # msgspec would take a text for a Decimal
            elif members & {int, float} and datetime not in members:
                self._numbers.append(attrgetter(field.name))
            self._open = self._open or Any in members
        self._unknown: dict[str, Any] = {}
        self._needles: list[bytes] = []
        whole = _Counter(self._types)
        self._ways: list[Callable[[Sequence[bytes], int], int]] = [lambda values, _: whole.quotes(values)]

    def learn(self, record: Mapping[str, object]) -> None:
        """Takes a record that the strict parser found clean."""
        new = {name: value for name, value in record.items() if name not in self._types and _learnable(name)}
        if not new or len(self._unknown) + len(new) > LEARNED_MOST:
            return
        self._unknown |= dict.fromkeys(new, _AnyJson)
        self._types |= self._unknown
        self._needles += [
            b'"%s":"' % name.encode() for name, value in new.items() if type(value) is str and name.isidentifier()
        ]
        rest, whole = _Counter(self._unknown), _Counter(self._types)
        self._ways = [
            lambda values, counted: counted + rest.quotes(values),
            lambda values, _: whole.quotes(values),
        ]
        if len(self._unknown) == len(self._needles) <= _NEEDLES_MOST and not self._open:
            self._ways.insert(0, self._with_texts)

    def passes(self, values: Sequence[bytes], events: Sequence[Struct]) -> bool:
        """Whether nothing is odd in `values`, which were decoded to `events`, one by one and all of them."""
        text = b"\n".join(values)
        if b"\\" in text and (b'\\"' in text or b"\\u" in text):
            return False  # quotes that are escaped cannot be counted; surrogates and keys that are must be looked at
        return (
            (text.isascii() or is_utf8(text)) and self._numbers_fit(events) and self._all_counted(text, values, events)
        )

    def _all_counted(self, text: bytes, values: Sequence[bytes], events: Sequence[Struct]) -> bool:
        quotes = text.count(b'"')
        again = _encode(events)
        if self._open and not _modest(again, values):
            return False
        counted = again.count(b'"')
        return counted == quotes or self._found_otherwise(values, counted, quotes)

    def _found_otherwise(self, values: Sequence[bytes], counted: int, quotes: int) -> bool:
        """Whether another way accounts for all quotes; the one that did so last is tried first."""
        for way in self._ways:
            if way(values, counted) == quotes:
                self._ways.remove(way)
                self._ways.insert(0, way)
                return True
        return False

    def _with_texts(self, values: Sequence[bytes], counted: int) -> int:
        """Unknown fields that are texts, found as they stand: no escape is about, so `"name":"` is a key and a text.

        Not where typed fields of any shape may hold the same words and have counted them.
        """
        missing = sum([value.rfind(needle) for value in values].count(-1) for needle in self._needles)
        return counted + 4 * (len(self._needles) * len(values) - missing)

    def _numbers_fit(self, events: Sequence[Struct]) -> bool:
        for column in self._numbers:
            present = [number for number in map(column, events) if number is not None]
            if present and not (min(present) > -_WIDE and max(present) < _WIDE):
                return False
        return all(_short(list(map(column, events))) for column in self._fractions)


def screenable(event: Any) -> bool:
    """Whether a Struct is flat enough: scalars, lists of texts, and fields of any shape."""
    flat = {str, int, float, bool, NoneType, datetime, date, Decimal, Any, tuple[str, ...]}
    return isinstance(event, type) and all(
        member in flat or get_origin(member) is Literal
        for field in msgspec.structs.fields(event)
        for member in _members(field.type)
    )


class _Counter:
    """Counts the quotes that fields of some names account for, each name once a record."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        slots = {f"f{index}": name for index, name in enumerate(fields)}
        types = [(slot, fields[name] | msgspec.UnsetType, UNSET) for slot, name in slots.items()]
        struct = msgspec.defstruct("Fields", types, rename=slots, gc=False)
        self._decode = msgspec.json.Decoder(struct).decode

    def quotes(self, values: Sequence[bytes]) -> int:
        """The quotes of those fields in all values, or a number below any count when one of them may be odd."""
        decode = self._decode
        try:
            found = _encode([decode(value) for value in values])
        except UNDECODABLE:
            return -_WIDE
        nested = found.count(b"{") > len(values) or found.find(b"[", 1) > 0
        return -_WIDE if nested and not _modest(found, values) else found.count(b'"')


def _modest(encoded: bytes, values: Sequence[bytes]) -> bool:
    """Whether no integer in `encoded` is near 64 bits and no value is nested too deep, judged from the safe side."""
    if WIDE_RUN in encoded.translate(DIGITS_AS_ZEROS):
        return False
    return max(value.count(b"{") + value.count(b"[") for value in values) <= DEPTH


def _short(numbers: list[Any]) -> bool:
    """Whether all numbers of a column are plain and far within 64 bits."""
    whole = numbers
    if set(map(type, numbers)) != {int}:
        fractions = [str(number) for number in numbers if type(number) is Decimal]
        text = "".join(fractions)
        if max(map(len, fractions), default=0) > _SHORT or "E" in text or "n" in text:  # 1E+30, NaN, Infinity
            return False
        whole = [number for number in numbers if type(number) is int]
    return not whole or (min(whole) > -_WIDE and max(whole) < _WIDE)


def _members(kind: Any) -> set[Any]:
    """The plain types that a field's type is made of, one level deep."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return set().union(*map(_members, get_args(kind)))
    return {kind}


def _learnable(name: str) -> bool:
    """Whether a field's name is short and stands in a record as it is, without escapes."""
    return len(name) <= LEARNED_LONGEST and name.isprintable() and '"' not in name and "\\" not in name


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
