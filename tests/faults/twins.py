"""Twins: two deployments hear the same; in one detect, correlate and decide are killed all the time. Same notices?

    beats, usage, ──same──┬─> left alone ──> notices ─┐
    marketing             └─> killed ──────> notices ─┴─> (customer, element, kind, stage, class) equally often?

Compared are the notices that are owed, `confirmed`, `restored` and `threshold`; how an estimate moves is a matter of
moments. Each marketing request must have one final answer in either, and none be approved between two notices.
`make twins MINUTES=30` runs it for so long on the demo's policy; exit code 1 when something differs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import logging
import sys
import tempfile
import time
from collections import Counter, deque
from pathlib import Path
from random import Random

from forewarn.deploy.local_kafka import LocalKafka
from tests.faults.crew import Crew
from tests.faults.place import Place
from tests.faults.seen import Seen
from tests.faults.twin_feed import HOMES, NODES, Feed
from tests.faults.twin_verdict import TOPICS, Verdict, notices, once, paired, wrong

DEMO = Path(__file__).parents[2] / "deploy" / "demo-policy.toml"
BROKER = {"group.min.session.timeout.ms": "1000", "broker.session.timeout.ms": "3000"}
ROLES = ("detect", "correlate", "decide")
#: Seconds: of life before the first outage, of an outage, and between two. An outage lasts, and so does the calm after
#: it, until both twins have told of it (a worker may take long to start on a busy machine), or until one never will.
BEFORE_S, DARK_S, CALM_S, LONGEST_S = 15.0, 35.0, 25.0, 120.0
#: Seconds between two kills, at least and at most.
KILL_S = (6.0, 15.0)
#: Seconds in which what is known must have been told when all is over.
TOLD_S = 90.0
#: A node is left in peace for so many outages: in a reopened outage a moment decides what is said.
RESTS = 3


async def twins(bootstrap: str, prefix: str, folder: Path, *, seed: int, seconds: float) -> Verdict:
    """Runs both for at least `seconds`, and at least one outage."""
    random = Random(seed)
    async with contextlib.AsyncExitStack() as stack:
        places = [
            await stack.enter_async_context(
                Place(bootstrap, f"{prefix}{name}-", folder / name, settings={"POLICY": DEMO})
            )
            for name in ("calm", "killed")
        ]
        feed = Feed(places, Random(seed + 1))
        await feed.introduce()
        crews = [[await stack.enter_async_context(Crew(place, role)) for role in ROLES] for place in places]
        for place in places:
            await place.settle("decide")
        feeding = asyncio.create_task(feed.run())
        await asyncio.sleep(BEFORE_S)
        kills: Counter[str] = Counter()
        killing = asyncio.create_task(_kill(crews[1], Random(seed + 2), kills))
        outages = await _outages(feed, random, _Told(places), until=time.monotonic() + seconds)
        await _stop(killing)
        feed.asking = False
        verdict = await _agree(places, feed, kills, outages)
        await _stop(feeding)
    return verdict


async def _kill(crews: list[Crew], random: Random, kills: Counter[str]) -> None:
    """Kills one role after the other, again and again, until it is cancelled."""
    for crew in itertools.cycle(crews):
        await asyncio.sleep(random.uniform(*KILL_S))
        child = crew.children[0]
        if child.code is None:
            await child.kill()
            kills[crew.role] += 1


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class _Told:
    """What both deployments have told so far."""

    def __init__(self, places: list[Place]) -> None:
        self.seen = [Seen(place, topics=("notifications",)) for place in places]

    async def count(self, stage: str) -> list[int]:
        """How many messages of a stage each twin has written."""
        for each in self.seen:
            await each.more()
        return [sum(row.read["stage"] == stage for row in once(each, "notifications")) for each in self.seen]

    async def wait(self, stage: str, before: list[int]) -> None:
        """Returns when both have told every customer of one more node, or after `LONGEST_S`."""
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            if all(now >= was + HOMES for now, was in zip(await self.count(stage), before, strict=True)):
                return
            await asyncio.sleep(1.0)


async def _outages(feed: Feed, random: Random, told: _Told, *, until: float) -> int:
    """One node after the other goes dark; while every third one is, a collector is lost."""
    number = 0
    recent: deque[str] = deque(maxlen=RESTS)
    while number == 0 or time.monotonic() < until:
        node = random.choice([name for name in (f"node-{n}" for n in range(NODES)) if name not in recent])
        recent.append(node)
        confirmed, restored = await told.count("confirmed"), await told.count("restored")
        feed.dark.add(node)
        await asyncio.sleep(DARK_S / 2)
        if number % 3 == 1:
            feed.lost.add("c-2")
        await asyncio.sleep(DARK_S / 2)
        feed.lost.clear()
        await told.wait("confirmed", confirmed)
        feed.dark.discard(node)
        await asyncio.sleep(CALM_S)
        await told.wait("restored", restored)
        number += 1
    return number


async def _agree(places: list[Place], feed: Feed, kills: Counter[str], outages: int) -> Verdict:
    """Waits until both have told the same, or until what is missing would have come."""
    seen = [Seen(place, topics=TOPICS) for place in places]
    deadline = time.monotonic() + TOLD_S
    while True:
        for each in seen:
            await each.more()
        calm, killed = (Counter(notices(each)) for each in seen)
        broken = [f"{each.place.prefix} {what}" for each in seen for what in wrong(each, feed.requests)]
        verdict = Verdict(calm, killed, tuple(broken), kills, outages, feed.requests)
        if (not verdict.differs and paired(calm)) or time.monotonic() > deadline:
            return verdict
        await asyncio.sleep(1.0)


async def _run(minutes: float, seed: int) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        async with LocalKafka(Path(folder) / "kafka", BROKER, heap="512m") as kafka:
            return await twins(kafka.bootstrap, "twins-", Path(folder), seed=seed, seconds=minutes * 60)


def main() -> int:
    """`python -m tests.faults.twins --minutes 30 --seed 1`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    verdict = asyncio.run(_run(arguments.minutes, arguments.seed))
    killed = ", ".join(f"{role} {count}" for role, count in verdict.kills.items())
    told = f"{verdict.calm.total()} notices, {verdict.requests} marketing requests"
    lines = [f"{verdict.outages} outages, {told}; killed: {killed}", *verdict.differs]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if verdict.differs else 0


if __name__ == "__main__":
    sys.exit(main())
