"""Burn-rate history: what was used in each of the last slots of equal width, oldest first. Empty slots take no room.

    slot     165 201   165 202   165 204
    units        310        95        12      ──>  flat: (165201, 310, 1, 95, 2, 12)

Kept flat, slots as distances, it takes about six bytes a slot. It runs on across cycles.

Invariant: distances are positive, so slots ascend.
"""

from __future__ import annotations

History = tuple[int, ...]
Slots = list[tuple[int, int]]


def slots(history: History) -> Slots:
    """(slot, units) pairs, oldest first."""
    pairs: Slots = []
    slot = 0
    for index in range(0, len(history), 2):
        slot += history[index]
        pairs.append((slot, history[index + 1]))
    return pairs


def flat(pairs: Slots) -> History:
    """The stored form of ascending pairs."""
    stored: list[int] = []
    before = 0
    for slot, units in pairs:
        stored += (slot - before, units)
        before = slot
    return tuple(stored)


def add(pairs: Slots, slot: int, units: int) -> None:
    """Adds units to a slot, in place."""
    for index in range(len(pairs) - 1, -1, -1):
        at, before = pairs[index]
        if at == slot:
            pairs[index] = (slot, before + units)
            return
        if at < slot:
            pairs.insert(index + 1, (slot, units))
            return
    pairs.insert(0, (slot, units))


def keep_recent(pairs: Slots, count: int) -> Slots:
    """The slots of the last `count` slot widths before the newest one's end."""
    oldest = pairs[-1][0] - count if pairs else 0
    return [pair for pair in pairs if pair[0] > oldest]


def keep_all(pairs: Slots, count: int) -> Slots:
    """At most `count` slots; the oldest ones are merged into the first that stays, so that nothing is lost."""
    surplus = len(pairs) - count
    if surplus <= 0:
        return pairs
    merged = sum(units for _, units in pairs[: surplus + 1])
    return [(pairs[surplus][0], merged), *pairs[surplus + 1 :]]


def resample(pairs: Slots, width: int, other: int) -> Slots:
    """The same history in slots of another width (seconds)."""
    other_slots: Slots = []
    for slot, units in pairs:
        add(other_slots, slot * width // other, units)
    return other_slots
