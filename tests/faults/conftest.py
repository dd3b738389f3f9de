"""Long runs go side by side: most of each is waiting for sessions to end, and every run has topics of its own.

A module names its runs in `RUNS`; they start together with the first test that asks for one, those of all collected
modules. Tests then look at the results.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import KafkaAddress

#: A run: (bootstrap, prefix, folder) -> result.
Run = Callable[[str, str, Path], Awaitable[Any]]
SIDE_BY_SIDE = 6


class Runs:
    """All runs, under way; `await runs["name"]` is the result of one."""

    def __init__(self, bootstrap: str, folder: Path, wanted: Mapping[str, Run]) -> None:
        self._turns = asyncio.Semaphore(SIDE_BY_SIDE)
        self._tasks = {
            name: asyncio.create_task(self._one(bootstrap, f"{folder.name}-{number}-", folder / str(number), run))
            for number, (name, run) in enumerate(wanted.items())
        }

    async def _one(self, bootstrap: str, prefix: str, folder: Path, run: Run) -> Any:
        async with self._turns:
            return await run(bootstrap, prefix, folder)

    def __getitem__(self, name: str) -> Awaitable[Any]:
        return asyncio.shield(self._tasks[name])

    async def stop(self) -> None:
        """Ends what is still under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runs(
    request: pytest.FixtureRequest, kafka: KafkaAddress, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Runs]:
    """The runs of all collected modules."""
    modules = {item.module for item in request.session.items if isinstance(item, pytest.Function)}
    wanted = {name: run for module in sorted(modules, key=str) for name, run in getattr(module, "RUNS", {}).items()}
    under_way = Runs(kafka.bootstrap, tmp_path_factory.mktemp("faults"), wanted)
    yield under_way
    await under_way.stop()
