"""One deployment of its own on a broker that many share: topics under a prefix, settings, logs, how far roles are."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from forewarn.stream import topics_admin
from forewarn.stream.engine.role import Layout
from forewarn.topics.catalog import BY_NAME
from tests.faults.child import Child
from tests.faults.ledger import Input

POLICY = Path(__file__).with_name("policy.toml")
#: What each role reads as a group: its lag is counted over these.
READS = {
    "detect": ("network.heartbeats", "network.alarms", "network.kpis"),
    "correlate": ("network.inventory", "network.field", "network.maintenance", "outages.signals", "outages.affected"),
    "decide": (
        "control", "outages.impact", "customers.profiles", "customers.subscriptions", "customers.preferences",
        "notifications.log", "delivery.receipts", "usage.records", "marketing.requests",
    ),
    "deliver": ("control", "notifications"),
}  # fmt: skip


class Place:
    """A deployment; an asynchronous context manager. `folder` takes logs and ledgers; `settings` go on top."""

    def __init__(
        self, bootstrap: str, prefix: str, folder: Path, *, customer: int = 2, region: int = 1, smtp_port: int = 9,
        session_s: float = 2.0, settings: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        self.bootstrap, self.prefix, self.folder = bootstrap, prefix, folder
        self.layout = Layout(region=region, customer=customer)
        self.smtp_port = smtp_port
        self.session_s = session_s
        self.settings = {name: str(value) for name, value in (settings or {}).items()}
        self.children: list[Child] = []
        folder.mkdir(parents=True, exist_ok=True)

    async def __aenter__(self) -> Self:
        arguments = {"bootstrap_servers": self.bootstrap}
        await topics_admin.apply(arguments, self.layout, prefix=self.prefix, replication=1)
        self.admin = AIOKafkaAdminClient(**arguments)
        self.consumer = AIOKafkaConsumer(**arguments, enable_auto_commit=False)
        self.producer = AIOKafkaProducer(**arguments, enable_idempotence=True, acks="all", linger_ms=5)
        for client in (self.admin, self.consumer, self.producer):
            await client.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(child.kill() for child in self.children))
        with contextlib.suppress(KafkaError):  # a broker that is away keeps them; many deployments follow each other
            await self.admin.delete_topics([topic.full_name(self.prefix) for topic in BY_NAME.values()])
        await self.producer.stop()
        await self.consumer.stop()
        await self.admin.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a worker of this deployment finds in its environment."""
        ours = {
            "BOOTSTRAP": self.bootstrap,
            "TOPIC_PREFIX": self.prefix,
            "POLICY": str(POLICY),
            "DATA_DIR": str(self.folder / "data"),
            "SMTP_PORT": str(self.smtp_port),
            "METRICS_PORT": "0",
            "SESSION_S": str(self.session_s),
            "TICK_S": "0.2",
            **self.settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FOREWARN_")}
        return kept | {f"FOREWARN_{name}": value for name, value in ours.items()}

    async def start(self, role: str, *, crash_at: str | None = None, mutant: str = "", name: str = "") -> Child:
        """Starts a worker; its log is `<folder>/<name or role>.log`."""
        log = self.folder / f"{name or role}.log"
        child = await Child.start(role, self.environment, log, crash_at=crash_at, mutant=mutant)
        self.children.append(child)
        return child

    async def produce(self, inputs: Iterable[Input]) -> None:
        """Produces records in order and returns when the broker has acknowledged all of them."""
        pending = [
            await self.producer.send(
                self.prefix + one.topic, msgspec.json.encode(one.value), key=one.key.encode(), partition=one.partition
            )
            for one in inputs
            if not one.topic.startswith("#")
        ]
        await asyncio.gather(*pending)

    def partitions(self, topic: str) -> list[TopicPartition]:
        """All partitions of a topic."""
        count = BY_NAME[topic].partitions(self.layout)
        return [TopicPartition(self.prefix + topic, number) for number in range(count)]

    async def lag(self, role: str, ends: Mapping[TopicPartition, int] | None = None) -> int:
        """Records below `ends` (default: the topics' ends now) that the role's group has not made durable yet."""
        tps = self._sources(role)
        ends = ends if ends is not None else await self.consumer.end_offsets(tps)
        try:
            committed = await self.admin.list_consumer_group_offsets(f"{self.prefix}forewarn-{role}", partitions=tps)
        except GroupCoordinatorNotAvailableError:  # no group has ever been on this broker
            committed = {}
        return sum(max(0, ends[tp] - max(0, committed[tp].offset if tp in committed else 0)) for tp in tps)

    async def settle(self, *roles: str, timeout_s: float = 60.0) -> None:
        """For one role after the other: waits until all that its sources hold now is durable. Give them downstream."""
        deadline = time.monotonic() + timeout_s
        for role in roles:
            ends: Mapping[TopicPartition, int] | None = None
            left = 1
            while left:
                try:
                    if ends is None:
                        ends = await self.consumer.end_offsets(self._sources(role))
                    left = await self.lag(role, ends)
                except KafkaError:  # the broker is coming back
                    left = 1
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{role} has {left} to read after {timeout_s:.0f} s\n{self.tails()}")
                await asyncio.sleep(0.2)

    def _sources(self, role: str) -> list[TopicPartition]:
        return [tp for topic in READS[role] for tp in self.partitions(topic)]

    def tails(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {log.name}\n{_tail(log)}" for log in sorted(self.folder.glob("*.log")))


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
