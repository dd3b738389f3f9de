"""One zombie: stopped at a crash point, succeeded by a crew, then going on as if nothing had been."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from forewarn.alerts.mail_sink import MailSink
from tests.faults.child import Child
from tests.faults.crew import Crew
from tests.faults.feeder import Feeder, now
from tests.faults.generator import Generator
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.seen import TABLE, Seen
from tests.faults.verdict import verdict

#: Seconds in which the successor goes on after it took over, and in which the zombie finds out, or does its harm.
SUCCEEDS_S, HAUNTS_S = 2.0, 4.0


class Haunting(Struct, frozen=True):
    """What the oracle says, and how the zombie ended (None: it joined the group again)."""

    report: Report
    code: int | None


async def until_stopped(child: Child, timeout_s: float = 40.0) -> None:
    """Waits until the process has stopped itself."""
    deadline = time.monotonic() + timeout_s
    while (await asyncio.to_thread(Path(f"/proc/{child.pid}/stat").read_text)).rpartition(")")[2].split()[0] != "T":
        assert child.code is None, child.tail()
        assert time.monotonic() < deadline, f"never came to its point:\n{child.tail()}"
        await asyncio.sleep(0.1)


async def _until_succeeded(seen: Seen, before: Mapping[int, str | None], timeout_s: float = 60.0) -> None:
    """Waits until every partition has another owner, and that one has had time to append."""
    deadline = time.monotonic() + timeout_s
    while any(seen.tables[number].owner == owner for number, owner in before.items()):
        assert time.monotonic() < deadline, "nobody took over from the zombie"
        await asyncio.sleep(0.2)
        await seen.more()
    await asyncio.sleep(SUCCEEDS_S)


async def haunt_decide(
    bootstrap: str, prefix: str, folder: Path, *, point: str, mutant: str = "pause", timeout_s: float = 20.0
) -> Haunting:
    """Role decide: the zombie holds records that it has folded when it is stopped."""
    async with Place(bootstrap, prefix, folder) as place:
        feeder = Feeder(place, Generator(7, customers=12), usage=300)
        await feeder.base()
        first = await place.start("decide")
        await place.settle("decide")
        await first.kill()
        async with feeder:
            zombie = await place.start("decide", crash_at=point, mutant=mutant, name="zombie")
            await until_stopped(zombie)
            seen = Seen(place, topics=(TABLE,))
            await seen.more()
            before = {number: table.owner for number, table in seen.tables.items()}
            async with Crew(place, "decide"):
                await _until_succeeded(seen, before)
                zombie.go_on()
                await asyncio.sleep(HAUNTS_S)
                await feeder.stop()
                return Haunting(await verdict(place, "decide", timeout_s=timeout_s), zombie.code)


async def haunt_deliver(bootstrap: str, prefix: str, folder: Path, *, point: str) -> Haunting:
    """Role deliver: the zombie is about to hand a mail over when it is stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    mail = folder / "mail.jsonl"
    async with MailSink(mail) as sink, Place(bootstrap, prefix, folder, smtp_port=sink.port) as place:
        feeder = Feeder(place, Generator(8, customers=12))
        zombie = await place.start("deliver", crash_at=point, mutant="pause", name="zombie")
        await feeder.feed(feeder.generator.notifications(40, now()))
        await until_stopped(zombie)
        async with Crew(place, "deliver"):
            await place.settle("deliver")
            zombie.go_on()
            await asyncio.sleep(HAUNTS_S)
            await feeder.feed(feeder.generator.notifications(10, now()))
            return Haunting(await verdict(place, "deliver", mail=mail), zombie.code)
