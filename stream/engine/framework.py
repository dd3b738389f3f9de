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
from faust.tables.recovery import Recovery
from faust.types import TP
from yarl import URL

from forewarn.stream.engine import fatal
from forewarn.stream.engine.transport import Batches, BatchTransport, Positions


class Engine(Positions, Protocol):
    """What the application calls."""

    async def restore(self, assigned: set[TP], generation: int) -> None: ...
    async def revoke(self) -> None: ...
    def deliver(self, tp: TP, batches: Any, generation: int) -> None: ...


class Restoration(Recovery):  # type: ignore[misc]  # faust is untyped
    """Faust's recovery service, with the restoring itself left to the engine.

    Changelogs are subscribed, so that the assignor places them, but never read through the group's consumer.
    """

    engine: Engine

    def add_active(self, table: Any, tp: TP) -> None:
        """No changelog is applied by Faust."""

    def add_standby(self, table: Any, tp: TP) -> None:
        """No standbys."""

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """All sources are still paused here: restore, then let Faust seek (to our offsets) and resume."""
        await self.engine.restore(self.app.consumer.assignment(), generation_id)
        await super().on_recovery_completed(generation_id)


class WorkerApp(faust.App):  # type: ignore[misc]
    """Leaves at once when any of Faust's services crashes."""

    async def crash(self, reason: BaseException) -> None:
        """Any crash of the framework ends the process."""
        fatal.fail("the framework crashed", reason)


def build(
    *,
    group: str,
    bootstrap: str,
    topics: Sequence[str],
    changelog: str,
    engine: Engine,
    data_dir: Path,
    session_s: float,
    security: dict[str, Any],
) -> faust.App:
    """The application of one role. `topics` and `changelog` are full names; `group` is the consumer group.

    `security`: `ssl_context` and `broker_credentials` for Faust, both optional.
    """
    app = WorkerApp(
        group,
        broker=[URL(f"kafka://{address}") for address in bootstrap.split(",")],
        store="memory://",
        datadir=str(data_dir),
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_replication_factor=1,
        web_enabled=False,
        cython_optimizations=True,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 << 20,
        broker_max_poll_records=64,  # record batches, not records
        broker_max_poll_interval=86_400.0,  # progress is the watchdog's business, not the fetcher's
        broker_commit_interval=1.0,
        broker_session_timeout=session_s,
        broker_heartbeat_interval=session_s * 0.3,
        broker_request_timeout=max(90.0, session_s * 2),
        stream_wait_empty=False,
        stream_recovery_delay=min(1.0, session_s / 10),
        producer_linger=0,
        producer_max_batch_size=16 << 20,
        producer_max_request_size=32 << 20,
        producer_request_timeout=120.0,
        table_standby_replicas=0,
        **security,
    )
    app.transport = BatchTransport(app.conf.broker_consumer, app)
    app.producer_transport = app.transport
    BatchTransport.Consumer.positions = engine
    changelog_topic = app.topic(changelog, key_type=bytes, value_type=bytes, internal=False, compacting=True)
    app.Table("state", key_type=bytes, value_type=bytes, changelog_topic=changelog_topic)
    sources = app.topic(*topics, schema=Batches(), allow_empty=True, maxsize=64)

    @app.agent(sources, name="fold")  # type: ignore[untyped-decorator]
    async def fold(stream: Any) -> None:
        """Hands every fetched run to its partition's mailbox; never waits."""
        async for event in stream.noack().events():
            engine.deliver(event.message.tp, event.message.value, event.message.generation_id)

    @app.on_partitions_revoked.connect(weak=False)  # type: ignore[untyped-decorator]
    async def revoked(_app: Any, _revoked: Any, **_: Any) -> None:
        await engine.revoke()

    Restoration.engine = engine
    app.tables._recovery = Restoration(app, app.tables, beacon=app.tables.beacon, loop=app.tables.loop)
    app.finalize()
    return app


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
