"""The timer wheel that finds silent devices without a scan. In memory; rebuilt from heartbeats after a restart.

A device stands in one slot, that of the time at which it would be silent if it never beat again. A heartbeat does not
touch the wheel: when the slot comes, the device either is silent or is put into the slot of its newer deadline.

    slot   1   2   3   4   5   6        deadline = last beat + patience
           .   A   .   B   .   C
    clock ─────────┘ A beat meanwhile: goes to slot 6; otherwise it is silent

Source: G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Wheel(Generic[T]):
    """Entries by slot of `width` ms; slots exist only while something stands in them."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._slots: dict[int, tuple[int, list[T]]] = {}
        self._order: list[int] = []

    def put(self, entry: T, due: int) -> int:
        """Puts an entry where it is found once the clock has reached `due` (epoch ms); gives its slot."""
        slot = due // self.width
        found = self._slots.get(slot)
        if found is None:
            found = self._slots[slot] = (slot, [])
            heapq.heappush(self._order, slot)
        found[1].append(entry)
        return found[0]  # one int object a slot, not one a device

    def due(self, clock: int) -> Iterator[tuple[int, T]]:
        """Takes out, slot by slot, what stands in slots that are over at `clock`; gives (slot, entry).

        What the caller does not take stays in the wheel.
        """
        last = clock // self.width
        while self._order and self._order[0] < last:
            slot = self._order[0]
            if entries := self._slots[slot][1]:
                yield slot, entries.pop()
            else:
                heapq.heappop(self._order)
                del self._slots[slot]

    def waits(self, clock: int) -> bool:
        """Whether anything stands in a slot that is over at `clock`."""
        last = clock // self.width
        return any(self._slots[slot][1] for slot in self._order if slot < last)
