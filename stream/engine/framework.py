"""The Faust application of a worker: assignment, agent and table are Faust's, restoring is the engine's.

Faust decides which partitions this worker owns (its co-partitioning assignor keeps a role's topics and the changelog
together), runs the agent, and calls back. Two things are replaced, because stock Faust loses data there: its recovery
applies changelog records one by one and swallows errors, and it commits offsets of events still in flight.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import faust
from aiokafka import AIOKafkaProducer
from faust.tables.recovery import Recovery
from faust.types import TP
from yarl import URL

from forewarn.stream.engine import fatal
from forewarn.stream.engine.connection import any_ended
from forewarn.stream.engine.transport import BatchConsumer, Batches, BatchTransport, Positions

#: Faust's settings that are the same in every worker; docs/engine.md says why each differs from Faust's default.
SETTINGS: dict[str, Any] = {
    "store": "memory://",
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "topic_replication_factor": 1,
    "web_enabled": False,
    "cython_optimizations": True,
    "processing_guarantee": "at_least_once",
    "consumer_auto_offset_reset": "earliest",
    "consumer_max_fetch_size": 4 << 20,
    "broker_max_poll_records": 512,  # record batches, not records
    "broker_max_poll_interval": 86_400.0,  # progress is the watchdog's business, not the fetcher's
    "broker_commit_interval": 1.0,
    "stream_wait_empty": False,
    "producer_linger": 0,
    "producer_max_batch_size": 16 << 20,
    "producer_max_request_size": 32 << 20,
    "producer_request_timeout": 120.0,
    "table_standby_replicas": 0,
}


class Engine(Positions, Protocol):
    """What the application calls."""

    async def restore(self, assigned: set[TP], generation: int) -> bool: ...
    async def revoke(self) -> None: ...
    def deliver(self, tp: TP, batches: Any, generation: int) -> None: ...


class Restoration(Recovery):
    """Faust's recovery service, with the restoring itself left to the engine.

    Changelogs are subscribed, so that the assignor places them, but never read through the group's consumer.
    """

    engine: Engine

    def add_active(self, table: Any, tp: TP) -> None:
        """No changelog is applied by Faust."""

    def add_standby(self, table: Any, tp: TP) -> None:
        """No standbys."""

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """All sources are still paused here: restore, seek to our offsets, and only then read.

        Faust reads first, then empties its queues (`flow_control.resume`) and seeks: a run fetched in between is lost.
        """
        app: Any = self.app
        consumer = app.consumer
        if not await self.engine.restore(consumer.assignment(), generation_id):
            return  # stays paused: a rebalance is under way, or must come, and another restore follows
        await app.on_rebalance_complete.send()
        app.flow_control.resume()
        consumer.resume_flow()
        await app._fetcher.maybe_start()
        await self._wait(consumer.perform_seek(), timeout=app.conf.broker_request_timeout)
        consumer.resume_partitions({tp for tp in consumer.assignment() if not self._is_changelog_tp(tp)})
        self.completed.set()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()


class WorkerApp(faust.App):
    """Leaves at once when any of Faust's services crashes."""

    async def crash(self, reason: BaseException) -> None:
        """Any crash of the framework ends the process."""
        fatal.fail("the framework crashed", reason)


class Framework:
    """One Faust application: its consumer group is `group`, its agent reads `topics`, its table's log is `changelog`.

    Names are full names. `security`: `ssl_context` and `broker_credentials` in Faust's form, both optional.
    """

    def __init__(
        self,
        *,
        group: str,
        bootstrap: str,
        topics: Sequence[str],
        changelog: str,
        engine: Engine,
        data_dir: Path,
        session_s: float,
        security: dict[str, Any],
    ) -> None:
        app: Any = WorkerApp(
            group,
            broker=[URL(f"kafka://{address}") for address in bootstrap.split(",")],
            datadir=str(data_dir),
            broker_session_timeout=session_s,
            broker_heartbeat_interval=session_s * 0.3,
            broker_request_timeout=max(90.0, session_s * 2),
            stream_recovery_delay=min(1.0, session_s / 10),
            **SETTINGS,
            **security,
        )
        self.app = app
        app.transport = BatchTransport(app.conf.broker_consumer, app)
        app.producer_transport = app.transport
        BatchTransport.Consumer.positions = engine
        log = app.topic(changelog, key_type=bytes, value_type=bytes, internal=False, compacting=True)
        app.Table("state", key_type=bytes, value_type=bytes, changelog_topic=log)
        app.agent(app.topic(*topics, schema=Batches(), allow_empty=True, maxsize=64), name="fold")(_agent(engine))
        app.on_partitions_revoked.connect(_revoked(engine), weak=False)
        Restoration.engine = engine
        app.tables._recovery = Restoration(app, app.tables, beacon=app.tables.beacon)
        app.finalize()

    @property
    def consumer(self) -> BatchConsumer:
        """The group's consumer."""
        consumer: BatchConsumer = self.app.consumer
        return consumer

    @property
    def producer(self) -> AIOKafkaProducer:
        """The idempotent producer."""
        producer: AIOKafkaProducer = self.app.producer._ensure_producer()
        return producer

    @property
    def generation(self) -> int:
        """The group's generation that this worker last joined."""
        return int(self.app.consumer_generation_id)

    @property
    def crashed(self) -> bool:
        """Whether any of Faust's services has crashed, or a task that a Kafka client cannot do without has ended."""
        producer = self.producer
        kept_up = (producer.client._sync_task, producer._sender._sender_task)
        return bool(self.app.crashed) or self.consumer.ended or any_ended(kept_up)

    async def start(self) -> None:
        """Starts all of Faust's services; returns when they run."""
        self.app.conf.datadir.mkdir(parents=True, exist_ok=True)  # Faust makes the last folder only
        self.app.in_worker = True
        await self.app.start()


def _agent(engine: Engine) -> Any:
    async def fold(stream: Any) -> None:
        """Hands every fetched run to its partition's mailbox; never waits."""
        async for event in stream.noack().events():
            message = event.message
            try:
                for tp, batches in message.value.items():
                    engine.deliver(tp, batches, message.generation_id)
            except Exception as error:  # noqa: BLE001  Faust would drop the run and start the agent again
                fatal.fail("a fetched run could not be taken in", error)

    return fold


def _revoked(engine: Engine) -> Any:
    async def revoked(_app: Any, _revoked: Any, **_: Any) -> None:
        await engine.revoke()

    return revoked


def faust_security(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Faust's form of aiokafka connection arguments (`security_protocol`, `ssl_context`, `sasl_*`)."""
    context: ssl.SSLContext | None = kwargs.get("ssl_context")
    protocol = kwargs.get("security_protocol", "PLAINTEXT")
    if protocol == "PLAINTEXT":
        return {}
    if protocol == "SSL":
        return {"broker_credentials": context}
    return {
        "ssl_context": context,
        "broker_credentials": faust.SASLCredentials(
            mechanism=kwargs["sasl_mechanism"],
            username=kwargs["sasl_plain_username"],
            password=kwargs["sasl_plain_password"],
            ssl_context=context,
        ),
    }
