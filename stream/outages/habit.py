"""What a device's own gaps teach: its interval when it says none, its p99 gap when it beats poorly, its clock's error.

Only devices that need it have one: a healthy device with a known interval has none. What cannot be learned again from a
quarter of an hour of beats is kept in the table.
"""

from __future__ import annotations

from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.rows import Shelf

#: Long gaps kept, all within the last 100 intervals. One gap in a hundred lies above the p99; the second longest is it.
LONGS = 8
#: Late beats that come in step with the arrival clock before a device's clock is taken to be slow.
STEPS = 3


class Kept(Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a habit: recent gaps that were longer than usual, and how far the clock is slow."""

    longs: tuple[tuple[int, int], ...] = ()
    skew: int = 0


HABITS = Shelf("h/", Kept)


class Habit(Struct, gc=False):
    """Gaps of one device in ms.

    `gaps`: those its interval is learned from, while it is `learning`. `longs`: (event time, gap) of recent gaps longer
    than usual, newest last. `skew`: how far its clock is slow; `late` is its last late beat's (event time, arrival).
    """

    learning: bool = False
    gaps: tuple[int, ...] = ()
    longs: tuple[tuple[int, int], ...] = ()
    skew: int = 0
    steps: int = 0
    late: tuple[int, int] = (0, 0)

    def recall(self, kept: Kept) -> Habit:
        """Takes back what was kept."""
        self.longs, self.skew = kept.longs, kept.skew
        return self

    def keep(self, unit: Unit, element: str) -> None:
        """Writes what is kept of it, if that has changed."""
        if self.longs or self.skew:
            key, row = HABITS.key(element), HABITS.pack(Kept(self.longs, self.skew))
            if unit.get(key) != row:
                unit.put(key, row)

    def learn(self, gap: int, enough: int) -> int:
        """Takes a gap while learning; gives the interval, the median gap, once there are enough of them, else 0."""
        self.gaps = (*self.gaps, gap)
        if len(self.gaps) < enough:
            return 0
        interval = sorted(self.gaps)[len(self.gaps) // 2]
        self.learning, self.gaps = False, ()
        return interval

    def long_gap(self, at: int, gap: int, *, span: int, most: int) -> None:
        """Takes a gap longer than usual; forgets those older than `span` ms. Longer than `most` is no habit."""
        kept = tuple(item for item in self.longs if item[0] > at - span)
        self.longs = (*kept, (at, gap))[-LONGS:] if gap <= most else kept

    def p99(self, since: int) -> int:
        """The p99 of the gaps that ended after `since` as far as it is longer than usual, 0 if it is not."""
        gaps = sorted(gap for at, gap in self.longs if at > since)
        return gaps[-2] if len(gaps) > 1 else 0

    def came_late(self, at: int, arrival: int) -> bool:
        """Takes a beat too old to say anything of now. True: it is not old, the device's clock is slow by `skew`.

        Beats of a slow clock arrive as far apart as they were sent; a replayed backlog arrives all at once.
        """
        last_at, last_arrival = self.late
        self.late = (at, arrival)
        in_step = 0 < last_at < at and 5 * (arrival - last_arrival) >= 4 * (at - last_at)
        self.steps = self.steps + 1 if in_step else 0
        self.skew = arrival - at if self.steps >= STEPS else 0
        return self.skew > 0
