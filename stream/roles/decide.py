"""Role decide: everything keyed by customer. Wires the parts of a customer partition and hands them their events.

    control ──────────────────────────────────> Controls
    outages.impact ───────────────────────────> Impact ───┐
    customers.*, billing.bills ──> Customers, Circumstances ├──> Pipeline ──> notifications, decisions
    usage.records ──> Meters ──> usage.alerts, UsageNotices ┘
    notifications.log, delivery.receipts ──────> Told
    marketing.requests ───────────────────────> Requests ───> marketing.approved, marketing.held

Each part owns its prefix of the table and the names of its timers; nothing else is shared but these objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from forewarn.alerts.desk import Desk
from forewarn.alerts.policy import CHANNELS
from forewarn.alerts.proposal import Rules
from forewarn.alerts.render import Renderer, renderer_of
from forewarn.alerts.requests import BARRIER
from forewarn.stream.engine.role import Fold, Layout, Record, Source
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.outages.storm import share
from forewarn.stream.policy import Policy
from forewarn.stream.regulator.pack import Pack, load
from forewarn.stream.usage.meters import Meters
from forewarn.stream.usage.stored import UNINDEXED

Fold_ = Callable[[Unit, Sequence[Any], Sequence[Record]], None]


class DecideFold(Fold):
    """One customer partition."""

    def __init__(
        self,
        policy: Policy,
        renderer: Renderer,
        channels: tuple[str, ...],
        packs: tuple[Pack, ...],
        partition: int,
        layout: Layout,
    ) -> None:
        partitions, limit = layout.customer, policy.outages.hold_customers
        own = share(limit, partitions)
        rules = Rules(
            policy=policy.alerts,
            hash=policy.hash,
            mode=policy.mode,
            renderer=renderer,
            channels=channels,
            partitions=partitions,
            share=own,
            packs=packs,
            offers=policy.usage.offers,
        )
        self.desk = Desk(rules, partition)
        notify = self.desk.roaming.crossed if packs else self.desk.usage.notify
        self.meters = Meters(policy.usage, partition, self.desk.account, notify, self.desk.usage.upsell)
        self.desk.account_changed = self.meters.account_changed
        self.desk.erased = self.meters.erase
        self._folds: dict[str, Fold_] = {**self.desk.folds, "usage.records": self.meters.fold}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds every part's indexes; of the meters' rows, most of a table, there are none."""
        indexed = {key: value for key, value in table.items() if not key.startswith(UNINDEXED)}
        self.desk.restore(indexed)
        self.meters.restore(indexed)

    def fold(self, unit: Unit, topic: str, events: Sequence[Any], records: Sequence[Record]) -> None:
        """Hands a batch to the part that takes its topic."""
        self._folds[topic](unit, events, records)

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Lets every part see that time passed."""
        self.desk.tick(unit, idle)
        self.meters.tick(unit)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Hands a timer to the part that armed it."""
        self.desk.fire(unit, timer)

    def work(self, unit: Unit) -> bool:
        """Goes on with what is spread over units."""
        return self.desk.fan_out.work(unit)


class DecideRole:
    """The role: what it reads, in which order, and how to open a partition.

    `set_up` are the channels that this deployment can send by; the policy may name which of all are to be used.
    """

    name = "decide"
    group: Literal["customer"] = "customer"
    sources = (
        Source("control", 0),
        Source("outages.impact", 0),
        Source("customers.profiles", 1),
        Source("customers.subscriptions", 1),
        Source("customers.preferences", 1),
        Source("customers.interactions", 1),
        Source("customers.appointments", 1),
        Source("notifications.log", 2),
        Source("delivery.receipts", 2),
        Source("usage.records", 3),
        Source("billing.bills", 4),
        Source("marketing.requests", 4, barrier=BARRIER),
    )

    def __init__(self, policy: Policy, set_up: tuple[str, ...] = CHANNELS) -> None:
        self.policy = policy
        self.channels: tuple[str, ...] = set_up if policy.alerts.channels is None else policy.alerts.channels
        self.renderer = renderer_of(policy.alerts)
        self.packs = load(policy.regulator)

    def open(self, partition: int, layout: Layout) -> DecideFold:
        """The fold of one partition."""
        return DecideFold(self.policy, self.renderer, self.channels, self.packs, partition, layout)
