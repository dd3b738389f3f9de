"""A lane: what waits for one channel, and how much of it may be under way.

    waiting (by due time) ──due──> ready (critical first, then oldest) ──room, rate, circuit──> in flight

In memory only, rebuilt from the table; an entry whose parcel has moved on is dropped when it comes up. A slow or dead
provider fills its own lane and no other.
"""

from __future__ import annotations

import heapq

from forewarn.alerts.circuit import Circuit
from forewarn.alerts.parcels import Parcel


class Lane:
    """One channel's lane in one partition. `rate` is messages a second, 0 = no limit; times are epoch ms."""

    def __init__(self, *, room: int, rate: float, circuit: Circuit) -> None:
        self.room = room
        self.rate = rate
        self.circuit = circuit
        self.in_flight: set[str] = set()
        self._waiting: list[tuple[int, bool, int, str]] = []
        self._ready: list[tuple[bool, int, str]] = []
        self._tokens = max(1.0, rate)
        self._filled_at = 0

    def put(self, parcel: Parcel) -> None:
        """Adds a waiting parcel."""
        heapq.heappush(self._waiting, (parcel.due, not parcel.critical, parcel.offset, parcel.id))

    def next(self, now: int) -> str | None:
        """The id of the parcel to attempt now, taken out of the lane; None when there is none or no room for it."""
        self._promote(now)
        if not self._ready or not self._may_send(now):
            return None
        return heapq.heappop(self._ready)[-1]

    def spend(self, notification_id: str) -> None:
        """Counts an attempt."""
        self.in_flight.add(notification_id)
        self._tokens -= 1

    def has_more(self, now: int) -> bool:
        """Whether another attempt could be made at once."""
        self._promote(now)
        return bool(self._ready) and self._may_send(now)

    def _promote(self, now: int) -> None:
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            heapq.heappush(self._ready, heapq.heappop(waiting)[1:])

    def _may_send(self, now: int) -> bool:
        if len(self.in_flight) >= self.room or not self.circuit.allows(now, len(self.in_flight)):
            return False
        if self.rate <= 0:
            return True
        burst = max(1.0, self.rate)
        self._tokens = min(burst, self._tokens + max(0, now - self._filled_at) * self.rate / 1000)
        self._filled_at = now
        return self._tokens >= 1
