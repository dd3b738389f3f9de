"""A worker's own folder below the data folder: locked while the worker lives, swept away by the next one of its role.

    take ──> <data>/<role>-<random>/ with a locked `lock` ──> worker ──> leave: removed
                                                               └─ killed: the lock goes with it ──> swept by the next

Everything durable is in Kafka; what a framework puts here is of use to nobody later. Locks are the kernel's, so that
workers of several containers may share one volume. Invariant: the folder of a living worker is never removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class OwnFolder:
    """`path` is this worker's until `leave`, or until the process ends."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def leave(self) -> None:
        """Removes it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def take(data: Path, role: str) -> OwnFolder:
    """Makes a folder for a worker of `role` and removes those of dead ones. Raises OSError where none can be made."""
    data.mkdir(parents=True, exist_ok=True)
    with _alone(data):
        for left in data.glob(f"{role}-*"):
            if left.is_dir() and (lock := _locked(left)) is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)
        path = Path(tempfile.mkdtemp(prefix=f"{role}-", dir=data))
        lock = _locked(path)
        assert lock is not None  # nobody else knows of it yet
        return OwnFolder(path, lock)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One at a time: else a folder could be swept before its owner has locked it."""
    sweeping = os.open(data / ".sweeping", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(sweeping, fcntl.LOCK_EX)
        yield
    finally:
        os.close(sweeping)


def _locked(folder: Path) -> int | None:
    """The folder's lock, held by us from now on; None when somebody holds it."""
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
