"""Keys land where the real Java client puts them: its own producer writes, and says which partitions it chose."""

from __future__ import annotations

import asyncio
import hashlib
import random
from pathlib import Path
from typing import Protocol

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.deploy.java import find_java
from forewarn.deploy.kafka_jars import cache_root, class_path, ensure_jars
from forewarn.topics.partitioner import partition

SOURCE = Path(__file__).parent / "java" / "Partitions.java"
#: Eclipse's compiler in one jar: the Java runtime that comes as a wheel has none.
COMPILER = ("org.eclipse.jdt", "ecj", "3.42.0")
COMPILER_SHA256 = "29f6d3918ee02db4400c103bc25dd90a22491c3a395867d9393070cb96a7dd29"
PARTITIONS = 7


class Address(Protocol):
    bootstrap: str


def compiler(folder: Path) -> Path:
    """The compiler's jar, from Maven Central, and no other than the one pinned here."""
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    group, name, version = COMPILER
    context = MavenContext(repo_cache=folder, remote_repos={"central": MAVEN_CENTRAL_URL})
    jar: Path = context.project(group, name).at_version(version).artifact(packaging="jar").resolve()
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == COMPILER_SHA256
    return jar


async def run(*command: str, given: bytes = b"") -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate(given)
    assert process.returncode == 0, err.decode()
    return out.decode()


def keys() -> list[bytes]:
    """Keys as they are in practice, of every length up to 40, and bytes above 127."""
    seeded = random.Random(7)
    named = [f"customer-{number}".encode() for number in range(200)] + ["Zürich".encode(), "日本".encode(), b"\xff\x80"]
    return named + [seeded.randbytes(length) for length in range(1, 41) for _ in range(5)]


@pytest.mark.asyncio(loop_scope="session")
async def test_every_key_lands_where_the_java_client_puts_it(kafka: Address, prefix: str, tmp_path: Path) -> None:
    topic = f"{prefix}keyed"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()
    java, jars = str(find_java()), class_path(ensure_jars())
    ecj = await asyncio.to_thread(compiler, cache_root() / "ecj")
    main = "org.eclipse.jdt.internal.compiler.batch.Main"
    libraries = ":".join(map(str, sorted(Path(jars).parent.glob("*.jar"))))
    await run(java, "-cp", str(ecj), main, "-17", "-cp", libraries, "-d", str(tmp_path), str(SOURCE))
    given = "\n".join(key.hex() for key in keys()).encode()
    out = await run(java, "-cp", f"{tmp_path}:{jars}", "Partitions", kafka.bootstrap, topic, given=given)
    assert [int(line) for line in out.split()] == [partition(key, PARTITIONS) for key in keys()]
