"""Children of `forewarn worker all`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

SUPERVISOR = """
import asyncio, os
from forewarn.stream import supervise
supervise.ROLES = ("ingest",)
asyncio.run(supervise.supervise(dict(os.environ), asyncio.Event(), started=lambda role, pid: print(pid, flush=True)))
"""


def runs(pid: int) -> bool:
    """Whether a process is there and no mere entry in the table."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of their parent's end on Linux only")
async def test_children_leave_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "FOREWARN_BOOTSTRAP": "127.0.0.1:1",  # nobody is there: the child waits for a broker
        "FOREWARN_DATA_DIR": str(tmp_path),
        "FOREWARN_METRICS_PORT": "0",
    }
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert supervisor.stdout is not None
    child = int(await asyncio.wait_for(supervisor.stdout.readline(), 20))
    await asyncio.sleep(1.5)  # time to fail for any other reason
    assert runs(child)
    supervisor.send_signal(signal.SIGKILL)
    await supervisor.wait()
    async with asyncio.timeout(20):
        while runs(child):  # noqa: ASYNC110  it is nobody's child any more
            await asyncio.sleep(0.05)
