"""How far correlate has come (its marks in `outages.impact`), and how far this partition has come (`progress`).

Table: `p/mark` the newest mark, `p/progress` the last row in `progress`. A partition publishes on a tick, every few
seconds, and at once when it falls behind, has caught up, or sending is paused or resumed; who reads
`customers.standing` takes no yes from a partition whose row is old or says so (`contactable.py`).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forewarn.alerts.ledger import ENCODE
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import Progress
from forewarn.topics.events.outages import ProgressMark

MARK, LAST = b"p/mark", b"p/progress"
SCHEMA = b"\x01"

DECODE_MARK = msgspec.msgpack.Decoder(ProgressMark).decode
DECODE_ROW = msgspec.msgpack.Decoder(Progress).decode


class Marks:
    """The progress of one partition and of what it rests on."""

    def __init__(self, policy: AlertPolicy, partition: int) -> None:
        self.policy = policy
        self.partition = partition
        self.mark: ProgressMark | None = None

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the newest mark."""
        value = table.get(MARK)
        self.mark = DECODE_MARK(memoryview(value)[1:]) if value is not None else None

    def take(self, unit: Unit, mark: ProgressMark) -> None:
        """Takes correlate's mark; an older one changes nothing."""
        if self.mark is None or mark.tick >= self.mark.tick:
            self.mark = mark
            unit.put(MARK, SCHEMA + msgspec.msgpack.encode(mark))

    def fresh(self, now: int) -> bool:
        """Whether detection is close enough behind `now` (epoch ms) to approve anything."""
        mark = self.mark
        return (
            mark is not None
            and now - mark.tick <= ms(self.policy.mark_tick_s)
            and now - mark.event_time <= ms(self.policy.mark_event_s)
        )

    def publish(self, unit: Unit, *, behind: bool = False, paused: tuple[str, ...] = ()) -> None:
        """Writes the row of this partition, at most every `progress_s` while it says nothing new but the time."""
        value = unit.get(LAST)
        last = DECODE_ROW(memoryview(value)[1:]) if value is not None else None
        event_time = self.mark.event_time if self.mark is not None else 0
        row = Progress("decide", self.partition, unit.now, event_time, behind, paused)
        same = last is not None and (last.behind, last.paused) == (behind, paused)
        if last is not None and same and unit.now - last.tick < ms(self.policy.progress_s):
            return
        unit.put(LAST, SCHEMA + msgspec.msgpack.encode(row))
        unit.emit("progress", b"decide/%d" % self.partition, ENCODE(row), partitions=(self.partition,))
