"""The wire between clients and a broker: a TCP proxy on loopback that fails as networks fail.

    clients ──> Wire ──> broker      open: as they are · silenced: nothing is passed on any more, and nobody is told
                                     slow: late and in small pieces · reset: every connection at once

What the broker advertises must be the wire, else clients go past it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

import psutil

#: What is read at once; the pieces that a slow wire passes on, and how late (s) each reading is.
CHUNK, PIECE, LATE_S = 64 * 1024, 200, 0.05


class Wire:
    """An asynchronous context manager: `port` is known once it is entered; `target`, a port, is set before use."""

    def __init__(self) -> None:
        self.port = self.target = 0
        self.slow = False
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self) -> int:
        """Has what other processes connected hear nothing more, as when a firewall forgets; returns how many."""
        ours = {one.laddr.port for one in psutil.Process().net_connections("tcp")}
        theirs = [link for link in self._links if link.client.get_extra_info("peername")[1] not in ours]
        for link in theirs:
            link.silent = True
        return len(theirs)

    def reset(self) -> int:
        """Resets all that is connected now; returns how many that were."""
        links = tuple(self._links)
        for link in links:
            link.reset()
        return len(links)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        link = Link(self, writer)
        try:
            with contextlib.suppress(
                OSError, asyncio.CancelledError
            ):  # the broker is away, or one end; or the wire ends
                await link.carry(reader)
        finally:
            self._links.discard(link)
            link.close()

    def joined(self, link: Link) -> None:
        """A connection was made."""
        self._links.add(link)


class Link:
    """One connection through the wire."""

    def __init__(self, wire: Wire, client: asyncio.StreamWriter) -> None:
        self.wire, self.client, self.silent = wire, client, False
        self.broker: asyncio.StreamWriter | None = None

    async def carry(self, reader: asyncio.StreamReader) -> None:
        """Carries both ways until one end closes; a silent link until the wire ends."""
        answers, self.broker = await asyncio.open_connection("127.0.0.1", self.wire.target)
        self.wire.joined(self)
        both = [
            asyncio.ensure_future(self._pump(reader, self.broker)),
            asyncio.ensure_future(self._pump(answers, self.client)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            if self.wire.slow:
                await asyncio.sleep(LATE_S)
            if self.silent:
                break
            for start in range(0, len(data), PIECE if self.wire.slow else CHUNK):
                writer.write(data[start : start + (PIECE if self.wire.slow else CHUNK)])
                await writer.drain()
        if self.silent:
            await asyncio.Event().wait()

    def reset(self) -> None:
        """Ends both sides with RST instead of FIN (SO_LINGER of 0 s)."""
        for writer in (self.client, self.broker):
            if writer is not None:
                at_once = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                writer.transport.abort()

    def close(self) -> None:
        """Closes both sides."""
        for writer in (self.client, self.broker):
            if writer is not None:
                writer.close()
