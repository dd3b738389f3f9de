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


def latest(history: History) -> int:
    """The newest slot; 0 without any."""
    return sum(history[::2])


def added(history: History, slot: int, units: int) -> History:
    """The history with units in a slot, most often the newest or a newer one."""
    newest = latest(history)
    if slot > newest:
        return (*history, slot - newest, units)
    if slot == newest and history:
        return (*history[:-1], history[-1] + units)
    pairs = slots(history)
    add(pairs, slot, units)
    return flat(pairs)


def keep_recent(history: History, count: int) -> History:
    """The slots of the last `count` slot widths before the newest one's end."""
    oldest = latest(history) - count
    if not history or history[0] > oldest:
        return history
    return flat([pair for pair in slots(history) if pair[0] > oldest])


def keep_all(history: History, count: int) -> History:
    """At most `count` slots; the oldest ones are merged into the first that stays, so that nothing is lost."""
    surplus = len(history) // 2 - count
    if surplus <= 0:
        return history
    pairs = slots(history)
    merged = sum(units for _, units in pairs[: surplus + 1])
    return flat([(pairs[surplus][0], merged), *pairs[surplus + 1 :]])


def resample(pairs: Slots, width: int, other: int) -> Slots:
    """The same history in slots of another width (seconds)."""
    other_slots: Slots = []
    for slot, units in pairs:
        add(other_slots, slot * width // other, units)
    return other_slots
