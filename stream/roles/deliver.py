"""Role deliver: `notifications` in, messages handed to channels, `notifications.log` out."""

from __future__ import annotations

from forewarn.alerts.delivery import Deliveries, DeliveryPolicy
from forewarn.stream.engine.role import Group, Layout, Source


class DeliverRole:
    """Hands each partition's notifications over; its effects are `Send`, answered by `alerts.performer.Performer`."""

    name = "deliver"
    group: Group = "customer"
    sources = (Source("control", priority=0), Source("notifications", priority=1))

    def __init__(self, policy: DeliveryPolicy) -> None:
        self.policy = policy

    def open(self, partition: int, layout: Layout) -> Deliveries:
        """The deliveries of one partition."""
        return Deliveries(self.policy, partition, layout.customer)
