"""Feeds a deployment: what the generator makes is written to the ledger, then produced, at a steady rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.faults.generator import Generator
from tests.faults.ledger import BEGUN, KNOWN, MENDED, Input, Ledger
from tests.faults.place import Place

#: Seconds between two bursts, and between two rounds of heartbeats.
BURST_S, BEAT_S = 0.1, 2.0


def now() -> int:
    """Epoch ms."""
    return int(time.time() * 1000)


class Feeder:
    """Feeds until told to stop; an asynchronous context manager that feeds while it is open.

    `usage` and `requests` are records a second. `beats`: the network speaks too. `notices`: finished messages a second,
    for runs of role deliver alone.
    """

    def __init__(
        self, place: Place, generator: Generator, *, usage: float = 0, requests: float = 0, notices: float = 0,
        beats: bool = False, life_s: float = 8.0,
    ) -> None:  # fmt: skip
        self.place, self.generator = place, generator
        self.ledger = Ledger(place.folder / "ledger.jsonl")
        self.usage, self.requests, self.notices = usage, requests, notices
        self.beats = beats
        self.life_s = life_s
        self.outages = 0
        self._owed = dict.fromkeys(("usage", "requests", "notices"), 0.0)
        self._beat_at = 0
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def feed(self, inputs: Iterable[Input]) -> None:
        """Writes inputs down and produces them."""
        made = list(inputs)
        await asyncio.to_thread(self.ledger.write, made)
        await self.place.produce(made)

    async def base(self) -> None:
        """Customers, before anything else."""
        await self.feed(self.generator.base(now()))

    async def __aenter__(self) -> Self:
        self._beat_at = now()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Feeds no more; what was begun is acknowledged when this returns."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        last = time.monotonic()
        while not self._stop.is_set():
            at = time.monotonic()
            await self.feed(self._burst(at - last))
            last = at
            await asyncio.wait([asyncio.ensure_future(self._stop.wait())], timeout=BURST_S)

    def _burst(self, seconds: float) -> list[Input]:
        """What is due after so many seconds. Heartbeats keep to their grid, however late this process is."""
        made = self.generator.usage(self._due("usage", self.usage * seconds), now())
        made += self.generator.requests(self._due("requests", self.requests * seconds), now(), life_s=self.life_s)
        made += self.generator.notifications(self._due("notices", self.notices * seconds), now())
        while self.beats and self._beat_at <= now():
            made += self.generator.beats(self._beat_at)
            self._beat_at += int(BEAT_S * 1000)
        return made

    def _due(self, what: str, more: float) -> int:
        whole, self._owed[what] = divmod(self._owed[what] + more, 1)
        return int(whole)

    # -- outages ----------------------------------------------------------------------------------------------------

    async def darken(self, node: str) -> None:
        """From now on the node's devices are silent."""
        self.generator.dark.add(node)
        self.outages += 1
        await self._note(BEGUN, node)

    async def known(self, node: str) -> None:
        """All customers of the node have been told: from now on no marketing may pass."""
        await self._note(KNOWN, node)

    async def mend(self, node: str) -> None:
        """The node's devices speak again."""
        await self._note(MENDED, node)
        self.generator.dark.discard(node)

    async def _note(self, what: str, node: str) -> None:
        customers = self.generator.served_by(node)
        await self.feed([Input(what, node, {"outage": self.outages, "customers": customers, "time": now()})])
