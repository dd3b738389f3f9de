"""The mail relay is away for a while, on a real Kafka: texts go on as ever, and every mail is sent in the end.

    s        0    3                          33
    relay    ok   └───── connection refused ─┘ back ─> all that waited is taken
    centre   ok   ok   ok   ok   ok   ok   ok   ok

The policy's pauses are those of a deployment divided by sixty: a second stands for a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil
from msgspec import Struct

from forewarn.alerts.mail_sink import MailSink
from forewarn.alerts.smsc import SmscSink
from tests.faults.crew import Crew
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.kills import centre
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.seen import Seen
from tests.faults.verdict import verdict

#: Seconds before the relay goes.
BEFORE_S = 3.0
NOTICES = 40.0


class Away(Struct, frozen=True):
    """What the oracle says, and the worker's memory in MB before and after.

    `longest_s`: by channel, the longest time from decision to hand-over of what was decided while the relay was away.
    """

    report: Report
    longest_s: dict[str, float]
    memory_mb: tuple[float, float]
    restarts: int


async def relay_away(bootstrap: str, prefix: str, folder: Path, *, seed: int, seconds: float) -> Away:
    """One run: the relay is away for so long."""
    folder.mkdir(parents=True, exist_ok=True)
    mail = folder / "mail.jsonl"
    async with SmscSink() as smsc, AsyncExitStack() as relay:
        port = (await relay.enter_async_context(MailSink(mail))).port
        async with Place(bootstrap, prefix, folder, smtp_port=port, settings=centre(smsc)) as place:
            feeder = Feeder(place, Generator(seed, texts=True), notices=NOTICES)
            async with Crew(place, "deliver") as crew, feeder:
                await place.settle("deliver")
                await asyncio.sleep(BEFORE_S)
                await relay.aclose()
                gone, before = datetime.now(UTC), _memory(crew)
                await asyncio.sleep(seconds)
                back, after = datetime.now(UTC), _memory(crew)
                async with MailSink(mail, port=port):
                    await feeder.stop()
                    report = await verdict(place, "deliver", mail=mail, smsc=smsc)
                seen = Seen(place, topics=("notifications", "notifications.log"))
                await seen.more()
                longest: dict[str, float] = {}
                for channel, waited in _waits(seen, gone, back):
                    longest[channel] = max(waited, longest.get(channel, 0.0))
                return Away(report, longest, (before, after), crew.codes.total())


def _memory(crew: Crew) -> float:
    """Resident memory of the one worker, MB."""
    return float(psutil.Process(crew.children[0].pid).memory_info().rss) / (1 << 20)


def _waits(seen: Seen, since: datetime, until: datetime) -> Iterator[tuple[str, float]]:
    """Channel, and seconds from decision to hand-over, of every message decided between two instants."""
    rows = [row.read for row in seen.rows["notifications"]]
    made = {row["notification_id"]: datetime.fromisoformat(row["time"]) for row in rows}
    for row in seen.rows["notifications.log"]:
        at = made[row.read["notification_id"]]
        if row.read["outcome"] == "sent" and since < at < until:
            yield row.read["channel"], (datetime.fromisoformat(row.read["time"]) - at).total_seconds()
