"""Signals to children: they arrive, and take no exit code away."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from forewarn.stream.children import send


async def child(code: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", code)


def _runs(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_signal_reaches_a_child_that_runs() -> None:
    one = await child("import time; time.sleep(60)")
    send(one, signal.SIGTERM)
    assert await asyncio.wait_for(one.wait(), 20) == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_child_that_has_just_ended_keeps_its_code() -> None:
    one = await child("raise SystemExit(7)")
    while _runs(one.pid):
        pass  # the loop does not turn meanwhile: it cannot have heard of the end
    send(one, signal.SIGTERM)
    send(one, signal.SIGKILL)
    assert await asyncio.wait_for(one.wait(), 20) == 7


async def test_one_that_is_known_to_have_ended_is_left_alone() -> None:
    one = await child("pass")
    assert await one.wait() == 0
    send(one, signal.SIGKILL)
    assert one.returncode == 0
