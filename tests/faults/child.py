"""A worker process that the harness starts, kills, stops and continues by its pid."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import IO, Self

#: How long a worker may take to leave after SIGTERM.
GRACE_S = 15.0
KILLED = -signal.SIGKILL


class Child:
    """One `forewarn worker ROLE`; with `mutant`, one that a mutation of tests/faults/mutant.py runs in."""

    def __init__(self, role: str, process: asyncio.subprocess.Process, log: Path, crash_at: str | None) -> None:
        self.role = role
        self.crash_at = crash_at
        self.log = log
        self.stopped = False
        self._process = process

    @classmethod
    async def start(
        cls, role: str, environment: Mapping[str, str], log: Path, *, crash_at: str | None = None, mutant: str = ""
    ) -> Self:
        """Starts a worker; its output is appended to `log`."""
        module = ["tests.faults.mutant", mutant] if mutant else ["forewarn.stream.cli"]
        environment = {**environment} | ({"FOREWARN_CRASH_AT": crash_at} if crash_at else {})
        file: IO[bytes] = await asyncio.to_thread(log.open, "ab")
        with file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *module, "worker", role,
                env=environment,
                cwd=Path(__file__).parents[2],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                preexec_fn=partial(_die_with_parent, os.getpid()),
            )  # fmt: skip
        return cls(role, process, log, crash_at)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.returncode

    async def wait(self, timeout_s: float) -> int:
        """The exit code once it ended. Raises TimeoutError with the end of its log."""
        try:
            return await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            raise TimeoutError(f"{self.role} still runs after {timeout_s:.0f} s:\n{self.tail()}") from None

    async def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def pause(self) -> None:
        """SIGSTOP: from now on it is a zombie that does not know it."""
        self._signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        """SIGCONT."""
        self.stopped = False
        self._signal(signal.SIGCONT)

    async def end(self) -> int:
        """SIGTERM, and SIGKILL if that is not enough; the exit code."""
        if self.code is None:
            self.go_on()
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), GRACE_S)
            except TimeoutError:
                await self.kill()
        assert self.code is not None
        return self.code

    def _signal(self, number: int) -> None:
        """Not by asyncio's own methods: these may reap the child before its watcher does, and lose the exit code."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def tail(self, lines: int = 25) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def _die_with_parent(parent: int) -> None:
    """Runs in the child before exec: it is not to outlive the tests, however these end."""
    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
