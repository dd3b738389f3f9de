"""Which seeds are scored: ten that never change, and ten that nobody chose, as they follow from the commit."""

from __future__ import annotations

import hashlib
from itertools import chain

FIXED = tuple(range(1, 11))
DERIVED = 10
#: Derived seeds stay apart from the fixed ones, and are short enough to be typed.
_FROM, _SPAN = 1_000, 1_000_000


def derived(commit: str) -> tuple[int, ...]:
    """Ten seeds from a commit's hash; the same commit gives the same ones."""
    found: dict[int, None] = {}
    number = 0
    while len(found) < DERIVED:
        digest = hashlib.sha256(f"{commit}/{number}".encode()).digest()
        found[_FROM + int.from_bytes(digest[:8]) % _SPAN] = None
        number += 1
    return tuple(found)


def seeds(commit: str, count: int) -> tuple[int, ...]:
    """The first `count` seeds, a fixed one and a derived one in turn."""
    return tuple(chain.from_iterable(zip(FIXED, derived(commit), strict=True)))[:count]
