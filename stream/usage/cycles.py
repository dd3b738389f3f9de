"""The cycles that a meter keeps: the newest, and closed ones for as long as late records may still come.

    kept:   [ Jun, closed 20 h ago )[ Jul, running )
                     └── unused allowance ──^ carried

What rolls over is what is left of the plan's allowance and of what was carried in; a top-up ends with its cycle.

Invariant: cycles are ascending and do not overlap; a kept cycle's neighbour is kept too, up to the newest.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.usage.cycle import LATEST, Calendar, Span

#: No limit to what rolls over.
UNLIMITED = -1


class Grant(Struct, frozen=True):
    """What a plan gives in a cycle, in units: the allowance (None: nothing to judge), and how much may roll over."""

    allowance: int | None = None
    rollover: int = 0


class Cycle(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One cycle of one bucket. Instants are epoch ms, end exclusive; amounts are units of the meter's scale.

    `top_ups` are (start, units); `told` is the highest percentage told, 0 for none, `spend_told` the same of the spend
    limit. `foreseen`: that the allowance runs out was told.
    """

    start: int
    end: int
    used: int = 0
    granted: int | None = None
    rollover: int = 0
    carried: int = 0
    top_ups: tuple[tuple[int, int], ...] = ()
    told: int | float = 0
    spend_told: int | float = 0
    foreseen: bool = False

    @property
    def allowance(self) -> int | None:
        """All that may be used in the cycle; None when there is nothing to judge against."""
        if self.granted is None:
            return None
        added = sum(units for _, units in self.top_ups) if self.top_ups else 0
        return self.granted + self.carried + added

    @property
    def left_over(self) -> int:
        """What rolls over into the next cycle."""
        unused = max(0, (self.granted or 0) + self.carried - self.used)
        return unused if self.rollover == UNLIMITED else min(unused, self.rollover)

    def holds(self, instant: int) -> bool:
        """Whether the instant lies inside."""
        return self.start <= instant < self.end

    def charge(self, units: int) -> Cycle:
        """The cycle with more used (or less, by a correction)."""
        used = self.used + units
        return Cycle(
            self.start,
            self.end,
            used,
            self.granted,
            self.rollover,
            self.carried,
            self.top_ups,
            self.told,
            self.spend_told,
            self.foreseen,
        )

    def top_up(self, start: int, units: int) -> Cycle:
        """The cycle with more to use. Of very many top-ups the oldest are added up."""
        top_ups = sorted((*self.top_ups, (start, units)))
        if len(top_ups) > MOST_TOP_UPS:
            (_, first), (second_start, second), *rest = top_ups
            top_ups = [(second_start, first + second), *rest]
        return replace(self, top_ups=tuple(top_ups))

    def grant(self, grant: Grant) -> Cycle:
        """The cycle under another plan."""
        return replace(self, granted=grant.allowance, rollover=grant.rollover)


#: Top-ups of one cycle that are kept apart.
MOST_TOP_UPS = 8

Cycles = tuple[Cycle, ...]


def find(cycles: Cycles, instant: int) -> int | None:
    """The index of the cycle that holds the instant; the newest are looked at first."""
    for index in range(len(cycles) - 1, -1, -1):
        if cycles[index].holds(instant):
            return index
    return None


def include(cycles: Cycles, calendar: Calendar, grant: Grant, *, instant: int, floor: int) -> tuple[Cycles, int]:
    """Cycles with one that holds the instant, and its index. New ones, and those between, are under `grant`.

    Nothing reaches below `floor`, the end of what was kept once and is kept no more.
    """
    if not cycles:
        return (_new(_cut(calendar.cycle(instant), floor, LATEST), grant),), 0
    index = find(cycles, instant)
    if index is not None:
        return cycles, index
    before = [cycle for cycle in cycles if cycle.end <= instant]
    after = [cycle for cycle in cycles if cycle.start > instant]
    low = before[-1].end if before else floor
    high = after[0].start if after else LATEST
    new = [_new(_cut(calendar.cycle(instant), low, high), grant)]
    while before and new[0].start > low:
        new.insert(0, _new(_cut(calendar.cycle(new[0].start - 1), low, new[0].start), grant))
    while after and new[-1].end < high:
        new.append(_new(_cut(calendar.cycle(new[-1].end), new[-1].end, high), grant))
    wanted = len(before) + next(i for i, cycle in enumerate(new) if cycle.holds(instant))
    return (*before, *new, *after), wanted


def aligned(cycles: Cycles, calendar: Calendar, floor: int) -> bool:
    """Whether these are cycles of the calendar, apart from a start cut short by what ended there."""
    for cycle in cycles:
        span = calendar.cycle(cycle.start)
        whole = span.start == cycle.start or cycle.start == floor
        if not whole or span.end != cycle.end:
            return False
        floor = cycle.end
    return True


def carry(cycles: Cycles) -> Cycles:
    """The same cycles, each with what its predecessor leaves over; the oldest keeps what it was given."""
    carried = [cycles[0]]
    for cycle in cycles[1:]:
        before = carried[-1]
        amount = before.left_over if before.end == cycle.start else 0
        carried.append(cycle if cycle.carried == amount else replace(cycle, carried=amount))
    return tuple(carried)


def keep(cycles: Cycles, since: int) -> Cycles:
    """The cycles that end at `since` or later, and the newest in any case."""
    return tuple(cycle for cycle in cycles[:-1] if cycle.end >= since) + cycles[-1:]


def _cut(span: Span, low: int, high: int) -> Span:
    """The span without what cycles of an earlier calendar already cover."""
    return Span(max(span.start, low), min(span.end, high))


def _new(span: Span, grant: Grant) -> Cycle:
    return Cycle(span.start, span.end, granted=grant.allowance, rollover=grant.rollover)
