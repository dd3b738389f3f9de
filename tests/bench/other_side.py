"""The other side of a delivery: an SMTP relay or an SMS centre in a process of its own, which takes all and counts.

this process ──"how many?"──> relay or centre ──> Taken(messages, how many of them different)
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple, Self

from forewarn.alerts.mail_sink import MailSink
from forewarn.alerts.smsc import SmscSink
from forewarn.alerts.smsc import Taken as Part


class Taken(NamedTuple):
    """Messages taken, and how many different ones among them."""

    total: int
    different: int


class OtherSide:
    """The relay (`email`) or the centre (`sms`), on some cores; a context manager. `port` is where it listens."""

    def __init__(self, channel: str, cores: Sequence[int]) -> None:
        processes = multiprocessing.get_context("spawn")  # nothing of the bench's loop and sockets goes along
        self._pipe, theirs = processes.Pipe()
        self._process = processes.Process(target=_serve, args=(channel, theirs, frozenset(cores)), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.port: int = self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.send("end")
        self._process.join()

    def count(self) -> int:
        """Messages taken until now."""
        self._pipe.send("count")
        found: int = self._pipe.recv()
        return found

    def taken(self) -> Taken:
        """What it has taken until now; looks at every message."""
        self._pipe.send("taken")
        found: Taken = self._pipe.recv()
        return found


def _serve(channel: str, pipe: Connection, cores: frozenset[int]) -> None:
    os.sched_setaffinity(0, cores)
    asyncio.run(_mail(pipe) if channel == "email" else _texts(pipe))


async def _mail(pipe: Connection) -> None:
    async with MailSink() as mail:
        await _answer(pipe, mail.port, lambda: mail.count, lambda: [taken.message_id for taken in mail.taken])


async def _texts(pipe: Connection) -> None:
    """A message has a number of its own here; it is taken with its last part."""
    numbers: list[str] = []

    def told(part: Part) -> None:
        if part.part == part.parts:
            numbers.append(part.number)

    async with SmscSink(told=told) as smsc:
        await _answer(pipe, smsc.port, lambda: len(numbers), lambda: numbers)


async def _answer(pipe: Connection, port: int, count: Callable[[], int], names: Callable[[], list[str]]) -> None:
    pipe.send(port)
    while (asked := await asyncio.to_thread(pipe.recv)) != "end":
        if asked == "count":
            pipe.send(count())
        else:
            found = names()
            pipe.send(Taken(len(found), len(set(found))))
