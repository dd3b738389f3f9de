"""A real Apache Kafka for this machine: one KRaft node as a child process, for the demo and for tests.

    async with LocalKafka() as kafka:
        ...  # kafka.bootstrap is "127.0.0.1:<port>"

Needs neither Docker nor Maven nor an installed Java (see `kafka_jars` and `java`). Listens on loopback only. Invariant:
the broker never outlives the process that started it, and only the pid started here is ever signalled.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from forewarn.deploy.java import find_java
from forewarn.deploy.kafka_jars import class_path, ensure_jars
from forewarn.deploy.progress import jar_progress

#: Called with one line for a person to read.
Report = Callable[[str], None]

#: Brokers settings that suit one node on one machine; `extra` may override any of them.
_ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "2",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    "log.segment.delete.delay.ms": "1000",
}
_STORAGE_TOOL, _BROKER = "kafka.tools.StorageTool", "kafka.Kafka"
_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 20.0
_TRIES = 3

# ApiVersions request, version 0 (KIP-35): size, api key 18, version 0, correlation id 1, client id "x".
_API_VERSIONS = struct.pack(">ihhih1s", 11, 18, 0, 1, 1, b"x")


class KafkaFailed(RuntimeError):
    """The broker did not start; the message ends with the last lines of its log."""


class LocalKafka:
    """One broker. `data_dir` None means a temporary folder, removed at the end; a given one is kept and used again.

    `extra` are broker properties; `heap` is Java's -Xmx; `report` gets progress lines (default: stderr).
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        extra: Mapping[str, str] | None = None,
        *,
        heap: str = "384m",
        report: Report | None = None,
    ) -> None:
        self._own_dir = data_dir is None
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="forewarn-kafka-"))
        self._extra = dict(extra or {})
        self._heap = heap
        self._report = report or _to_stderr
        self._process: asyncio.subprocess.Process | None = None
        self._java = Path("java")
        self._jars = Path()
        self._port = 0
        self._controller_port = 0

    @property
    def bootstrap(self) -> str:
        """What clients connect to: `127.0.0.1:<port>`; the same after a restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id, while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def log(self) -> Path:
        """The broker's log file."""
        return self.data_dir / "kafka.log"

    @property
    def class_path(self) -> str:
        """Kafka's jars, for a Java client run beside the broker."""
        return class_path(self._jars)

    @property
    def java(self) -> Path:
        """The Java that runs the broker."""
        return self._java

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop("kill" if self._own_dir else "term")  # what is thrown away need not be written out

    async def start(self) -> None:
        """Prepares jars and folder, starts the broker on free ports and returns once it answers."""
        self._java = await asyncio.to_thread(find_java)
        with jar_progress() as progress:
            self._jars = await asyncio.to_thread(ensure_jars, progress)
        self._report("starting Apache Kafka")
        for attempt in range(1, _TRIES + 1):
            self._port, self._controller_port = _free_ports(2)
            self._write_properties()
            await self._format()
            try:
                await self._launch()
                break
            except KafkaFailed:  # someone may have taken a port between our look and the broker's bind
                if attempt == _TRIES or "Address already in use" not in self._tail():
                    raise
        self._report(f"Apache Kafka answers on {self.bootstrap}")

    async def stop(self, how: Literal["term", "kill"] = "term") -> None:
        """Stops the broker: `term` lets it flush and close (killed if it takes too long), `kill` does not."""
        await self._end(how)
        if self._own_dir:
            await asyncio.to_thread(shutil.rmtree, self.data_dir, ignore_errors=True)

    async def restart(self, how: Literal["term", "kill"] = "term", down_s: float = 0.0) -> None:
        """Stops the broker, waits `down_s` seconds and starts it again on the same ports and data.

        After `kill` the controller admits the new broker only when the old one's session has run out:
        `extra={"broker.session.timeout.ms": "2000"}` makes that short.
        """
        await self._end(how)
        await asyncio.sleep(down_s)
        await self._launch()

    async def _end(self, how: Literal["term", "kill"]) -> None:
        process = self._process
        self._process = None
        if process is None or process.returncode is not None:
            return
        if how == "term":
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
                return
        process.kill()
        await process.wait()

    async def _format(self) -> None:
        if (self.data_dir / "data" / "meta.properties").exists():
            return
        tool = await asyncio.create_subprocess_exec(
            *self._command(_STORAGE_TOOL, "random-uuid"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        cluster = (await tool.communicate())[0].decode().strip()
        with self.log.open("ab") as log:
            format_tool = await asyncio.create_subprocess_exec(
                *self._command(_STORAGE_TOOL, "format", "-t", cluster, "-c", str(self._properties)),
                stdout=log,
                stderr=log,
            )
            if await format_tool.wait() != 0:
                raise KafkaFailed(f"Kafka could not format {self.data_dir}:\n{self._tail()}")

    async def _launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command(_BROKER, str(self._properties)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must reach the workers first
                preexec_fn=partial(_die_with_parent, os.getpid()) if sys.platform == "linux" else None,
            )
        deadline = asyncio.get_running_loop().time() + _START_TIMEOUT_S
        while not await _answers(self._port):
            if self._process.returncode is not None:
                raise KafkaFailed(f"Kafka ended with {self._process.returncode}; {self.log} says:\n{self._tail()}")
            if asyncio.get_running_loop().time() > deadline:
                raise KafkaFailed(f"Kafka did not answer in {_START_TIMEOUT_S:.0f} s; {self.log} says:\n{self._tail()}")
            await asyncio.sleep(0.05)

    def _command(self, main_class: str, *arguments: str) -> list[str]:
        options = [
            f"-Xmx{self._heap}",
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        return [str(self._java), *options, "-cp", class_path(self._jars), main_class, *arguments]

    @property
    def _properties(self) -> Path:
        return self.data_dir / "server.properties"

    def _write_properties(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        own = {
            "listeners": f"PLAINTEXT://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "log.dirs": str(self.data_dir / "data"),
        }
        lines = {**_ONE_NODE, **own, **self._extra}
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def _tail(self, lines: int = 25) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _die_with_parent(parent: int) -> None:
    """Runs in the child before exec: the kernel is to end it when its parent dies, also by SIGKILL."""
    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # the parent died before the call
        os._exit(1)


def _free_ports(count: int) -> tuple[int, ...]:
    with contextlib.ExitStack() as held:
        taken = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in taken)


async def _answers(port: int) -> bool:
    """Whether a broker answers an ApiVersions request; it does so only once it serves clients."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(_API_VERSIONS)
        answer = await asyncio.wait_for(reader.readexactly(8), 5)
        return answer[4:] == b"\x00\x00\x00\x01"
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()
