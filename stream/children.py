"""Signals to child processes of asyncio.

`Process.terminate` and `Process.kill` look whether the child has ended, and by looking may take its exit code away from
the watcher that waits for it; asyncio then reports 255. A plain kill(2) looks at nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os


def send(child: asyncio.subprocess.Process, number: int) -> None:
    """Sends a signal to a child, unless it is known to have ended."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)
