"""The whole path under fire: all roles, an outage of one node after the other, usage, marketing, mail; then the oracle.

heartbeats fall silent ─> customers told ─> (no marketing meanwhile) ─> heartbeats back ─> customers told
      while workers of all roles are killed, replaced and frozen at random
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from aiokafka.errors import KafkaError
from msgspec import Struct

from forewarn.alerts.mail_sink import MailSink
from tests.faults.crew import Crew, storm
from tests.faults.feeder import Feeder
from tests.faults.generator import NODES, Generator
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.seen import Seen
from tests.faults.verdict import verdict

ROLES = ("detect", "correlate", "decide", "deliver")
#: Workers of each role.
CREWS = {"detect": 1, "correlate": 1, "decide": 3, "deliver": 2}
#: Seconds: of life before the first outage, of an outage after all know of it, and in which its customers must be told.
BEFORE_S, KNOWN_S, TOLD_S = 12.0, 5.0, 90.0
#: Says how far a run is.
Say = Callable[[str], None]


class Told(Struct, frozen=True):
    """How a run went: what was done to workers, how they ended, and what the oracle says."""

    seed: int
    done: Counter[str]
    codes: Counter[int]
    report: Report


async def tell(
    bootstrap: str, prefix: str, folder: Path, *, seed: int, storm_s: float, usage: float = 150,
    crews: dict[str, int] = CREWS, say: Say = lambda line: None,
) -> Told:  # fmt: skip
    """One run: `storm_s` seconds of trouble around at least one outage."""
    random = Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    mail = folder / "mail.jsonl"
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(MailSink(mail))
        place = await stack.enter_async_context(
            Place(bootstrap, prefix, folder, customer=3, smtp_port=sink.port)
        )  # fmt: skip
        feeder = Feeder(place, Generator(seed), usage=usage, requests=1, beats=True, life_s=25.0)
        await feeder.base()
        teams = [await stack.enter_async_context(Crew(place, role, count)) for role, count in crews.items()]
        await place.settle("decide")
        async with feeder:
            await asyncio.sleep(BEFORE_S)
            say("storm")
            trouble = asyncio.create_task(storm(teams, random, storm_s))
            await _outages(place, feeder, until=time.monotonic() + storm_s, say=say)
            await trouble
            say("judging")
            feeder.usage = feeder.requests = 0.0  # the network goes on to speak: silence would be an outage
            report = await verdict(place, *ROLES, mail=mail, timeout_s=90.0, settle_s=90.0)
        done = sum((team.done for team in teams), Counter[str]())
        codes = sum((team.codes for team in teams), Counter[int]())
    return Told(seed, done, codes, report)


async def _outages(place: Place, feeder: Feeder, *, until: float, say: Say) -> None:
    """One outage after the other, on alternating nodes, until the time is over; at least one."""
    seen = Seen(place, topics=("notifications",))
    number = 0
    while number == 0 or time.monotonic() < until:
        node = NODES[number % len(NODES)]
        number += 1
        customers = feeder.generator.served_by(node)
        incidents = _incidents(seen, "confirmed")
        say(f"outage {number}: {node} is dark")
        await feeder.darken(node)
        if not await _until_told(seen, "confirmed", customers, incidents):
            say("not all were told in time")
        await feeder.known(node)
        await asyncio.sleep(KNOWN_S)
        say(f"outage {number}: {node} is back")
        incidents = _incidents(seen, "restored")
        await feeder.mend(node)
        if not await _until_told(seen, "restored", customers, incidents):
            say("not all were told in time that it is over")


def _incidents(seen: Seen, stage: str) -> set[str]:
    return {row.read["incident"] for row in seen.rows["notifications"] if row.read["stage"] == stage}


async def _until_told(seen: Seen, stage: str, customers: list[str], before: set[str]) -> bool:
    """Waits until all customers have a message of this stage for an incident that is new; False after too long."""
    deadline = time.monotonic() + TOLD_S
    while time.monotonic() < deadline:
        try:
            await seen.more()
        except KafkaError:  # the broker is away
            await asyncio.sleep(1.0)
            continue
        told = {
            row.key.decode()
            for row in seen.rows["notifications"]
            if row.read["kind"] == "outage" and row.read["stage"] == stage and row.read["incident"] not in before
        }
        if told.issuperset(customers):
            return True
        await asyncio.sleep(1.0)
    return False
