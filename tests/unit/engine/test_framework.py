"""The end of a recovery: in which order sources are sought and read again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP

from forewarn.stream.engine.framework import Restoration

SOURCE, LOG = TP("in", 0), TP("log", 0)


class Played:
    """Faust's application, consumer, tables and the engine in one: `story` is what was asked of them."""

    def __init__(self, *, restores: bool) -> None:
        self.story: list[str] = []
        self.restores = restores
        self.resumed: set[TP] = set()
        self.consumer = self.flow_control = self.on_rebalance_complete = self._fetcher = self
        self.conf = SimpleNamespace(broker_request_timeout=1.0)

    async def restore(self, assigned: set[TP], generation: int) -> bool:
        self.story.append("restore")
        return self.restores

    async def perform_seek(self) -> None:
        self.story.append("seek")

    def assignment(self) -> set[TP]:
        return {SOURCE, LOG}

    def resume_partitions(self, tps: set[TP]) -> None:
        self.story.append("read")
        self.resumed = tps

    def resume(self) -> None:
        self.story.append("empty the queues")

    async def send(self) -> None: ...
    async def maybe_start(self) -> None: ...
    def resume_flow(self) -> None: ...
    def on_actives_ready(self) -> None: ...
    def on_standbys_ready(self) -> None: ...
    def on_rebalance_end(self) -> None: ...


@pytest.fixture
async def recovery(request: pytest.FixtureRequest) -> Any:
    played = Played(restores=request.param)
    recovery = cast(Any, Restoration.__new__(Restoration))
    recovery.app = recovery.tables = recovery.engine = played
    recovery.completed = SimpleNamespace(set=lambda: None)
    recovery._is_changelog_tp = LOG.__eq__

    async def waited(work: Any, **_: Any) -> None:
        await work

    recovery._wait = waited
    return recovery


@pytest.mark.parametrize("recovery", [True], indirect=True)
async def test_sources_are_read_only_after_queues_were_emptied_and_offsets_sought(recovery: Any) -> None:
    """The other way round a run could be fetched, thrown away with a queue, and never be read again."""
    await recovery.on_recovery_completed(1)
    assert recovery.app.story == ["restore", "empty the queues", "seek", "read"]
    assert recovery.app.resumed == {SOURCE}


@pytest.mark.parametrize("recovery", [False], indirect=True)
async def test_without_anything_restored_sources_stay_paused(recovery: Any) -> None:
    await recovery.on_recovery_completed(1)
    assert recovery.app.story == ["restore"]
