"""The broker goes away for some seconds in the middle of a run, and comes back with all that it had acknowledged.

It is told to, or killed, or its disk is full: then writes fail as soon as a file is to grow, and it ends by itself. Or
it stands still with all its connections open, as a machine does that pauses: nothing fails, nothing is answered.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections import Counter
from pathlib import Path
from typing import Literal

from msgspec import Struct

from forewarn.alerts.mail_sink import MailSink
from forewarn.deploy.local_kafka import LocalKafka
from tests.faults.crew import Crew
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.verdict import verdict

#: Seconds without a broker; that it stands still, which is some sessions; in which one must notice a full disk.
DOWN_S, FROZEN_S, NOTICED_S = 3.0, 10.0, 60.0
How = Literal["term", "kill", "disk full", "frozen"]


class Restarted(Struct, frozen=True):
    """What the oracle says, and how workers ended meanwhile (none should)."""

    report: Report
    codes: Counter[int]
    tails: str


async def run_restart(kafka: LocalKafka, prefix: str, folder: Path, *, seed: int, how: How = "term") -> Restarted:
    """Roles decide and deliver, with input before, during and after the restart of the broker."""
    folder.mkdir(parents=True, exist_ok=True)
    mail = folder / "mail.jsonl"
    async with (
        MailSink(mail) as sink,
        Place(kafka.bootstrap, prefix, folder, smtp_port=sink.port) as place,
        Crew(place, "decide") as decide,
        Crew(place, "deliver") as deliver,
    ):
        feeder = Feeder(place, Generator(seed), usage=100, requests=1)
        await feeder.base()
        await place.settle("decide", "deliver")
        async with feeder:
            await asyncio.sleep(2.0)
            await take_away(kafka, how)
            await asyncio.sleep(4.0)
        report = await verdict(place, "decide", "deliver", mail=mail)
        return Restarted(report, decide.codes + deliver.codes, place.tails())


async def take_away(kafka: LocalKafka, how: How) -> None:
    """Returns when the broker is there again."""
    if how == "frozen":
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGSTOP)
        await asyncio.sleep(FROZEN_S)
        os.kill(kafka.pid, signal.SIGCONT)
        return
    if how == "disk full":
        await fill_disk(kafka)
    await kafka.restart("term" if how == "disk full" else how, down_s=DOWN_S)


async def fill_disk(kafka: LocalKafka) -> None:
    """No file of the broker's may grow any more; returns when it has ended for that. A new process may write again."""
    assert kafka.pid is not None
    _, most = resource.prlimit(kafka.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(kafka.pid, resource.RLIMIT_FSIZE, (0, most))
    async with asyncio.timeout(NOTICED_S):
        while kafka.pid is not None:  # noqa: ASYNC110  nobody signals the end of another's process
            await asyncio.sleep(0.1)
