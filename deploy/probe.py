"""A container's health check: asks the worker in the same container whether it is ready. Standard library only."""

from __future__ import annotations

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen


def main() -> int:
    """0 when `/ready` answers 200 on FOREWARN_METRICS_PORT."""
    port = int(os.environ["FOREWARN_METRICS_PORT"])
    try:
        with urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return 0 if answer.status == 200 else 1
    except (URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
