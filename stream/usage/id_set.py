"""A set of 64-bit numbers in a fixed block of memory: open addressing with linear probing, whole arrays at a time.

A Python set of two million numbers takes 180 MB and grows while it fills; this takes 8 bytes a slot at half load, and
its memory is what it will ever be after the first seconds. Knuth, The Art of Computer Programming, vol. 3, section 6.4,
algorithm L; at a load of at most 1/2 an unsuccessful search looks at 2.5 slots on average.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Marks = NDArray[np.uint64]

#: An empty slot holds 0; a mark of 0 is kept as this one.
_ZERO = np.uint64(0x9E3779B97F4A7C15)


class IdSet:
    """At most `most` marks. `len()` counts them."""

    __slots__ = ("_count", "_mask", "_slots")

    def __init__(self, most: int) -> None:
        size = 1 << max(10, (2 * most - 1).bit_length())
        self._slots: Marks = np.zeros(size, np.uint64)
        self._mask = np.uint64(size - 1)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def holds(self, marks: Marks) -> NDArray[np.bool_]:
        """For each mark whether it is in the set."""
        marks = np.where(marks == 0, _ZERO, marks)
        found = np.zeros(len(marks), np.bool_)
        left, at = np.arange(len(marks)), marks & self._mask
        while left.size:
            held = self._slots[at]
            hit = held == marks[left]
            found[left[hit]] = True
            on = ~hit & (held != 0)
            left, at = left[on], (at[on] + np.uint64(1)) & self._mask
        return found

    def add(self, marks: Marks) -> None:
        """Adds marks that are distinct and not in the set."""
        self._count += len(marks)
        marks = np.where(marks == 0, _ZERO, marks)
        at = marks & self._mask
        while marks.size:
            free = self._slots[at] == 0
            self._slots[at[free]] = marks[free]  # of several for one slot the last is kept; the others go on
            on = self._slots[at] != marks
            marks, at = marks[on], (at[on] + np.uint64(1)) & self._mask
