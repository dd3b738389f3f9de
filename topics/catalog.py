"""Every topic that Forewarn reads or writes: its key, partition group, retention, and the type of its events.

This is the one place that knows topics: admin, codecs, the AsyncAPI document and docs/topics.md are made from it, and
the topic prefix of a shared cluster is applied by `Topic.full_name` alone. Invariant: topics of one group have equal
partition counts, because a role's table is partitioned like its sources.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from msgspec import Struct

from forewarn.stream.engine.role import Group, Layout
from forewarn.topics.dead_letters import INPUT_LIMIT, LETTER_LIMIT
from forewarn.topics.events import customers, messages, network, obligations, outages, usage, works

Direction = Literal["read", "written", "internal"]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
#: Bytes that a record needs beside key and value (headers, batch frame).
FRAME = 65_536
#: Roles that keep a table, each with a changelog, and the group they are partitioned by.
CHANGELOGS: dict[str, Group] = {
    "detect": "region",
    "correlate": "single",
    "decide": "customer",
    "deliver": "customer",
    "ingest": "region",
}


class Topic(Struct, frozen=True, kw_only=True):
    """One topic.

    `key`: what the key means (`any`: nothing). `direction`: read from others, written for others, or internal (written
    and read by Forewarn alone). `event`: the Struct, or union of Structs, of its values; None when they are bytes.
    `instant`: the field that is judged `future`, on sources that are streams. `foreign`: are VES and TMF642 taken.
    `partitioned`: `key` by murmur2 of the key, `explicit` by the writer. `retention_ms` None: as long as the key lives.
    """

    name: str
    key: str
    group: Group
    cleanup: Literal["delete", "compact"]
    direction: Direction
    event: Any = None
    instant: str | None = None
    foreign: Literal["also", "only"] | None = None
    retention_ms: int | None = None
    partitioned: Literal["key", "explicit"] = "key"
    broker_time: bool = False
    max_message_bytes: int = INPUT_LIMIT
    more: tuple[tuple[str, str], ...] = ()
    about: str = ""

    def full_name(self, prefix: str) -> str:
        """The topic's name on the cluster."""
        return f"{prefix}{self.name}"

    @property
    def key_field(self) -> str | None:
        """The field that repeats the key, if the events have one."""
        kinds = get_args(self.event) or (self.event,)
        return self.key if self.event and all(self.key in kind.__struct_fields__ for kind in kinds) else None

    def partitions(self, layout: Layout) -> int:
        """Its partition count in a deployment."""
        return {"region": layout.region, "customer": layout.customer, "single": layout.single}[self.group]

    @property
    def configs(self) -> dict[str, str]:
        """The broker's settings of the topic; what is absent is the broker's default."""
        configs = {"cleanup.policy": self.cleanup, "max.message.bytes": str(self.max_message_bytes)}
        if self.retention_ms is not None:
            configs["retention.ms"] = str(self.retention_ms)
        if self.broker_time:
            configs["message.timestamp.type"] = "LogAppendTime"
        return configs | dict(self.more)


def _read(
    name: str,
    key: str,
    group: Group,
    event: Any,
    about: str,
    *,
    days: int | None = 7,
    instant: str = "time",
    foreign: Literal["also", "only"] | None = None,
) -> Topic:
    """A source: stamped by the broker, because `future` and idle watermarks are judged by its clock."""
    return Topic(
        instant=None if days is None else instant,
        foreign=foreign,
        name=name,
        key=key,
        group=group,
        cleanup="compact" if days is None else "delete",
        direction="read",
        event=event,
        retention_ms=None if days is None else days * DAY_MS,
        broker_time=True,
        about=about,
    )


def _written(name: str, key: str, group: Group, event: Any, about: str, *, days: int | None) -> Topic:
    return Topic(
        name=name,
        key=key,
        group=group,
        cleanup="compact" if days is None else "delete",
        direction="written",
        event=event,
        retention_ms=None if days is None else days * DAY_MS,
        about=about,
    )


def _internal(name: str, key: str, group: Group, event: Any, about: str, *, days: int | None) -> Topic:
    """Internal topics are written by explicit partition: the writer knows who must read them."""
    return Topic(
        name=name,
        key=key,
        group=group,
        cleanup="compact" if days is None else "delete",
        direction="internal",
        event=event,
        retention_ms=None if days is None else days * DAY_MS,
        partitioned="explicit",
        about=about,
    )


def _changelog(role: str, group: Group) -> Topic:
    """A role's table. A unit with its state and outputs must always fit; a dispossessed owner's records must stay
    visible, in the order in which the broker took them, until the next owner has seen them: for an hour."""
    return Topic(
        name=f"forewarn-{role}-changelog",
        key="table key",
        group=group,
        cleanup="compact",
        direction="internal",
        partitioned="explicit",
        broker_time=True,
        max_message_bytes=8 * INPUT_LIMIT,
        more=(("min.compaction.lag.ms", str(HOUR_MS)),),
        about=f"The table of role {role}: changed keys and one marker a commit unit.",
    )


