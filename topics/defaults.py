"""Defaults that can be told from the same word in a record.

msgspec leaves a field out of what it encodes when its value *is* its default, the very object. A default of its own
identity is thus left out when the record had no such field, and written when the record said the same word, which is
what the screen needs to count (`screen.py`).
"""

from __future__ import annotations

from typing import TypeVar, cast

T = TypeVar("T", bound=str)


def absent(word: T) -> T:
    """A text equal to `word`, but an object of its own."""
    return cast("T", word.encode().decode())
