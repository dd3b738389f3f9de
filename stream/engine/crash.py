"""Named crash points: where the fault tests let a worker die, as a power cut would.

`FOREWARN_CRASH_AT` holds `name` or `name:N` (the Nth time the point is passed). Unset, a point costs one comparison.
"""

from __future__ import annotations

import os
import signal

#: Every name that may stand in FOREWARN_CRASH_AT, in the order of the flow.
POINTS = (
    "takeover",
    "fold.before",
    "fold.after",
    "append.before",
    "append.after",
    "install",
    "outputs.before",
    "outputs.after",
    "ack",
    "deliver.attempt",
    "deliver.data",
    "deliver.250",
    "deliver.sent",
)

_name, _, _count = os.environ.get("FOREWARN_CRASH_AT", "").partition(":")
_left = int(_count or 1)


def point(name: str) -> None:
    """Kills the own process with SIGKILL when `name` is the configured crash point and its count is reached."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
