"""The one way out when something is wrong that is not bad data: say why, flush, and go at once.

Faust's own stop path waits for unacknowledged messages and can wait for ever; a process that is gone loses its
partitions after one session time-out, and its successor continues from the last commit unit.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

#: Exit code for an internal failure (sysexits' EX_SOFTWARE), as `forewarn --help` lists it.
INTERNAL = 70
#: Exit code for settings, topics or policy (sysexits' EX_CONFIG).
CONFIGURATION = 78

log = logging.getLogger("forewarn.engine")


def leave(code: int) -> NoReturn:
    """Flushes logs and standard streams and ends the process without any clean-up."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def fail(reason: str, error: BaseException | None = None, code: int = INTERNAL) -> NoReturn:
    """Logs the reason and leaves with `code`."""
    log.critical("worker.failed: %s", reason, exc_info=error)
    leave(code)
