"""`forewarn worker ROLE`: puts a role, its policy, its channels and its metrics around the engine.

Nothing is consumed before topics and settings are found right; what is wrong is said all at once, with exit code 78.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiokafka.errors import KafkaConnectionError
from msgspec import Struct

from forewarn.alerts.channels.protocol import Answer, Delivered, Message
from forewarn.alerts.delivery import DeliveryPolicy
from forewarn.alerts.performer import Performer
from forewarn.stream import health, own_folder, topics_admin
from forewarn.stream.channels import channels
from forewarn.stream.engine import fatal
from forewarn.stream.engine.deployment import Deployment
from forewarn.stream.engine.role import Layout, Role
from forewarn.stream.engine.unit import Output
from forewarn.stream.engine.worker import EngineWorker
from forewarn.stream.kafka import connection, group_name, topic_name
from forewarn.stream.metrics import Metrics
from forewarn.stream.observer import Observer
from forewarn.stream.policy import Policy
from forewarn.stream.roles.registry import role_of
from forewarn.stream.settings import Settings
from forewarn.topics import codecs, partitioner
from forewarn.topics.catalog import BY_NAME
from forewarn.topics.events.messages import Inbound

logger = logging.getLogger("forewarn.worker")

#: Seconds between two looks for a broker that does not answer yet.
BROKER_RETRY_S = 2.0
#: Seconds that channels may take to say goodbye to their providers.
CLOSE_S = 2.0


class Cluster(Struct, frozen=True):
    """Names and partition numbers of topics in this deployment."""

    prefix: str
    layout: Layout

    def full_name(self, topic: str) -> str:
        """The topic's name on the cluster."""
        return BY_NAME[topic].full_name(self.prefix)

    def partition_of(self, topic: str, key: bytes | None) -> int:
        """Where a record with this key belongs."""
        return partitioner.partition(key or b"", BY_NAME[topic].partitions(self.layout))


def run(name: str, settings: Settings, policy: Policy, *, accept_loss: bool = False) -> int:
    """Runs one role until SIGTERM; the exit code."""
    uvloop.run(_run(name, settings, policy, accept_loss))
    return 0


async def _run(name: str, settings: Settings, policy: Policy, accept_loss: bool) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    metrics = Metrics()
    metrics.expose_process()
    metrics.worker.info({"role": name, "version": version("forewarn"), "policy": policy.hash, "mode": policy.mode})
    observer = Observer(metrics, name)
    listening = health.listen(settings.metrics_bind, name, settings.metrics_port)
    async with health.serving(listening, metrics, lambda: _readiness(observer)) as port:
        logger.info("worker.starting", extra={"role": name, "policy": policy.hash, "metrics_port": port})
        layout = await _layout(settings, stopping)
        if layout is None:
            return
        performer = _performer(settings, policy.delivery, observer) if name == "deliver" else None
        role = role_of(name, policy, settings.channels)
        folder = _folder(settings, name)
        worker = _worker(role, settings, folder.path, layout, observer, performer, accept_loss)
        if performer is not None:
            performer.listen(partial(_take, worker))
        await worker.run(stopping)
        if performer is not None:
            await asyncio.wait([asyncio.ensure_future(performer.close())], timeout=CLOSE_S)
        folder.leave()
        logger.info("worker.stopped", extra={"role": name})
        # From in here: a loop that is closed first waits for Faust's tasks to end, and Faust's own stop path may wait
        # for ever. Everything durable is in Kafka.
        fatal.leave(0)


def _readiness(observer: Observer) -> tuple[bool, dict[str, Any]]:
    return observer.owned is not None, {"role": observer.role, "partitions": observer.owned}


async def _layout(settings: Settings, stopping: asyncio.Event) -> Layout | None:
    """Waits for a broker, then checks every topic (78 if one is wrong); None when told to stop meanwhile."""
    while not stopping.is_set():
        try:
            problems = await topics_admin.check(connection(settings), settings.topic_prefix)
        except KafkaConnectionError as error:
            logger.warning("worker.no_broker: %s", error)
            await asyncio.wait([asyncio.ensure_future(stopping.wait())], timeout=BROKER_RETRY_S)
            continue
        if problems:
            fatal.fail("topics are not as they must be:\n" + "\n".join(problems), code=fatal.CONFIGURATION)
        return await topics_admin.layout_there(connection(settings), settings.topic_prefix)
    return None


def _folder(settings: Settings, role: str) -> own_folder.OwnFolder:
    try:
        return own_folder.take(settings.data_dir, role)
    except OSError as error:
        fatal.fail(
            f"the data folder cannot be used: {error}. Make room there, or set FOREWARN_DATA_DIR to another folder",
            code=fatal.CONFIGURATION,
        )


async def _take(worker: EngineWorker, number: str, event: Inbound) -> None:
    """What a provider brings, as a record: safe once the broker has it. Whose it is, a partition of deliver knows."""
    output = Output("delivery.inbound", number.encode(), msgspec.json.encode(event))
    await worker.produce([output], round(time.time() * 1000))


def _worker(
    role: Role,
    settings: Settings,
    folder: Path,
    layout: Layout,
    observer: Observer,
    performer: Performer | None,
    accept_loss: bool,
) -> EngineWorker:
    deployment = Deployment(
        bootstrap=settings.bootstrap,
        connection=connection(settings),
        group=group_name(settings, role.name),
        changelog=topic_name(settings, f"forewarn-{role.name}-changelog"),
        layout=layout,
        addresses=Cluster(settings.topic_prefix, layout),
        data_dir=folder,
        tick_s=settings.tick_s,
        session_s=settings.session_s,
        stalled_s=settings.stalled_s,
        accept_loss=accept_loss,
    )
    return EngineWorker(role, deployment, codecs.by_topic(), observer, performer)


def _performer(settings: Settings, delivery: DeliveryPolicy, observer: Observer) -> Performer:
    return Performer(channels(settings, delivery), _observed(observer))


def _observed(observer: Observer) -> Callable[[Message, Answer, float], None]:
    def observe(message: Message, answer: Answer, seconds: float) -> None:
        observer.sent(message.channel, seconds)
        if isinstance(answer, Delivered):
            if message.channel == "sms" and answer.provider_id:
                observer.sms_parts(len(answer.provider_id.split()))
            observer.delivered(message.kind, max(0.0, time.time() - message.time / 1000))

    return observe
