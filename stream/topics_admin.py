"""`forewarn topics list|apply|check|asyncapi`: the catalog and the cluster.

A worker calls `check` before it consumes anything, and refuses to start on what it says. Invariant: nothing here
deletes a topic or changes a partition count.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from forewarn.stream.engine.role import Layout
from forewarn.stream.kafka import connection
from forewarn.stream.replay.partitions import layout_of
from forewarn.stream.settings import Settings
from forewarn.topics import asyncapi
from forewarn.topics.audit import Found, layout, misplaced, problems, wrong_configs
from forewarn.topics.catalog import BY_NAME, DAY_MS, TOPICS, Topic

DONE, NEGATIVE, CONFIGURATION = 0, 1, 78
#: Copies of a partition that a command proposes where there are brokers enough.
COPIES = 3
#: Seconds that a broker may take to learn of new topics, and between two looks.
SEEN_S, _LOOK_S = 30.0, 0.05


class Applied(Struct, frozen=True):
    """What `apply` did: full names of topics created, settings changed by topic, and why it did nothing instead."""

    created: tuple[str, ...] = ()
    changed: Mapping[str, Mapping[str, str]] = {}
    refused: tuple[str, ...] = ()


async def check(arguments: Mapping[str, Any], prefix: str) -> list[str]:
    """Everything wrong with this deployment's topics, each with the command that mends it.

    `arguments`: those of an aiokafka client (bootstrap_servers, security). Raises KafkaConnectionError.
    """
    async with _admin(arguments) as admin:
        brokers = len((await admin.describe_cluster())["brokers"])
        return problems(await _found(admin, prefix), prefix, replication=min(COPIES, max(brokers, 1)))


async def layout_there(arguments: Mapping[str, Any], prefix: str) -> Layout:
    """The partition counts of this deployment."""
    async with _admin(arguments) as admin:
        return layout(await _found(admin, prefix), prefix)


async def apply(arguments: Mapping[str, Any], wanted: Layout, *, prefix: str, replication: int) -> Applied:
    """Creates missing topics and sets wrong settings; refuses when counts there differ from `wanted`."""
    async with _admin(arguments) as admin:
        found = await _found(admin, prefix)
        if refused := misplaced(found, prefix, wanted):
            return Applied(refused=tuple(refused))
        missing = [topic for topic in TOPICS if topic.full_name(prefix) not in found]
        await _create(admin, missing, wanted, prefix, replication)
        changed = await _wrong(admin, prefix)
        await _alter(admin, changed)
        await _until(_all_right(admin, prefix), "changed")
        return Applied(tuple(topic.full_name(prefix) for topic in missing), changed)


def run_list(settings: Settings, *, as_json: bool) -> int:
    """`forewarn topics list`: the catalog; needs no broker."""
    if as_json:
        rows = [_row(topic, settings.topic_prefix) for topic in TOPICS]
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return DONE
    table = Table("topic", "key", "group", "clean-up", "kept", "direction", "what")
    for topic in TOPICS:
        row = _row(topic, settings.topic_prefix)
        table.add_row(
            *(str(row[column]) for column in ("name", "key", "group", "cleanup", "kept", "direction", "about"))
        )
    Console(highlight=False).print(table)
    return DONE


async def run_apply(settings: Settings, partitions: str, replication: int) -> int:
    """`forewarn topics apply`: exit code 78 when what is there contradicts what is asked for."""
    try:
        wanted = layout_of(partitions)
    except ValueError as error:
        return _refuse([f"--partitions {partitions}: {error}"])
    applied = await apply(connection(settings), wanted, prefix=settings.topic_prefix, replication=replication)
    if applied.refused:
        return _refuse(applied.refused)
    for name in applied.created:
        topic = BY_NAME[name.removeprefix(settings.topic_prefix)]
        print(f"created {name} ({topic.partitions(wanted)} partitions)")
    for name, configs in applied.changed.items():
        print(f"changed {name}: " + ", ".join(f"{setting}={value}" for setting, value in configs.items()))
    if not applied.created and not applied.changed:
        print("all topics are there, as the catalog says")
    wrong = await check(connection(settings), settings.topic_prefix)
    return _refuse(wrong) if wrong else DONE


async def run_check(settings: Settings) -> int:
    """`forewarn topics check`: 78 if anything is wrong."""
    wrong = await check(connection(settings), settings.topic_prefix)
    if wrong:
        return _refuse(wrong)
    print(f"{len(TOPICS)} topics are there, as the catalog says")
    return DONE


def run_asyncapi(settings: Settings) -> int:
    """`forewarn topics asyncapi`: the document on stdout; needs no broker."""
    print(asyncapi.as_json(asyncapi.document(settings.topic_prefix)))
    return DONE


def _refuse(lines: Iterable[str]) -> int:
    for line in lines:
        print(f"topics: {line}", file=sys.stderr)
    return CONFIGURATION


def _row(topic: Topic, prefix: str) -> dict[str, str | None]:
    kept = "while the key lives" if topic.retention_ms is None else f"{topic.retention_ms // DAY_MS} days"
    return {
        "name": topic.full_name(prefix),
        "key": topic.key,
        "group": topic.group,
        "cleanup": topic.cleanup,
        "kept": kept,
        "direction": topic.direction,
        "about": topic.about,
    }


@asynccontextmanager
async def _admin(arguments: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**arguments)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _found(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, Found]:
    """The catalog's topics that are on the cluster. None are asked for by name: a lax broker would create them."""
    ours = {topic.full_name(prefix) for topic in TOPICS}
    counts = {row["topic"]: len(row["partitions"]) for row in await admin.describe_topics() if row["topic"] in ours}
    if not counts:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in counts]
    configs: dict[str, dict[str, str] | None] = {}
    for response in await admin.describe_configs(resources):
        for code, message, _, name, entries in (row[:5] for row in response.resources):
            configs[name] = None if _is_denied(code, message) else {entry[0]: entry[1] for entry in entries}
    return {name: Found(count, configs[name]) for name, count in counts.items()}


