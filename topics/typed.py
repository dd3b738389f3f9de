"""From a strictly parsed object to a typed one, and from msgspec's refusals to named reasons with a path."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import Struct

from forewarn.topics.reasons import Reason
from forewarn.topics.strict import Oddity, countable

T = TypeVar("T")

_PLACE = re.compile(r" - at `(?P<path>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")
#: What msgspec says, and what we call it; the first that matches wins.
_WORDS = (
    (re.compile(r"missing required field"), Reason.MISSING_FIELD),
    (re.compile(r"timezone|RFC3339|Invalid date|ISO8601|-62135596800000|253402300799999"), Reason.BAD_TIME),
    (re.compile(r"Invalid enum value|Invalid value"), Reason.UNKNOWN_VALUE),
    (re.compile(r"[<>]=? ?[-\d]|of length|out of range|matching regex"), Reason.OUT_OF_RANGE),
)


def typed(tree: Any, kind: type[T]) -> T | Oddity:
    """`tree` as a `kind`: a text is never taken for a number, and every fraction can be counted with."""
    try:
        found: T = msgspec.convert(tree, kind, builtin_types=(Decimal,))
    except msgspec.ValidationError as error:
        return refusal(str(error))
    return _uncountable(found, "$") or found


def refusal(message: str) -> Oddity:
    """What a message of msgspec means."""
    reason = next((reason for pattern, reason in _WORDS if pattern.search(message)), Reason.WRONG_TYPE)
    place = _PLACE.search(message)
    path = place["path"] if place else "$"
    missing = _MISSING.search(message)
    return Oddity(reason, f"{path}.{missing['name']}" if missing else path)


def _uncountable(node: object, path: str) -> Oddity | None:
    """The first fraction in a typed field that cannot be added exactly."""
    if isinstance(node, Decimal):
        return None if countable(node) else Oddity(Reason.NUMBER_OUT_OF_RANGE, path)
    if isinstance(node, Struct):
        for name in _counted(type(node)):
            child = getattr(node, name)
            if child is not None and (odd := _uncountable(child, f"{path}.{name}")):
                return odd
    elif isinstance(node, tuple):
        for index, child in enumerate(node):
            if odd := _uncountable(child, f"{path}[{index}]"):
                return odd
    return None  # lists and objects of any shape are not counted with


@cache
def _counted(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a Struct in which a fraction may stand: the others need not be looked at."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if _holds_fractions(field.type))


def _holds_fractions(kind: Any) -> bool:
    if kind is Any or kind is Decimal:
        return True
    if isinstance(kind, type) and issubclass(kind, Struct):
        return bool(_counted(kind))
    return any(map(_holds_fractions, get_args(kind)))
