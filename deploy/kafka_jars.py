"""Brings Apache Kafka's jars to this machine, once, exactly as `kafka.lock.toml` pins them.

    kafka.lock.toml ──> cache folder named by the lock's hash ──> class path

The lock is in jgo's own format and names 46 jars with their SHA-256. Invariant: a folder is used only once it is
complete, and nothing gets into it whose hash differs from the lock. Several processes may ask at once: one downloads.

`python -m forewarn.deploy.kafka_jars` fetches them with progress; `--lock` resolves the coordinates anew and rewrites
the lock (a maintainer's job, after changing `COORDINATES`).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jgo.env import LockedDependency
    from jgo.maven import MavenContext

COORDINATES = "org.apache.kafka:kafka_2.13:4.3.1+org.slf4j:slf4j-simple:1.7.36"
LOCK = Path(__file__).with_name("kafka.lock.toml")

#: Called after every jar with (jars done, jars in all, name).
Progress = Callable[[int, int, str], None]

_ATTEMPTS = 4
_PARALLEL = 6


class JarsUnavailable(RuntimeError):
    """A jar could not be fetched, or is not the one that the lock names."""


def cache_root() -> Path:
    """Forewarn's cache folder: `$XDG_CACHE_HOME/forewarn`, by default `~/.cache/forewarn`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "forewarn"


def ensure_jars(progress: Progress | None = None, *, root: Path | None = None) -> Path:
    """The folder with all of Kafka's jars; downloads what is missing. Raises JarsUnavailable."""
    folder = (root or cache_root()) / f"kafka-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if (folder / "complete").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder / "lock"):
        if not (folder / "complete").exists():
            _download(folder, progress)
            (folder / "complete").touch()
    return folder


def class_path(folder: Path) -> str:
    """Java's class path for a folder of jars."""
    return str(folder / "*")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
        yield


def _download(folder: Path, progress: Progress | None) -> None:
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.env import LockFile
    from jgo.maven import MavenContext

    staging = folder / "staging"
    context = MavenContext(repo_cache=staging, remote_repos={"central": MAVEN_CENTRAL_URL})
    wanted = LockFile.load(LOCK).dependencies
    with ThreadPoolExecutor(_PARALLEL) as pool:
        jars = pool.map(lambda jar: _fetch(context, jar, folder), wanted)
        for done, name in enumerate(jars, start=1):
            if progress is not None:
                progress(done, len(wanted), name)
    shutil.rmtree(staging, ignore_errors=True)


def _fetch(context: MavenContext, jar: LockedDependency, folder: Path) -> str:
    """Fetches one jar into the folder and returns its file name; tries again after a failure of the network."""
    name = f"{jar.artifactId}-{jar.version}.{jar.packaging}"
    target = folder / name
    if target.exists() and _sha256(target) == jar.sha256:
        return name
    artifact = context.project(jar.groupId, jar.artifactId).at_version(jar.version).artifact(packaging=jar.packaging)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            arrived = artifact.resolve()
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors; jgo's own are RuntimeErrors
            _forget(artifact.cached_path)  # jgo would take half a file for a whole one
            if attempt == _ATTEMPTS:
                raise JarsUnavailable(f"{name}: {error}") from error
            time.sleep(attempt)
            continue
        if _sha256(arrived) == jar.sha256:
            os.replace(arrived, target)
            return name
        _forget(arrived)
    raise JarsUnavailable(f"{name}: its SHA-256 is not the one in {LOCK.name}")


def _forget(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _relock() -> None:
    """Resolves `COORDINATES` with all they need and writes the lock."""
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.env import LockFile
    from jgo.maven import MavenContext
    from jgo.parse import Endpoint

    with TemporaryDirectory() as staging:
        context = MavenContext(repo_cache=Path(staging), remote_repos={"central": MAVEN_CENTRAL_URL})
        asked = Endpoint.parse(COORDINATES).coordinates
        inputs, others = context.resolver.resolve(
            [context.create_dependency(replace(coordinate, scope="compile")) for coordinate in asked]
        )
        needed = [*inputs, *(other for other in others if other.scope in ("compile", "runtime"))]
        LockFile.from_resolved_dependencies(needed, environment_name="kafka").save(LOCK)


def main() -> None:
    """Fetches the jars, or with `--lock` pins them anew. Progress goes to stderr."""
    if "--lock" in sys.argv[1:]:
        _relock()
    from forewarn.deploy.progress import jar_progress

    with jar_progress() as progress:
        folder = ensure_jars(progress)
    print(folder)


if __name__ == "__main__":
    main()
