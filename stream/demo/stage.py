"""The demo's processes: `forewarn worker all` and `forewarn simulate --live`, with their log, and when they are ready.

They are the public commands, run as anyone would; where a worker serves /ready stands in its own log line. Invariant: a
process that was started here is ended here, by its pid, and ends by itself should this one be killed.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from forewarn.stream.children import send
from forewarn.stream.supervise import ROLES

_GRACE_S = 20.0


class _Line(msgspec.Struct):
    event: str = ""
    role: str = ""
    metrics_port: int = 0


class ProcessEnded(RuntimeError):
    """A process ended before its time."""


class Process:
    """One `forewarn` command as a child; an asynchronous context manager."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.arguments = tuple(arguments)
        self.log = log
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "forewarn",
                *self.arguments,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which ends them in order
                preexec_fn=partial(_die_with_parent, os.getpid()) if sys.platform == "linux" else None,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not enough."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        send(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _GRACE_S)
        except TimeoutError:
            send(process, signal.SIGKILL)
            await process.wait()

    async def ended(self) -> int:
        """Waits for its end; the exit code."""
        assert self._process is not None
        return await self._process.wait()

    def check(self) -> None:
        """Raises ProcessEnded, with the end of the log, when it is gone."""
        if self._process is not None and (code := self._process.returncode) is not None:
            raise ProcessEnded(f"forewarn {' '.join(self.arguments)} ended with {code}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


async def until_ready(workers: Process, timeout_s: float, roles: Sequence[str] = ROLES) -> None:
    """Returns when every one of its roles answers 200 on /ready. Raises ProcessEnded."""
    missing = set(roles)
    try:
        async with asyncio.timeout(timeout_s), aiohttp.ClientSession() as session:
            while missing := await _not_ready(session, ports(workers.log), roles):
                workers.check()
                await asyncio.sleep(0.25)
    except TimeoutError:
        names = ", ".join(sorted(missing))
        raise ProcessEnded(f"not ready in {timeout_s:.0f} s: {names}\n{workers.tail()}") from None


def ports(log: Path) -> dict[str, int]:
    """Role -> port of its newest worker, as its log line says."""
    found: dict[str, int] = {}
    for line in log.read_bytes().splitlines():
        try:
            read = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError:
            continue  # not a line of ours
        if read.event == "worker.starting" and read.metrics_port:
            found[read.role] = read.metrics_port
    return found


async def _not_ready(session: aiohttp.ClientSession, found: Mapping[str, int], roles: Sequence[str]) -> set[str]:
    return {role for role in roles if role not in found or not await _ready(session, found[role])}


async def _ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def _die_with_parent(parent: int) -> None:
    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
