"""Pace: how fast the channels of one partition take messages of an outage, so that a storm drowns none of them.

    rate / partitions ──> one slot every interval:   now ──┬──┬──┬──┬──┬──>
                                                    taken ─┴──┴──┴──┘  └─ next free: who comes now is told then

Slots are given in the order in which customers are judged, so those who matter most have the first ones. The generic
cell rate algorithm (ITU-T I.371) with a burst of a second. Durable: `z/<channel>` holds when the channel is through
with what it was given; invariant: in no second, and after no restart, are more slots due than the rate and a burst.
"""

from __future__ import annotations

from collections.abc import Mapping

from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import Channel

PREFIX = b"z/"
SCHEMA = b"\x01"
BURST_US = 1_000_000


class Pace:
    """The slots of one partition's channels. `rates`: messages a second of the deployment, by channel."""

    def __init__(self, rates: Mapping[Channel, float], partitions: int) -> None:
        self._intervals: dict[str, int] = {channel: round(1e6 * partitions / rate) for channel, rate in rates.items()}

    def slots(self, unit: Unit) -> dict[str, int]:
        """When (epoch ms) each channel that has a rate takes one more message; not later than now: at once."""
        return {channel: -(-(self._busy(unit, channel) - BURST_US) // 1000) for channel in self._intervals}

    def take(self, unit: Unit, channel: str) -> None:
        """Takes the next slot of a channel."""
        if channel in self._intervals:
            busy = max(self._busy(unit, channel), unit.now * 1000) + self._intervals[channel]
            unit.put(PREFIX + channel.encode(), SCHEMA + b"%d" % busy)

    def _busy(self, unit: Unit, channel: str) -> int:
        """Until when (epoch µs) the channel is busy with what it was given."""
        value = unit.get(PREFIX + channel.encode())
        return int(value[1:]) if value is not None else 0
