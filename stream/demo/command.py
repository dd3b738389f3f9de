"""Runs the demo: Kafka, mail server, topics, all roles, a simulated world; watches; sums up.

    LocalKafka ─┐                        ┌─ forewarn worker all        (child process)
    MailSink ───┼─> topics apply ─> wait ┼─ forewarn simulate --live   (child process)
                                         └─ Feed ─> Board ─> view      (here)   ─> read back ─> Verdict

Everything it starts uses the public commands and settings; nothing in Forewarn knows that it is a demo.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.layout import Layout as Screen
from rich.live import Live

import forewarn.deploy
from forewarn.alerts.mail_sink import MailSink
from forewarn.deploy.local_kafka import LocalKafka
from forewarn.stream import kafka, supervise, topics_admin
from forewarn.stream import policy as policies
from forewarn.stream import settings as all_settings
from forewarn.stream.demo import summary, view
from forewarn.stream.demo.board import Board
from forewarn.stream.demo.feed import Feed, read_back
from forewarn.stream.demo.stage import Process, until_ready
from forewarn.stream.engine.role import Layout
from forewarn.stream.settings import Settings
from forewarn.topics.catalog import TOPICS

#: The published fast policy.
POLICY = Path(forewarn.deploy.__file__).with_name("demo-policy.toml")
LAYOUT = Layout(region=4, customer=4)
_READY_S = 90.0
#: What is under way when the time is up may still arrive.
_DRAIN_S = 2.0
_FRAME_S = 0.25


async def run(
    length_s: float | None,
    seed: int,
    *,
    bootstrap: str | None,
    config: Path | None,
    policy: Path | None,
    topic_prefix: str | None,
) -> int:
    """The demo, for `length_s` seconds from when all roles are ready (None: until Ctrl-C). Returns the exit code."""
    policies.load(policy or POLICY)  # what is wrong with it is said before anything is started
    console = Console(stderr=True, highlight=False)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics have no leader yet; it is tried again
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="forewarn-demo-")))
        mail = await stack.enter_async_context(MailSink(folder / "mail.jsonl"))
        address = bootstrap or (await stack.enter_async_context(_kafka(console))).bootstrap
        prefix = topic_prefix if topic_prefix is not None else (f"demo-{secrets.token_hex(3)}-" if bootstrap else "")
        settings = _settings(config, address, policy or POLICY, prefix, mail, folder)
        await stack.enter_async_context(_topics(settings, console, remove=topic_prefix is None and bool(bootstrap)))
        return await _Show(settings, mail, folder, console, stopping, length_s, seed).play()


def _settings(config: Path | None, bootstrap: str, policy: Path, prefix: str, mail: MailSink, folder: Path) -> Settings:
    given = all_settings.load(config, bootstrap=bootstrap, policy=policy, topic_prefix=prefix)
    # Mail goes to our own server and nowhere else, whatever the settings of this machine say.
    ours = {"smtp_host": mail.host, "smtp_port": mail.port, "smtp_tls": "none", "smtp_user": None, "smtp_ca": None}
    theirs = {"data_dir": folder, "metrics_bind": "127.0.0.1", "metrics_port": 0, "log_format": "json"}
    return given.model_copy(update={**ours, **theirs, "smtp_password_file": None, "log_level": "info"})


@asynccontextmanager
async def _kafka(console: Console) -> AsyncIterator[LocalKafka]:
    extra = {"group.min.session.timeout.ms": "1000", "log.retention.ms": "-1"}
    async with LocalKafka(None, extra, report=lambda line: console.print(line)) as kafka:
        yield kafka


@asynccontextmanager
async def _topics(settings: Settings, console: Console, *, remove: bool) -> AsyncIterator[None]:
    """The topics, created; `remove` deletes them at the end (a prefix of our own on somebody's cluster)."""
    console.print("creating topics")
    prefix = settings.topic_prefix
    applied = await topics_admin.apply(kafka.connection(settings), LAYOUT, prefix=prefix, replication=1)
    if applied.refused:
        raise all_settings.SettingsError(list(applied.refused))
    try:
        yield
    finally:
        if remove:
            await kafka.delete_topics(settings, [prefix + topic.name for topic in TOPICS])


class _Show:
    """One run, from starting the roles to the exit code."""

    def __init__(
        self,
        settings: Settings,
        mail: MailSink,
        folder: Path,
        console: Console,
        stopping: asyncio.Event,
        length_s: float | None,
        seed: int,
    ) -> None:
        self.settings, self.mail, self.console = settings, mail, console
        self.stopping, self.length_s = stopping, length_s
        environment = supervise.environment(settings)
        self.workers = Process(["worker", "all"], environment, folder / "workers.log")
        self.simulator = Process(["simulate", "--live", "--seed", str(seed)], environment, folder / "simulator.log")
        self.board = Board()
        self.began: int | None = None

    async def play(self) -> int:
        """Starts, shows, sums up."""
        since = _now()
        fed = asyncio.Event()
        feeding = asyncio.create_task(Feed(self.settings, self.board).run(fed))
        try:
            await asyncio.wait([feeding, asyncio.ensure_future(fed.wait())], return_when=asyncio.FIRST_COMPLETED)
            if feeding.done():
                feeding.result()
            async with self.workers:
                self.console.print("starting all roles")
                await until_ready(self.workers, _READY_S)
                self.began = _now()
                async with self.simulator:
                    await self._watch(feeding)
                self.console.print("time is up; reading everything back")
                await asyncio.sleep(_DRAIN_S)
                message_ids = [taken.message_id for taken in self.mail.taken]
                verdict = summary.judge(await read_back(self.settings, since), message_ids)
                out = Console(highlight=False)
                summary.show(verdict, out if out.is_terminal else Console(highlight=False, width=120))
                self.console.print("stopping")
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding
        return int(self.length_s is not None and not verdict.kept)

    async def _watch(self, feeding: asyncio.Task[None]) -> None:
        """Shows the board until time is up or somebody stops it; raises when a process or the feed has ended."""
        if self.console.is_terminal:
            with Live(self._screen(), console=self.console, screen=True, auto_refresh=False) as live:
                async for _ in self._frames(feeding):
                    live.update(self._screen(), refresh=True)
            return
        shown = 0
        async for _ in self._frames(feeding):
            for line in view.condensed(self.board.since(shown)):
                print(view.plain(line, self.began or 0), file=sys.stderr, flush=True)
            shown = self.board.said

    async def _frames(self, feeding: asyncio.Task[None]) -> AsyncIterator[None]:
        end = time.monotonic() + self.length_s if self.length_s is not None else None
        while not self.stopping.is_set() and (end is None or time.monotonic() < end):
            for process in (self.workers, self.simulator):
                process.check()
            if feeding.done():
                feeding.result()
            yield
            await asyncio.wait([asyncio.ensure_future(self.stopping.wait())], timeout=_FRAME_S)

    def _screen(self) -> Screen:
        return view.screen(
            self.board,
            now=_now(),
            began=self.began,
            lasts_s=self.length_s,
            where=self.settings.bootstrap,
            mailed=self.mail.count,
        )


def _now() -> int:
    return int(time.time() * 1000)
