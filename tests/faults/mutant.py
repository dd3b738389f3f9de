"""Workers with a guarantee taken out, or with odd luck: `python -m tests.faults.mutant NAME[,NAME] worker ROLE`.

Each mutation replaces one function of the product in this process alone; the product has no switch for it. What takes a
guarantee out must make the oracle complain; what is mere bad luck (`pause`, `slow-impact`) must not.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from forewarn.alerts.delivery import Deliveries
from forewarn.alerts.parcels import Stand
from forewarn.stream.engine import crash, restorer
from forewarn.stream.engine.marker import MARKER, Marker, encode
from forewarn.stream.engine.partition import Partition
from forewarn.stream.engine.unit import Unit
from forewarn.stream.engine.worker import EngineWorker
from forewarn.stream.usage import meters


def no_dedup() -> None:
    """No usage record is recognised as a repetition: every fingerprint is new."""
    fresh = itertools.count()
    assert "xxh3_64_intdigest" in meters.__dict__
    meters.__dict__["xxh3_64_intdigest"] = lambda *_: next(fresh)


def ack_early() -> None:
    """Progress is recorded before the append of what it stands for."""
    commit = Partition.commit

    async def early(self: Partition, unit: Unit, offsets: dict[str, int]) -> None:
        ahead = encode(Marker(self.owner, offsets, unit.now, []))
        landing = await self.worker.append(self.core.partition, {}, (MARKER, ahead), unit.now)
        self.end = landing.offset + 1
        await commit(self, unit, offsets)

    Partition.commit = early  # type: ignore[method-assign]


def no_barrier() -> None:
    """Marketing requests wait for nothing."""

    async def at_once(self: Partition, topics: Sequence[str], slices: Sequence[Any]) -> None:
        for piece in slices:
            piece.ends = {}
        self._wake.set()

    Partition._set_barrier = at_once  # type: ignore[method-assign]


def forget_outputs() -> None:
    """A new owner does not produce the outputs of the last unit again."""
    feed = restorer.Restorer.feed

    def feed_and_forget(self: restorer.Restorer, batch: Any) -> None:
        feed(self, batch)
        if self.marker is not None:
            self.marker = msgspec.structs.replace(self.marker, outputs=[])

    restorer.Restorer.feed = feed_and_forget  # type: ignore[method-assign]


def no_fence() -> None:
    """A worker believes to be the owner whatever the group says, and sees no gap in the changelog."""

    async def go_on(self: EngineWorker, *_: Any) -> None:
        return None

    EngineWorker.still_owner = lambda self: True  # type: ignore[method-assign]
    EngineWorker.dispossessed = go_on  # type: ignore[method-assign,assignment]


def unlisted() -> None:
    """What a dead owner had under way is sent again as if it never had been."""

    def send_again(self: Deliveries, unit: Unit) -> None:
        unanswered, self._unanswered = self._unanswered, []
        for notification_id in unanswered:
            if (parcel := self.shelf.get(unit, notification_id)) is not None:
                self._wait(unit, msgspec.structs.replace(parcel, stand=Stand.WAITING))

    Deliveries._list_unanswered = send_again  # type: ignore[method-assign]


def pause() -> None:
    """At the crash point the worker does not die: it is stopped, once, and knows nothing of it."""
    name, _, count = os.environ["FOREWARN_CRASH_AT"].partition(":")
    passes = itertools.count(1)

    def stop(passed: str) -> None:
        if passed == name and next(passes) == int(count or 1):
            os.kill(os.getpid(), signal.SIGSTOP)

    crash.__dict__["point"] = stop


def slow_impact() -> None:
    """What is read of `outages.impact` arrives a second late."""
    deliver = EngineWorker.deliver

    def late(self: EngineWorker, tp: Any, batches: Any, generation: int) -> None:
        delay = 1.0 if tp.topic.endswith("outages.impact") else 0.0
        asyncio.get_running_loop().call_later(delay, deliver, self, tp, batches, generation)

    EngineWorker.deliver = late  # type: ignore[method-assign]


MUTATIONS: dict[str, Callable[[], None]] = {
    "no-dedup": no_dedup,
    "ack-early": ack_early,
    "no-barrier": no_barrier,
    "forget-outputs": forget_outputs,
    "no-fence": no_fence,
    "unlisted": unlisted,
    "pause": pause,
    "slow-impact": slow_impact,
}


def main() -> None:
    """Mutates, then is `forewarn`."""
    for name in sys.argv.pop(1).split(","):
        MUTATIONS[name]()
    from forewarn.stream import cli

    cli.main()


if __name__ == "__main__":
    main()
