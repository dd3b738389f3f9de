"""Every service of docker-compose.yml, run on this machine by its very command line, against a real Kafka."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from forewarn.alerts.mail_sink import MailSink
from forewarn.alerts.smsc import SmscSink
from forewarn.stream import kafka as client
from forewarn.stream.demo.stage import Process, until_ready
from forewarn.stream.health import PORTS
from forewarn.stream.settings import load
from forewarn.topics.catalog import TOPICS
from tests.conftest import KafkaAddress

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = {
    name: service
    for name, service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].items()
    if service["image"] == "forewarn"
}


class Host:
    """Where services run instead of containers: their own settings, but our broker, our mail server, free ports."""

    def __init__(self, bootstrap: str, prefix: str, mail_port: int, folder: Path, smsc: SmscSink) -> None:
        self.folder = folder
        self.smsc = smsc
        self._ours = {
            "FOREWARN_BOOTSTRAP": bootstrap,
            "FOREWARN_TOPIC_PREFIX": prefix,
            "FOREWARN_POLICY": str(ROOT / "deploy" / "demo-policy.toml"),
            "FOREWARN_DATA_DIR": str(folder),
            "FOREWARN_METRICS_BIND": "127.0.0.1",
            "FOREWARN_METRICS_PORT": "0",
            "FOREWARN_SMTP_HOST": "127.0.0.1",
            "FOREWARN_SMTP_PORT": str(mail_port),
            "FOREWARN_SMPP_HOST": "127.0.0.1",
            "FOREWARN_SMPP_SYSTEM_ID": "forewarn",
            "FOREWARN_SMPP_SOURCE": "Forewarn",
            "FOREWARN_SMPP_PORT": str(smsc.port),
        }

    def service(self, name: str) -> Process:
        """A service as a child process; its output goes to a log of its own."""
        environment = {
            variable: value for variable, value in os.environ.items() if not variable.startswith("FOREWARN_")
        }
        theirs = {variable: str(value) for variable, value in SERVICES[name]["environment"].items()}
        command = [str(word) for word in SERVICES[name]["command"]]
        return Process(command, environment | theirs | self._ours, self.folder / f"{name}.log")

    async def command(self, *arguments: str) -> tuple[int, str]:
        """A command of ours with the same settings; its exit code and what it printed."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "forewarn", *arguments),
            env=os.environ | self._ours,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await child.communicate()
        return child.returncode or 0, out.decode()


@asynccontextmanager
async def host(kafka: KafkaAddress, prefix: str, folder: Path) -> AsyncIterator[Host]:
    async with MailSink() as mail, SmscSink() as smsc:
        here = Host(kafka.bootstrap, prefix, mail.port, folder, smsc)
        topics = here.service("topics")
        async with topics:
            assert await topics.ended() == 0, topics.tail()
        yield here
        settings = load(bootstrap=kafka.bootstrap)
        await client.delete_topics(settings, [prefix + topic.name for topic in TOPICS])


@pytest.mark.timeout(180)
async def test_all_services_of_the_compose_file_run_together(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    async with host(kafka, prefix, tmp_path) as here, AsyncExitStack() as stack:
        workers = {role: await stack.enter_async_context(here.service(role)) for role in PORTS}
        for role, worker in workers.items():
            await until_ready(worker, 60, (role,))
        async with here.service("simulator") as simulator:
            await asyncio.sleep(8)
            simulator.check()
        for worker in workers.values():
            worker.check()
        code, said = await here.command("doctor")
        assert code == 0, said
        assert await here.command("pause", "usage") == (0, "usage is paused in 8 partitions\n")
        assert await here.command("resume", "usage") == (0, "usage is resumed in 8 partitions\n")


async def test_a_worker_without_its_topics_refuses_and_names_the_remedy(
    kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    here = Host(kafka.bootstrap, prefix, 25, tmp_path, SmscSink(port=2775))
    worker = here.service("decide")
    async with worker:
        assert await worker.ended() == 78
    assert "forewarn topics apply" in worker.tail()