async def _create(
    admin: AIOKafkaAdminClient, topics: list[Topic], wanted: Layout, prefix: str, replication: int
) -> None:
    new = [
        NewTopic(
            topic.full_name(prefix),
            topic.partitions(wanted),
            replication,
            topic_configs=topic.configs | ({"min.insync.replicas": "2"} if replication >= COPIES else {}),
        )
        for topic in topics
    ]
    if not new:
        return
    response = await admin.create_topics(new)
    for _, code, message in response.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:  # another apply was faster
            raise for_code(code)(message)
    await _until(_all_there(admin, {topic.full_name(prefix) for topic in topics}), "created")


async def _wrong(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, dict[str, str]]:
    """Settings to change, by full name of the topic."""
    found = await _found(admin, prefix)
    return {
        name: wrong
        for topic in TOPICS
        if (one := found.get(name := topic.full_name(prefix))) is not None
        and (wrong := wrong_configs(topic, one.configs or topic.configs))
    }


def _all_there(admin: AIOKafkaAdminClient, names: set[str]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return names <= set(await admin.list_topics())

    return look


def _all_right(admin: AIOKafkaAdminClient, prefix: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return not await _wrong(admin, prefix)

    return look


async def _until(look: Callable[[], Awaitable[bool]], done: str) -> None:
    """Waits until the brokers know what their controller has done: they learn of it a little later."""
    for _ in range(int(SEEN_S / _LOOK_S)):
        if await look():
            return
        await asyncio.sleep(_LOOK_S)
    raise KafkaTimeoutError(f"topics were {done}, but the brokers did not show it within {SEEN_S:.0f} s")


async def _alter(admin: AIOKafkaAdminClient, changes: Mapping[str, Mapping[str, str]]) -> None:
    """Sets settings and keeps the others that an operator has set: this call replaces all of them."""
    if not changes:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in changes]
    own: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(resources):
        for row in response.resources:
            own[row[3]] = {entry[0]: entry[1] for entry in row[4] if _is_own(response.API_VERSION, entry[3])}
    altered = [ConfigResource(ConfigResourceType.TOPIC, name, own[name] | dict(new)) for name, new in changes.items()]
    for response in await admin.alter_configs(altered):
        for code, message, *_ in response.resources:
            if code:
                raise for_code(code)(message)


def _is_own(version: int, source: int) -> bool:
    """Whether a setting was made on the topic itself: `source` 1, or in the oldest answers `is_default` false."""
    return source == 1 if version >= 1 else not source


def _is_denied(code: int, message: str | None) -> bool:
    """Whether we may not read a topic's settings; any other error is raised."""
    if not code:
        return False
    error = for_code(code)
    if error is TopicAuthorizationFailedError:
        return True
    raise error(message)
