"""Stopping a consumer ends, also when the fetcher swallows the cancellation that is to end it (aiokafka 0.14)."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from forewarn.stream import kafka


class Fetcher:
    """As aiokafka's: its routine suppresses one cancellation while it awaits the tasks of an old assignment."""

    def __init__(self, deaf: int) -> None:
        self.deaf = deaf
        self._fetch_task = asyncio.ensure_future(self._routine())

    async def _routine(self) -> None:
        for _ in range(self.deaf):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


class Consumer:
    """As aiokafka's: stops by cancelling its fetcher once and waiting for it."""

    def __init__(self, deaf: int) -> None:
        self._fetcher = Fetcher(deaf)
        self.stopped = False

    async def stop(self) -> None:
        self._fetcher._fetch_task.cancel()
        await self._fetcher._fetch_task
        self.stopped = True


async def stop(consumer: Any) -> None:
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await kafka.stop(consumer)


async def test_a_consumer_whose_fetcher_swallows_a_cancellation_is_stopped() -> None:
    for deaf in (0, 1, 2):
        consumer = Consumer(deaf)
        await stop(consumer)
        assert consumer.stopped
