"""The broker goes away for some seconds in the middle of a run, and comes back with all it had."""

from __future__ import annotations

import asyncio
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

#: Seconds without a broker.
DOWN_S = 3.0


class Restarted(Struct, frozen=True):
    """What the oracle says, and how workers ended meanwhile (none should)."""

    report: Report
    codes: Counter[int]
    tails: str


async def run_restart(
    kafka: LocalKafka, prefix: str, folder: Path, *, seed: int, how: Literal["term", "kill"] = "term"
) -> Restarted:
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
            await kafka.restart(how, down_s=DOWN_S)
            await asyncio.sleep(4.0)
        report = await verdict(place, "decide", "deliver", mail=mail)
        return Restarted(report, decide.codes + deliver.codes, place.tails())
