"""The event time of one region partition: how far its sources were read, and what counts as complete. Pure.

    heartbeats  ●──●────●──●        reading: min(highest event time, arrival of the last record), or the tick when idle
    alarms      ●──────────────●    clock: the heartbeats' reading;  watermark: the least reading - lateness

Invariant: clock and watermark never go back. A device whose clock is fast moves neither past the arrival time.
Source: design.md §4.
"""

from __future__ import annotations

from collections.abc import Iterable

#: The source by whose event time silence is judged.
HEARTBEATS = "network.heartbeats"


class Clock:
    """Epoch ms throughout."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.clock = 0
        self.watermark = 0
        self._arrived = 0
        self._readings = dict.fromkeys(topics, 0)
        self._tops = dict.fromkeys(topics, 0)

    def read(self, topic: str, top: int, arrival: int) -> None:
        """A batch was read whose highest event time is `top` and whose last record arrived at `arrival`."""
        top = self._tops[topic] = max(self._tops[topic], top)
        self._readings[topic] = max(self._readings[topic], min(top, arrival))
        if topic == HEARTBEATS:
            self._arrived = max(self._arrived, arrival)

    def lag(self, now: int) -> int:
        """Ms since the last heartbeat that was read had arrived; 0 when none is left to read."""
        return max(0, now - self._arrived) if self._arrived else 0

    def tick(self, now: int, idle: frozenset[str], lateness: int) -> None:
        """Time has come to `now`; the sources in `idle` have nothing left to read."""
        for topic in idle & self._readings.keys():
            self._readings[topic] = max(self._readings[topic], now)
        if HEARTBEATS in idle:
            self._arrived = max(self._arrived, now)
        self.clock = max(self.clock, self._readings[HEARTBEATS])
        self.watermark = max(self.watermark, min(self._readings.values()) - lateness)
