"""Cutting usage again when the calendar changes: a profile arrives, or the cycle day or the zone moves.

    calendar month      [ Jul 1 ───────────────────── Aug 1 )
    history                        ▪     ▪▪▪  ▪ ▪
    cycle day 15        [ Jun 15 ──── Jul 15 )[ ───── Aug 15 )

Usage goes where the history says it was. What is older than the history is taken to have come right before it: in doubt
a customer is warned rather than surprised.

Invariant: the sums of usage and of top-ups are what they were.
"""

from __future__ import annotations

from msgspec.structs import replace

from forewarn.stream.usage.cycle import Calendar
from forewarn.stream.usage.cycles import Cycle, Cycles, Grant, include
from forewarn.stream.usage.history import Slots

#: Two starts closer than this are one cycle seen from two zones (they differ by 26 h at most).
ONE_CYCLE = 26 * 3_600_000


def recut(
    cycles: Cycles, pieces: Slots, calendar: Calendar, grant: Grant, *, first: int, instant: int, floor: int
) -> Cycles:
    """The cycles, with those from index `first` on cut by another calendar.

    `pieces` is the history as (epoch ms, units). One of the cycles holds `instant`.
    """
    frozen, pool = cycles[:first], cycles[first:]
    made, _ = include(frozen, calendar, grant, instant=instant, floor=floor)
    for old in pool:
        for start, units in _spread(old, pieces, instant):
            made, index = include(made, calendar, grant, instant=start, floor=floor)
            made = (*made[:index], made[index].charge(units), *made[index + 1 :])
        for start, units in old.top_ups:
            made, index = include(made, calendar, grant, instant=start, floor=floor)
            made = (*made[:index], made[index].top_up(start, units), *made[index + 1 :])
    return frozen + tuple(_inherit(cycle, pool) for cycle in made[first:])


def _spread(old: Cycle, pieces: Slots, instant: int) -> Slots:
    """The usage of a cycle as (epoch ms, units)."""
    inside = [(start, units) for start, units in pieces if old.holds(start)]
    rest = old.used - sum(units for _, units in inside)
    if rest:
        before = inside[0][0] - 1 if inside else min(instant, old.end - 1)
        inside.insert(0, (max(before, old.start), rest))
    return inside


def _inherit(cycle: Cycle, pool: Cycles) -> Cycle:
    """The cycle under the plan, and with what was told in it and carried into it, under the old calendar."""
    same = [old for old in pool if abs(old.start - cycle.start) < ONE_CYCLE]
    if not same:
        return cycle
    old = same[0]
    return replace(
        cycle,
        told=old.told,
        spend_told=old.spend_told,
        foreseen=old.foreseen,
        carried=old.carried,
        granted=old.granted,
        rollover=old.rollover,
    )