READ = (
    _read(
        "network.heartbeats",
        "region",
        "region",
        network.Heartbeat,
        "Signs of life of network elements.",
        foreign="also",
    ),
    _read("network.alarms", "region", "region", network.Alarm, "X.733 alarms.", foreign="also"),
    _read("network.kpis", "region", "region", network.Kpi, "Samples of performance indicators.", foreign="also"),
    _read(
        "network.inventory", "element", "single", network.InventoryElement, "The elements of the network.", days=None
    ),
    _read("network.maintenance", "maintenance_id", "single", network.Maintenance, "Planned work.", days=None),
    _read("network.field", "any", "single", network.FieldAction, "What network staff say about outages."),
    _read(
        "network.raw",
        "any",
        "region",
        network.Heartbeat | network.Alarm | network.Kpi,
        "VES 7 and TMF642 as collectors send them; role ingest finds the region.",
        foreign="only",
    ),
    _read("customers.profiles", "customer", "customer", customers.Profile, "Customer accounts.", days=None),
    _read(
        "customers.subscriptions",
        "customer",
        "customer",
        customers.Subscription,
        "What customers want to hear.",
        days=None,
    ),
    _read("customers.preferences", "customer", "customer", customers.Preference, "Patches of subscriptions."),
    _read("customers.interactions", "customer", "customer", customers.Interaction, "Contacts with the operator."),
    _read("customers.appointments", "customer", "customer", customers.Appointment, "Appointments."),
    _read("billing.bills", "customer", "customer", usage.Bill, "Bills."),
    _read(
        "usage.records",
        "customer",
        "customer",
        usage.UsageRecord,
        "What customers used of their allowances.",
        instant="start",
    ),
    _read(
        "marketing.requests",
        "customer",
        "customer",
        messages.MarketingRequest,
        "Campaigns that ask to contact a customer.",
    ),
    _read("delivery.receipts", "customer", "customer", messages.Receipt, "Receipts of providers."),
)

WRITTEN = (
    _written("outages", "outage_id", "single", outages.Outage, "The current revision of each outage.", days=None),
    _written("outages.revisions", "outage_id", "single", outages.Outage, "Every revision of each outage.", days=400),
    _written("usage.alerts", "customer", "customer", usage.UsageAlert, "Thresholds reached and forecast.", days=7),
    _written("notifications", "customer", "customer", messages.Notification, "Messages to be sent now.", days=3),
    _written("notifications.log", "customer", "customer", messages.NotificationLog, "Attempts and outcomes.", days=90),
    _written("decisions", "customer", "customer", messages.Decision, "Why something was, or was not, sent.", days=90),
    _written("customers.answers", "customer", "customer", messages.CustomerAnswer, "What customers answered.", days=90),
    _written(
        "marketing.approved", "customer", "customer", messages.MarketingAnswer, "Requests that may be sent.", days=7
    ),
    _written(
        "marketing.held", "customer", "customer", messages.MarketingAnswer, "Requests that wait, or are over.", days=7
    ),
    _written(
        "customers.standing",
        "customer",
        "customer",
        messages.Standing,
        "What may be said to a customer now.",
        days=None,
    ),
    Topic(
        name="dead.letters",
        key="the record's",
        group="customer",
        cleanup="delete",
        direction="written",
        retention_ms=30 * DAY_MS,
        max_message_bytes=LETTER_LIMIT + FRAME,
        about="Records that are no events, with their own bytes; why is in the headers.",
    ),
)

INTERNAL = (
    _internal(
        "network.topology",
        "element",
        "region",
        network.TopologyElement,
        "What detect and ingest need of each element.",
        days=None,
    ),
    _internal("outages.signals", "region", "single", outages.Signal, "What detect tells correlate.", days=7),
    _internal(
        "outages.impact",
        "outage_id/chunk",
        "customer",
        outages.ImpactChunk | outages.ProgressMark | works.WorkChunk,
        "The down serving elements of each outage, and those of planned work, to every customer partition.",
        days=7,
    ),
    _internal(
        "outages.affected",
        "outage_id",
        "single",
        outages.Affected | outages.StillOut,
        "Customers of an outage in one partition, and who of them says that they are still out.",
        days=7,
    ),
    Topic(
        name="delivery.inbound",
        key="digest of a number",
        group="customer",
        cleanup="delete",
        direction="internal",
        event=messages.Inbound,
        retention_ms=3 * DAY_MS,
        about="What comes back from phone numbers, and whose they are; keyed so that one partition sees both.",
    ),
    Topic(
        name="obligations",
        key="incident",
        group="customer",
        cleanup="delete",
        direction="internal",
        event=obligations.Obligation,
        retention_ms=400 * DAY_MS,
        about="What regulators' rules ask of the operator, and how it stands; `forewarn regulator export` reads it.",
    ),
    _internal("control", "kind", "customer", messages.Control, "Pause and resume of sending.", days=None),
    _internal("progress", "role/partition", "customer", messages.Progress, "How far each partition is.", days=None),
    *(_changelog(role, group) for role, group in CHANGELOGS.items()),
)

TOPICS = READ + WRITTEN + INTERNAL
BY_NAME = {topic.name: topic for topic in TOPICS}
