"""The broker goes away for some seconds, in good order: workers wait, go on by themselves, and lose nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from forewarn.alerts.mail_sink import MailSink
from forewarn.deploy.local_kafka import LocalKafka
from tests.conftest import BROKER_FOR_TESTS
from tests.faults.crew import Crew
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.place import Place
from tests.faults.verdict import verdict

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

DOWN_S = 3.0


async def test_a_broker_restart_loses_nothing_and_ends_no_worker(tmp_path: Path) -> None:
    mail = tmp_path / "mail.jsonl"
    async with (
        LocalKafka(tmp_path / "kafka", BROKER_FOR_TESTS) as kafka,
        MailSink(mail) as sink,
        Place(kafka.bootstrap, "b-", tmp_path / "place", smtp_port=sink.port) as place,
        Crew(place, "decide") as decide,
        Crew(place, "deliver") as deliver,
    ):
        feeder = Feeder(place, Generator(5), usage=100, requests=1)
        await feeder.base()
        await place.settle("decide", "deliver")
        async with feeder:
            await asyncio.sleep(2.0)
            await kafka.restart("term", down_s=DOWN_S)
            await asyncio.sleep(5.0)
        report = await verdict(place, "decide", "deliver", mail=mail)
        assert not report.violations, str(report)
        assert not decide.codes, f"decide left with {decide.codes}:\n{decide.children[0].tail()}"
        assert not deliver.codes, f"deliver left with {deliver.codes}:\n{deliver.children[0].tail()}"
