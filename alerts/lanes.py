"""The lanes of one partition, one a channel: what waits for a provider, and how far the provider is trusted.

Invariant: a provider in trouble holds up its own lane and no other.
"""

from __future__ import annotations

from collections.abc import Iterator

from forewarn.alerts.circuit import Circuit
from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.alerts.lane import Lane
from forewarn.stream.engine.unit import Unit


class Lanes:
    """Lanes by channel, made when they are first asked for. `partitions` share the rates."""

    def __init__(self, policy: DeliveryPolicy, partitions: int) -> None:
        self.policy = policy
        self.partitions = partitions
        self._lanes: dict[str, Lane] = {}
        self._told: dict[str, str] = {}  #: the state of each provider's circuit that was last told

    def __iter__(self) -> Iterator[Lane]:
        """The lanes, by the names of their channels."""
        return iter([self._lanes[channel] for channel in sorted(self._lanes)])

    def of(self, channel: str) -> Lane:
        """The lane of a channel."""
        lane = self._lanes.get(channel)
        if lane is None:
            policy = self.policy
            circuit = Circuit(policy.circuit_failures, _ms(policy.circuit_cooldown_s), _ms(policy.circuit_longest_s))
            rate = policy.rates.get(channel, 0.0) / self.partitions
            lane = self._lanes[channel] = Lane(room=policy.in_flight, rate=rate, circuit=circuit)
        return lane

    def tell(self, unit: Unit) -> None:
        """Notes how far each provider is trusted, where that has changed."""
        for channel, lane in self._lanes.items():
            state = lane.circuit.state(unit.now)
            if self._told.get(channel) != state:
                self._told[channel] = state
                unit.note("circuit", channel, state)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
