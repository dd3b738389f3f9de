"""Twins: two deployments hear the same network; in one detect and correlate are killed all the time. Same notices?

    network ──same beats──┬─> left alone ──> notices ─┐
                          └─> killed ──────> notices ─┴─> {(customer, element, kind, stage, class)} equal?

`make twins MINUTES=30` runs it for so long on the demo's policy; exit code 1 when a notice differs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from msgspec import Struct

from forewarn.deploy.local_kafka import LocalKafka
from tests.faults.crew import Crew
from tests.faults.ledger import Input
from tests.faults.place import Place
from tests.faults.seen import Seen

DEMO = Path(__file__).parents[2] / "deploy" / "demo-policy.toml"
BROKER = {"group.min.session.timeout.ms": "1000", "broker.session.timeout.ms": "3000"}
ROLES = ("detect", "correlate", "decide")
NODES, HOMES, COLLECTORS = 6, 8, 2
#: Seconds: of life before the first outage, of an outage, and between two. An outage lasts, and so does the calm after
#: it, until both twins have told of it (a worker may take long to start on a busy machine), or until one never will.
BEFORE_S, DARK_S, CALM_S, LONGEST_S = 15.0, 35.0, 25.0, 120.0
#: Seconds between two kills, at least and at most.
KILL_S = (8.0, 20.0)
#: Seconds in which what is known must have been told when all is over.
TOLD_S = 90.0

Notice = tuple[str, str, str, str, str | None]


class Verdict(Struct, frozen=True):
    """What each twin told, and how often the one was killed."""

    calm: frozenset[Notice]
    killed: frozenset[Notice]
    kills: int
    outages: int

    @property
    def differs(self) -> list[str]:
        """The notices of one twin alone, in words."""
        lost = [f"lost: {notice}" for notice in sorted(self.calm - self.killed, key=repr)]
        return lost + [f"new: {notice}" for notice in sorted(self.killed - self.calm, key=repr)]


class DemoPlace(Place):
    """A deployment on the demo's policy."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"FOREWARN_POLICY": str(DEMO)}


class Beats:
    """The network: nodes with homes, which beat every second into both deployments. Every other home is behind c-2."""

    def __init__(self, places: list[DemoPlace]) -> None:
        self.places = places
        self.dark: set[str] = set()  #: nodes
        self.lost: set[str] = set()  #: collectors

    async def introduce(self) -> None:
        """Profiles: one customer a home."""
        rows = [Input("customers.profiles", customer, profile) for customer, profile in _profiles()]
        await asyncio.gather(*(place.produce(rows) for place in self.places))

    async def run(self) -> None:
        """Beats until it is cancelled."""
        while True:
            at = time.time()
            beats = list(self._beats(int(at * 1000)))
            await asyncio.gather(*(place.produce(beats) for place in self.places))
            await asyncio.sleep(max(0.0, at + 1.0 - time.time()))

    def _beats(self, now: int) -> Iterator[Input]:
        for node in range(NODES):
            for home in range(HOMES):
                collector = f"c-{home % COLLECTORS + 1}"
                if f"node-{node}" not in self.dark and collector not in self.lost:
                    beat = {"element": f"home-{node}-{home}", "parent": f"node-{node}", "collector": collector}
                    yield Input("network.heartbeats", "north", {**beat, "time": now, "interval_s": 1})


def _profiles() -> Iterator[tuple[str, dict[str, object]]]:
    for node in range(NODES):
        for home in range(HOMES):
            service = {"service_id": "s", "kind": "fixed", "element": f"home-{node}-{home}", "region": "north"}
            contacts = {"email": f"c{node}.{home}@example.com"}
            yield f"c-{node}-{home}", {"name": "Ada", "services": [service], "contacts": contacts}


