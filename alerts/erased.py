"""Who was deleted: remembered for as long as a notification decided before that can still arrive.

Topics have no mutual order: the word of a deletion may overtake a message to the customer. Table: `e/<customer>`, the
instant of the deletion (8 octets, epoch ms). Invariant: what was decided before a deletion is not sent after it; what
is decided for somebody who has come back is.
"""

from __future__ import annotations

from forewarn.stream.engine.unit import Timer, Unit

PREFIX = b"e/"
#: Name of the timer that forgets; its subject is the customer.
ERASED = "erased.forget"
#: As long as `notifications` are kept: an older one cannot be read any more.
KEPT_MS = 3 * 86_400_000


class Erased:
    """The deleted customers of one partition."""

    def note(self, unit: Unit, customer: str, time: int) -> None:
        """A customer was deleted at `time` (epoch ms)."""
        before = self._time(unit, customer)
        if time <= before:
            return
        if before:
            unit.disarm(before + KEPT_MS, customer, ERASED)
        unit.put(PREFIX + customer.encode(), time.to_bytes(8, "big"))
        unit.arm(time + KEPT_MS, customer, ERASED)

    def covers(self, unit: Unit, customer: str, decided: int) -> bool:
        """Whether what was `decided` (epoch ms) for the customer was decided before they were deleted."""
        return decided <= self._time(unit, customer)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Forgets a customer for good."""
        unit.delete(PREFIX + timer.subject.encode())

    def _time(self, unit: Unit, customer: str) -> int:
        return int.from_bytes(unit.get(PREFIX + customer.encode()) or b"", "big")
