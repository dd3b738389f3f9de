"""When a replay ticks: at multiples of the tick, and rarely where nothing has happened for hours.

    records  x x  x                                          x
    ticks    |||||||||||||||||||||  |     |     |     |  |||||
             every tick             calm: one a stride    every tick again, well before the next record

Invariant: time between two ticks never exceeds the stride, and the last ticks before a record are regular, so that no
progress mark is old when the record comes. Timers are not the clock's: they fire at their due time everywhere.
"""

from __future__ import annotations

#: After this long without a record, ticks may be rare (the longest window that a tick judges is two hours).
CALM_AFTER_MS = 6 * 3_600_000
#: How far apart ticks are then.
STRIDE_MS = 300_000
#: After a timer that did something, ticks are regular for this long.
LIVELY_MS = 120_000


class Clock:
    """The next tick of a replay. All times are epoch ms."""

    def __init__(self, tick_ms: int) -> None:
        self._tick = tick_ms
        self._stride = max(STRIDE_MS // tick_ms, 1) * tick_ms
        self._calm_from = 0
        self.next_tick = 0

    def start(self, now: int) -> None:
        """The first tick is the first multiple of the tick after `now`."""
        self.next_tick = (now // self._tick + 1) * self._tick
        self.record(now)

    def record(self, ts: int) -> None:
        """A record was taken."""
        self._calm_from = ts + CALM_AFTER_MS

    def timer(self, due: int) -> None:
        """A timer did something."""
        self._calm_from = max(self._calm_from, due + LIVELY_MS)

    def ticked(self, until: int) -> None:
        """The tick was done; nothing comes from outside before `until`."""
        now = self.next_tick
        calm = now >= self._calm_from and until - now > 2 * self._stride
        self.next_tick = now + (self._stride if calm else self._tick)