async def twins(bootstrap: str, prefix: str, folder: Path, *, seed: int, seconds: float) -> Verdict:
    """Runs both for at least `seconds`, and at least one outage."""
    random = Random(seed)
    async with contextlib.AsyncExitStack() as stack:
        places = [
            await stack.enter_async_context(DemoPlace(bootstrap, f"{prefix}{name}-", folder / name))
            for name in ("calm", "killed")
        ]
        beats = Beats(places)
        await beats.introduce()
        crews = [[await stack.enter_async_context(Crew(place, role)) for role in ROLES] for place in places]
        for place in places:
            await place.settle("decide")
        beating = asyncio.create_task(beats.run())
        await asyncio.sleep(BEFORE_S)
        killing = asyncio.create_task(_kill(crews[1][:2], random))
        outages = await _outages(beats, random, _Told(places), until=time.monotonic() + seconds)
        kills = await _stop(killing)
        verdict = await _agree(places, kills, outages)
        await _stop(beating)
    return verdict


async def _kill(crews: list[Crew], random: Random) -> int:
    """Kills detect or correlate again and again; how often, once it is cancelled."""
    kills = 0
    try:
        while True:
            await asyncio.sleep(random.uniform(*KILL_S))
            child = random.choice(crews).children[0]
            if child.code is None:
                await child.kill()
                kills += 1
    except asyncio.CancelledError:
        return kills


async def _stop(task: asyncio.Task[int] | asyncio.Task[None]) -> int:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        return await task or 0
    return 0


class _Told:
    """What both deployments have told so far."""

    def __init__(self, places: list[DemoPlace]) -> None:
        self.seen = [Seen(place, topics=("notifications",)) for place in places]

    async def count(self, stage: str) -> list[int]:
        """How many messages of a stage each twin has written."""
        for each in self.seen:
            await each.more()
        return [sum(row.read["stage"] == stage for row in each.rows["notifications"]) for each in self.seen]

    async def wait(self, stage: str, before: list[int]) -> None:
        """Returns when both have told every customer of one more node, or after `LONGEST_S`."""
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            if all(now >= was + HOMES for now, was in zip(await self.count(stage), before, strict=True)):
                return
            await asyncio.sleep(1.0)


async def _outages(beats: Beats, random: Random, told: _Told, *, until: float) -> int:
    """One node after the other goes dark; while every third one is, a collector is lost."""
    number = 0
    while number == 0 or time.monotonic() < until:
        node = f"node-{random.randrange(NODES)}"
        confirmed, restored = await told.count("confirmed"), await told.count("restored")
        beats.dark.add(node)
        await asyncio.sleep(DARK_S / 2)
        if number % 3 == 1:
            beats.lost.add("c-2")
        await asyncio.sleep(DARK_S / 2)
        beats.lost.clear()
        await told.wait("confirmed", confirmed)
        beats.dark.discard(node)
        await asyncio.sleep(CALM_S)
        await told.wait("restored", restored)
        number += 1
    return number


async def _agree(places: list[DemoPlace], kills: int, outages: int) -> Verdict:
    """Waits until both have told the same, or until what is missing would have come."""
    seen = [Seen(place, topics=("notifications", "outages.revisions")) for place in places]
    deadline = time.monotonic() + TOLD_S
    while True:
        for each in seen:
            await each.more()
        calm, killed = (frozenset(_notices(each)) for each in seen)
        verdict = Verdict(calm, killed, kills, outages)
        if (not verdict.differs and _paired(verdict.calm)) or time.monotonic() > deadline:
            return verdict
        await asyncio.sleep(1.0)


def _notices(seen: Seen) -> Iterator[Notice]:
    elements = {row.read["outage_id"]: row.read["element"] for row in seen.rows["outages.revisions"]}
    for row in seen.rows["notifications"]:
        told = row.read
        element = elements.get(told["incident"], told["incident"])
        yield row.key.decode(), element, told["kind"], told["stage"], told.get("class")


def _paired(notices: frozenset[Notice]) -> bool:
    """Whether everybody who was told of an outage was told of its end."""
    confirmed = {(notice[0], notice[1]) for notice in notices if notice[3] == "confirmed"}
    return bool(confirmed) and confirmed == {(notice[0], notice[1]) for notice in notices if notice[3] == "restored"}


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
    lines = [f"{verdict.outages} outages, {verdict.kills} kills, {len(verdict.calm)} notices", *verdict.differs]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if verdict.differs else 0


if __name__ == "__main__":
    sys.exit(main())
