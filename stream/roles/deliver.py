"""Role deliver: `notifications` in, messages handed to channels, `notifications.log` out; what comes back is passed on.

control, notifications ──> Deliveries ──> Send ──> channel ──> Reply ──> notifications.log
                                                                 └─ delivery.inbound: Handed ─┐
the SMSC's receipts and replies ──────────────> delivery.inbound: Returned, Said ─────────────┴─> Numbers
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from forewarn.alerts.channels.protocol import Delivered, Reply
from forewarn.alerts.delivery import Deliveries, DeliveryPolicy
from forewarn.alerts.erased import ERASED
from forewarn.alerts.numbers import Numbers
from forewarn.alerts.parcels import Parcel, Stand
from forewarn.alerts.phone import digest, digits
from forewarn.stream.engine.role import Fold, Group, Layout, Record, Source
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.topics.events.messages import Forgotten, Handed

INBOUND = "delivery.inbound"
#: Channels whose provider tells later, by number, what became of a message.
BY_NUMBER = frozenset({"sms"})
_json = msgspec.json.Encoder().encode


class DeliverFold(Fold):
    """One customer partition: its deliveries, and the numbers whose digests fall into it."""

    def __init__(self, policy: DeliveryPolicy, partition: int, partitions: int) -> None:
        self.policy = policy
        self.deliveries = Deliveries(policy, partition, partitions)
        self.numbers = Numbers(policy)

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds lanes and deadlines; numbers have no index."""
        self.deliveries.restore(table)

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        """Hands a batch to the part that takes its topic."""
        if topic != INBOUND:
            self.deliveries.fold(unit, topic, events, records)
            return
        for event, record in zip(events, records, strict=True):
            key = (record.key or b"").decode()
            if isinstance(event, Forgotten) and event.customer == key:
                self.deliveries.erase(unit, key, event.time)
            else:
                self.numbers.take(unit, key, event)

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Lets time pass."""
        self.deliveries.tick(unit, idle)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """A number's, or that of a deleted customer."""
        (self.deliveries.erased.fire if timer.name == ERASED else self.numbers.fire)(unit, timer)

    def work(self, unit: Unit) -> bool:
        """Makes the attempts that are due."""
        return self.deliveries.work(unit)

    def heard(self, unit: Unit, reply: Reply) -> None:
        """Writes down what came of an attempt, and which receipts are to come."""
        parcel = self.deliveries.shelf.get(unit, reply.notification_id)
        self.deliveries.heard(unit, reply)
        if parcel is None or parcel.stand != Stand.ATTEMPTING or parcel.attempts != reply.attempt:
            return
        if isinstance(reply.answer, Delivered) and reply.answer.provider_id and parcel.channel in BY_NUMBER:
            self._handed(unit, parcel, reply.answer.provider_id)

    def _handed(self, unit: Unit, parcel: Parcel, provider_ids: str) -> None:
        number = digits(parcel.to)
        if number is None:
            return
        handed = Handed(
            notification_id=parcel.id,
            customer=parcel.customer,
            channel=parcel.channel,
            provider_ids=tuple(provider_ids.split()),
            time=unit.now,
            until=parcel.valid_until + round(self.policy.memory_s * 1000),
        )
        unit.emit(INBOUND, digest(number).encode(), _json(handed))


class DeliverRole:
    """Hands each partition's notifications over; its effects are `Send`, answered by `alerts.performer.Performer`."""

    name = "deliver"
    group: Group = "customer"
    sources = (Source("control", priority=0), Source(INBOUND, priority=0), Source("notifications", priority=1))

    def __init__(self, policy: DeliveryPolicy) -> None:
        self.policy = policy

    def open(self, partition: int, layout: Layout) -> DeliverFold:
        """One partition."""
        return DeliverFold(self.policy, partition, layout.customer)
