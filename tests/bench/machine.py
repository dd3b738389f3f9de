"""Facts about the machine that a figure belongs to."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("faust-streaming", "mode-streaming", "aiokafka", "msgspec", "orjson", "uvloop")


def facts(quix_python: Path | None) -> dict[str, str]:
    """Processor, memory, kernel and versions, as text."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = next((int(line.split()[1]) for line in _read("/proc/meminfo").splitlines() if "MemTotal" in line), 0)
    found = {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "memory_gb": f"{memory / 1024**2:.0f}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "kafka": "4.3.1",
    }
    found |= {name: metadata.version(name) for name in PACKAGES}
    if quix_python:
        found["quixstreams"] = subprocess.run(
            [quix_python, "-c", "from importlib.metadata import version; print(version('quixstreams'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    return found


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
