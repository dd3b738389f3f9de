"""`forewarn etr report` on a real broker: it reads every revision of the topic."""

from __future__ import annotations

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from forewarn.stream import kafka as client
from forewarn.stream.calibration import command
from forewarn.stream.settings import load
from forewarn.topics.instants import to_rfc3339
from tests.conftest import KafkaAddress

START = 1_800_000_000_000


def revision(number: int, state: str, **more: object) -> bytes:
    etr = {name: to_rfc3339(START + ms) for name, ms in (("issued", 180), ("earliest", 600), ("likely", 1_200))}
    row = {
        "outage_id": "o1",
        "revision": number,
        "time": to_rfc3339(START + number * 100),
        "state": state,
        "region": "north",
        "element": "olt-1",
        "started": to_rfc3339(START),
        "etr": {**etr, "latest": to_rfc3339(START + 2_400), "source": "model"},
    }
    return orjson.dumps({**row, **more})


async def test_the_report_is_read_from_kafka(
    kafka: KafkaAddress, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load(bootstrap=kafka.bootstrap, topic_prefix=prefix)
    name = client.topic_name(settings, command.TOPIC)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()
    assert await command.run(settings, [], as_json=False) == 1
    assert "There is no outage" in capsys.readouterr().out
    async with client.producer(settings) as producer:
        for row in (revision(1, "confirmed"), revision(2, "restored", restored=to_rfc3339(START + 1_500))):
            await producer.send_and_wait(name, row, key=b"o1")
    assert await command.run(settings, [], as_json=True) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert (found["outages"], found["first"]["parts"]) == (1, [0, 0, 1, 0])
