"""The short way of usage records: a whole run at once, where a record changes its counter's `used` and nothing else.

    keys ──> counters ──┐
    starts, amounts ────┴─> plain, each by itself ──> all of its key's plain? ──> used + sum, one counter a key
                                                               └─ no: all of that key's are left to the long way

Invariant: what is taken would have been plain one by one and in order as well: each in the counter's window, and every
sum on the way below its trigger. So a run leaves what its records would have left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from forewarn.stream.engine.role import Record
from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.amount import units_at
from forewarn.stream.usage.stored import COUNTER_SIZE, NO_COUNTER, counter_columns
from forewarn.topics.events.usage import UsageRecord

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

#: Amounts and sums from here on are left to the long way: 64 bits hold what a run of 100,000 records adds.
_WIDE = 2**45
_WIDE_SUM = 2**62

_start, _amount, _kind = attrgetter("start"), attrgetter("amount"), attrgetter("kind")
_timestamp = attrgetter("timestamp")


def charge(
    unit: Unit,
    keys: list[bytes],
    events: Sequence[UsageRecord],
    records: Sequence[Record],
    *,
    late: int,
    known: Flags,
    unsure: Flags,
) -> Flags:
    """Adds what is plain to its counter, and says for each record whether it was.

    `keys[i]` is the key of the counter of `events[i]`. Records that are `known` are not there; those that are `unsure`
    are not plain. `late`: how long after the counter's window (ms) a record is still plain.
    """
    counters = counter_columns(b"".join([value or NO_COUNTER for value in unit.get_many(keys)]))
    units = _units(list(map(_amount, events)), counters["scale"])
    plain = _in_window(counters, events, records, late) & (abs(units) < _WIDE) & ~unsure
    first: dict[bytes, int] = {}
    leader = np.array(list(map(first.setdefault, keys, range(len(keys)))))
    taken = _all_plain(counters, leader, np.where(known, 0, units), plain | known) & ~known
    added = np.zeros(len(keys), np.int64)
    np.add.at(added, leader[taken], units[taken])
    heads = np.zeros(len(keys), np.bool_)
    heads[leader[taken]] = True
    changed = np.flatnonzero(heads)
    after = counters[changed]
    after["used"] += added[changed]
    values = after.view(f"V{COUNTER_SIZE}").tolist()
    unit.dirty.update(zip([keys[index] for index in changed.tolist()], values, strict=True))
    return taken


def _in_window(
    counters: NDArray[np.void], events: Sequence[UsageRecord], records: Sequence[Record], late: int
) -> Flags:
    """Which records are usage that starts, and comes, in the time that their counter stands for."""
    since, until = counters["since"], counters["until"].astype(np.int64)
    second = _seconds(list(map(_start, events)))
    seen = np.array(list(map(_timestamp, records)), np.int64)
    inside: Flags = (second >= since) & (second < until) & (seen <= until * 1000 + late)
    kinds = list(map(_kind, events))
    return inside & np.array([kind != "top_up" for kind in kinds]) if "top_up" in kinds else inside


def _all_plain(counters: NDArray[np.void], leader: Whole, units: Whole, plain: Flags) -> Flags:
    """Of which records all of the same key are plain, whatever their order; `leader` is the first one of the key."""
    used, most = counters["used"], np.zeros(len(units), np.int64)
    np.add.at(most, leader[plain], np.maximum(units[plain], 0))
    fits = (abs(used) < _WIDE_SUM) & (used + most < counters["trigger"])
    fits[leader[~plain]] = False
    return fits[leader]


def _seconds(starts: list[datetime | int]) -> Whole:
    """Epoch seconds; exact for years."""
    if set(map(type, starts)) == {datetime}:
        return np.array(list(map(datetime.timestamp, starts))).astype(np.int64)  # type: ignore[arg-type] # all are
    return np.array([s // 1000 if isinstance(s, int) else int(s.timestamp()) for s in starts], np.int64)


def _units(amounts: list[int | Decimal], scales: NDArray[np.uint8]) -> Whole:
    """Amounts as units of their counters' scales; `_WIDE` for one that is none of them, or too wide."""
    if not scales.any() and set(map(type, amounts)) == {int}:
        found: Sequence[int] = amounts  # type: ignore[assignment] # all are
    else:
        found = [_WIDE if units is None else units for units in map(units_at, amounts, scales.tolist())]
    if not -_WIDE < min(found) <= max(found) < _WIDE:
        found = [units if abs(units) < _WIDE else _WIDE for units in found]
    return np.array(found, np.int64)
