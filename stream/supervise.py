"""`forewarn worker all`: one child process a role, started again when it dies, with backoff.

A worker that meets trouble leaves; this is who brings it back. A child that leaves with 78 (settings, topics, policy)
would only do so again: then everything ends with 78.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

from forewarn.stream.children import send
from forewarn.stream.engine import fatal
from forewarn.stream.settings import ENVIRONMENT_PREFIX, Settings

logger = logging.getLogger("forewarn.supervise")

#: First and longest pause before a child is started again, seconds; a child that lived `HEALTHY_S` starts afresh.
BACKOFF_S, BACKOFF_MOST_S, HEALTHY_S = 0.5, 30.0, 60.0
#: How long children may take to leave after SIGTERM.
GRACE_S = 10.0
ROLES = ("ingest", "detect", "correlate", "decide", "deliver")

#: Told of a child's pid when it starts: (role, pid).
Started = Callable[[str, int], None]


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a child reads them."""
    values = settings.model_dump(mode="json", exclude_none=True)
    ours = {ENVIRONMENT_PREFIX + name.upper(): _text(value) for name, value in values.items()}
    return {**os.environ, **ours}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def run(settings: Settings, *, accept_loss: bool = False) -> int:
    """Runs all roles until SIGTERM or SIGINT; the exit code."""
    return asyncio.run(_until_signal(settings, accept_loss))


async def _until_signal(settings: Settings, accept_loss: bool) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return await supervise(environment(settings), stopping, accept_loss=accept_loss)


async def supervise(
    env: Mapping[str, str],
    stopping: asyncio.Event,
    *,
    accept_loss: bool = False,
    started: Started = lambda role, pid: None,
) -> int:
    """Keeps one child of each role alive until `stopping` is set. 0, or 78 when a child says that nothing will help."""
    codes = await asyncio.gather(*(_keep(role, env, stopping, accept_loss, started) for role in ROLES))
    return max(codes)


async def _keep(role: str, env: Mapping[str, str], stopping: asyncio.Event, accept_loss: bool, started: Started) -> int:
    pause = BACKOFF_S
    stop = asyncio.ensure_future(stopping.wait())
    command = [sys.executable, "-m", "forewarn.stream.cli", "worker", role, *(["--accept-loss"] if accept_loss else [])]
    while not stopping.is_set():
        born = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            *command,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            preexec_fn=partial(_leave_with_parent, os.getpid()) if sys.platform == "linux" else None,
        )
        started(role, child.pid)
        ended = asyncio.ensure_future(child.wait())
        await asyncio.wait([ended, stop], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await _end(child, ended)
            return 0
        if child.returncode == fatal.CONFIGURATION:
            stopping.set()
            return fatal.CONFIGURATION
        pause = BACKOFF_S if time.monotonic() - born > HEALTHY_S else min(pause * 2, BACKOFF_MOST_S)
        logger.error("worker.died", extra={"role": role, "code": child.returncode, "restart_in_s": pause})
        await asyncio.wait([stop], timeout=pause)
    return 0


def _leave_with_parent(parent: int) -> None:
    """Runs in the child before exec: nobody would start it again, or stop it, if its supervisor were killed."""
    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # the parent died before the call
        os._exit(fatal.INTERNAL)


async def _end(child: asyncio.subprocess.Process, ended: asyncio.Future[int]) -> None:
    send(child, signal.SIGTERM)
    await asyncio.wait([ended], timeout=GRACE_S)
    if not ended.done():
        send(child, signal.SIGKILL)
        await ended
