"""The strict parser: one JSON object with nothing odd in it, or the oddity and where it is.

Slow and complete, for records that the screen could not vouch for and for topics with few records. The whole record is
checked, unknown fields included. Invariant: what it accepts holds no duplicate key, no lone surrogate, no NaN or
Infinity, no integer beyond 64 bits and no fraction beyond a double, and is at most 64 deep.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from math import isinf
from typing import TypeAlias

from msgspec import Struct

from forewarn.topics.reasons import Reason

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | Decimal | bool | None"

#: The deepest nesting of objects and lists; a flat object is 1 deep.
DEPTH = 64
#: What fits in 64 bits, signed or unsigned.
LOWEST, HIGHEST = -(2**63), 2**64 - 1
#: The finest power of ten in a fraction: what doubles print in the ranges that are counted is far coarser.
FINEST = -64
#: What the parser makes of values that hold no others; never of something odd.
_SCALARS = frozenset({str, int, Decimal, bool, type(None)})
#: UTF-32 in little-endian order starts with the mark of UTF-16.
_MARKS = (BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE, BOM_UTF32_BE)


class Oddity(Struct, frozen=True):
    """What was wrong, and its JSON path (`$` is the whole record)."""

    reason: Reason
    path: str = "$"


class _Odd(Struct, frozen=True):
    """Stands in the parsed tree where something odd was, until the walk gives it a path."""

    reason: Reason
    key: str | None = None


def parse(value: bytes) -> dict[str, Json] | Oddity:
    """The object that `value` holds, fractions as Decimal, or why it holds none."""
    if value.startswith(_MARKS):
        return Oddity(Reason.BYTE_ORDER_MARK)
    try:
        text = value.decode()
        tree = _DECODER.decode(text)
    except UnicodeDecodeError:
        return Oddity(Reason.INVALID_UTF8)
    except RecursionError:
        return Oddity(Reason.TOO_DEEP)
    except ValueError:
        return Oddity(Reason.INVALID_JSON)
    if type(tree) is dict and "\\u" not in text and _plain(tree, 1):
        return tree
    return _oddity(tree, "$", 1) or (tree if isinstance(tree, dict) else Oddity(Reason.NOT_AN_OBJECT))


def countable(number: Decimal) -> bool:
    """Whether a fraction can be added exactly at a bounded cost: finite, below 2**63, no digit finer than 1e-64."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= FINEST and abs(number) < 2**63


def _plain(node: object, depth: int) -> bool:
    """Whether nothing is odd at or below an object or a list; texts, without escapes, are not looked at."""
    if depth > DEPTH:
        return False
    children: Iterable[object] = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        if type(child) not in _SCALARS and not (type(child) in (dict, list) and _plain(child, depth + 1)):
            return False
    return True


def _oddity(node: object, path: str, depth: int) -> Oddity | None:
    """The first oddity at or below `node`, in the order of the text."""
    if type(node) is str:
        return None if node.isascii() or _whole(node) else Oddity(Reason.LONE_SURROGATE, path)
    if type(node) is _Odd:
        return Oddity(node.reason, path if node.key is None else _child(path, node.key))
    if not isinstance(node, dict | list):
        return None
    if depth > DEPTH:
        return Oddity(Reason.TOO_DEEP, path)
    return _in_object(node, path, depth) if isinstance(node, dict) else _in_list(node, path, depth)


def _in_object(node: dict[str, object], path: str, depth: int) -> Oddity | None:
    for key, child in node.items():
        if not (key.isascii() or _whole(key)):
            return Oddity(Reason.LONE_SURROGATE, path)
        if odd := _oddity(child, _child(path, key), depth + 1):
            return odd
    return None


def _in_list(node: list[object], path: str, depth: int) -> Oddity | None:
    for index, child in enumerate(node):
        if odd := _oddity(child, f"{path}[{index}]", depth + 1):
            return odd
    return None


def _child(path: str, key: str) -> str:
    return f"{path}.{key}"


def _whole(text: str) -> bool:
    """Whether every surrogate has its other half (Python's parser has joined the pairs)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, object]]) -> object:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return _Odd(Reason.DUPLICATE_KEY, key)
        seen.add(key)
    raise AssertionError("fewer keys than pairs, yet none twice")


def _integer(text: str) -> object:
    if len(text) <= 20:
        number = int(text)
        if LOWEST <= number <= HIGHEST:
            return number
    return _Odd(Reason.INTEGER_TOO_WIDE)


def _fraction(text: str) -> object:
    """Fractions stay exact; one that a double cannot hold is refused wherever it stands."""
    if isinf(float(text)):
        return _Odd(Reason.NUMBER_OUT_OF_RANGE)
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent below all that Decimal can hold
        return _Odd(Reason.NUMBER_OUT_OF_RANGE)


def _constant(_: str) -> object:
    return _Odd(Reason.NOT_A_NUMBER)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
