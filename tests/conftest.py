"""Fixtures for all tests: one real Kafka a session, a topic prefix of one's own a test, Debian parts by marker."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from forewarn.deploy.local_kafka import LocalKafka

#: Set it to run the tests against a Kafka that is already there.
BOOTSTRAP = "FOREWARN_TEST_BOOTSTRAP"

#: Short group sessions, and a quick way back after the broker is killed.
BROKER_FOR_TESTS = {"group.min.session.timeout.ms": "1000", "broker.session.timeout.ms": "3000"}

#: Where branch coverage is measured. Elsewhere pure code runs ten thousand times over, at half the speed if traced, or
#: it runs in other processes.
MEASURED = ("unit", "acceptance")

HERE = Path(__file__).parent
DEBIAN_PARTS = HERE.parent / "deploy" / "debian-parts.txt"
_missing_parts = pytest.StashKey[set[str]]()


class KafkaAddress(NamedTuple):
    """A running Kafka: `bootstrap` is "host:port"."""

    bootstrap: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka() -> AsyncIterator[KafkaAddress]:
    """One broker for the whole session; tests keep apart by `prefix`."""
    if given := os.environ.get(BOOTSTRAP):
        yield KafkaAddress(given)
        return
    async with LocalKafka(None, BROKER_FOR_TESTS) as broker:
        yield KafkaAddress(broker.bootstrap)


@pytest.fixture
def prefix() -> str:
    """A topic prefix that no other test has."""
    return f"t{uuid.uuid4().hex[:8]}-"


def debian_parts() -> dict[str, str]:
    """Package -> program, from the one file that lists them."""
    lines = (line.split() for line in DEBIAN_PARTS.read_text().splitlines() if line and not line.startswith("#"))
    return {package: program for package, program, *_ in lines}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "debian(package): needs a program of a package in deploy/debian-parts.txt")
    config.stash[_missing_parts] = set()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects the tests whose Debian part is not installed here; says which are not measured for coverage."""
    for item in items:
        if item.path.relative_to(HERE).parts[0] not in MEASURED:
            item.add_marker("no_cover")
    programs = debian_parts()
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        needed = {str(package) for mark in item.iter_markers("debian") for package in mark.args}
        missing = {package for package in needed if shutil.which(programs[package]) is None}
        config.stash[_missing_parts] |= missing
        (dropped if missing else kept).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says how the deselected tests can be run here."""
    if missing := config.stash[_missing_parts]:
        terminalreporter.write_line(
            f"Tests that need Debian parts were deselected; to run them: apt-get install {' '.join(sorted(missing))}"
        )
