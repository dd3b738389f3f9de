"""The logic of the jobs as the peers run it: plain functions over small values, the same for every peer.

It asks less of them than Forewarn does: no validation, no duplicates, no cycles, no time zones, no binomial test, no
confirmation, no ledger of decisions. Only the standard library, for each peer has an environment of its own.
"""

from typing import Any

# state of a region: window, beats by element in it and in the one before, downs, told
Region = list[Any]

LEVELS = (0, 50, 80, 100)
#: One beat interval: a window holds one beat of each device.
INTERVAL_MS = 60_000
ELEMENTS, DEVICES = 20, 50


def add_usage(state: int, amount: int, allowance: int) -> tuple[int, int]:
    """One record of job (a). `state` is 4 * used + index of the highest level sent; returns (state, percent or 0)."""
    used, sent = (state >> 2) + amount, state & 3
    reached = sent
    while reached < 3 and used * 100 >= LEVELS[reached + 1] * allowance:
        reached += 1
    return used << 2 | reached, LEVELS[reached] if reached > sent else 0


def new_region() -> Region:
    """The state of a region in job (b): window, beats by element now and in the window before, downs, told."""
    return [0, [0] * ELEMENTS, [0] * ELEMENTS, [0] * ELEMENTS, [0] * ELEMENTS]


def add_beat(state: Region, now_ms: int, element: int, down: bool) -> tuple[Region, list[int]]:
    """One heartbeat of job (b); returns (a new state, indexes of the elements to signal).

    An element fails when 3 devices and a tenth of it say `down`, or when a window closes with half its beats missing.
    """
    window, heard, before, downs, told = state
    current = now_ms // INTERVAL_MS
    heard, downs = heard.copy(), downs.copy()
    failed: list[int] = []
    if current > window:
        lost = [max(3, count // 2) for count in before]
        failed = [index for index in range(ELEMENTS) if not told[index] and before[index] - heard[index] >= lost[index]]
        window, before, heard = current, heard, [0] * ELEMENTS
    heard[element] += 1
    if down:
        downs[element] += 1
        if not told[element] and downs[element] >= max(3, DEVICES // 10):
            failed.append(element)
    if failed:
        told = told.copy()
        for index in failed:
            told[index] = 1
    return [window, heard, before, downs, told], failed
