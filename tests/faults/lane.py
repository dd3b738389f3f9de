"""A lane: one deployment whose worker is killed at crash points, again and again, while input goes on.

Lanes have their own topics and run side by side on one broker.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from msgspec import Struct

from forewarn.alerts.mail_sink import MailSink
from tests.faults.child import KILLED
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.verdict import verdict

#: How often a point is passed at most before the worker dies there. `takeover` is passed once a partition.
PASSES = {"takeover": 2, "fold.before": 25, "fold.after": 25, "deliver.attempt": 15, "deliver.data": 12}
#: Seconds in which a worker must have reached its crash point.
REACHED_S = 60.0


#: All crash points, shared out over lanes that run side by side: (role, points).
SHARES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("decide", ("takeover", "append.before", "outputs.before")),
    ("decide", ("fold.before", "append.after", "outputs.after")),
    ("decide", ("fold.after", "install", "ack")),
    ("deliver", ("deliver.attempt", "deliver.data")),
    ("deliver", ("deliver.250", "deliver.sent")),
)


class Outcome(Struct, frozen=True):
    """Kills by crash point, and what the oracle says."""

    kills: Counter[str]
    report: Report


def schedule(points: Sequence[str], kills: int, random: Random) -> list[str]:
    """`kills` arms of each point, each with a count of its own, in random order."""
    armed = [f"{point}:{random.randint(1, PASSES.get(point, 10))}" for point in points for _ in range(kills)]
    random.shuffle(armed)
    return armed


async def run_lane(
    bootstrap: str, prefix: str, folder: Path, *, role: str, points: Sequence[str], kills: int, seed: int
) -> Outcome:
    """Kills a worker of `role` `kills` times at each point; a clean worker finishes; the oracle judges."""
    random = Random(seed)
    async with AsyncExitStack() as stack:
        mail = folder / "mail.jsonl" if role == "deliver" else None
        folder.mkdir(parents=True, exist_ok=True)
        sink = await stack.enter_async_context(MailSink(mail)) if mail else None
        place = await stack.enter_async_context(
            Place(bootstrap, prefix, folder, smtp_port=sink.port if sink else 9)
        )  # fmt: skip
        feeder = _feeder(place, role, seed)
        await feeder.base()
        if role == "decide":
            first = await place.start(role)
            await place.settle(role)
            await first.kill()
        counted: Counter[str] = Counter()
        async with feeder:
            for armed in schedule(points, kills, random):
                await _kill_at(place, role, armed)
                counted[armed.partition(":")[0]] += 1
            await place.start(role)
            await asyncio.sleep(2.0)
        return Outcome(counted, await verdict(place, role, mail=mail))


def _feeder(place: Place, role: str, seed: int) -> Feeder:
    generator = Generator(seed)
    if role == "deliver":
        return Feeder(place, generator, notices=25)
    return Feeder(place, generator, usage=100, requests=1)


async def _kill_at(place: Place, role: str, armed: str) -> None:
    child = await place.start(role, crash_at=armed)
    code = await child.wait(REACHED_S)
    assert code == KILLED, f"armed at {armed}, the worker ended with {code}:\n{child.tail()}"
