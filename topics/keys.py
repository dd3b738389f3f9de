"""Keys: UTF-8 text that says the same as the field of its name.

The key carries the region, customer, element or maintenance id; a field of that name may be absent. When both are there
and differ, nobody can say whom the record is about: it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from forewarn.topics.reasons import Reason
from forewarn.topics.strict import Oddity

#: The key of topics whose key means nothing: any bytes, or none.
ANY = "any"


def key_oddity(key: bytes | None) -> Oddity | None:
    """What is wrong with a key that must be there."""
    if key is None:
        return Oddity(Reason.NULL_KEY)
    if not key:
        return Oddity(Reason.EMPTY_KEY)
    return None if _is_text(key) else Oddity(Reason.INVALID_KEY)


def mismatch(key: bytes, event: Any, name: str) -> Oddity | None:
    """Whether the field `name` of an event contradicts its key."""
    field = getattr(event, name, None)
    return None if field is None or field.encode() == key else Oddity(Reason.KEY_MISMATCH, f"$.{name}")


class KeyCheck:
    """The same for a whole batch at once: keys that are there, are text and agree with field `name`."""

    def __init__(self, name: str) -> None:
        self._field: Callable[[Any], Any] = attrgetter(name)

    def passes(self, keys: Sequence[bytes | None], events: Sequence[Any]) -> bool:
        """Whether no key is odd."""
        given = [key for key in keys if key]
        if len(given) < len(keys):
            return False
        fields = list(map(self._field, events))
        if None not in fields and _same(fields, given):
            return True
        return (b"".join(given).isascii() or all(map(_is_text, given))) and all(
            field is None or field.encode() == key for field, key in zip(fields, given, strict=True)
        )


def _same(fields: list[str], keys: list[bytes]) -> bool:
    """Whether fields and keys are equal, compared as two texts of lines."""
    lines = b"\n".join(keys)
    return "\n".join(fields).encode() == lines and lines.count(b"\n") == len(keys) - 1


def _is_text(key: bytes) -> bool:
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
