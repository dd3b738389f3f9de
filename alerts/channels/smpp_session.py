"""One SMPP 3.4 session: a bound transceiver over one TCP connection. PDUs are encoded and decoded by `smpp34`.

    bind_transceiver ──> submit_sm ... submit_sm_resp      at most `window` unanswered
                     <── deliver_sm: answered only when what it says is safe
                     ──> enquire_link, when nothing was heard for a while

Invariant: `NotSent` means that the SMSC certainly did not get the message; `Unanswered` that nobody knows. A session
that ends takes the answers of all it had under way with it. The session is ours and not smpp34's, which answers
deliver_sm by itself and calls both of these one error (docs/decisions/0005-smpp-session.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Coroutine
from enum import IntEnum
from pathlib import Path
from typing import Any

import smpp34
from msgspec import Struct

#: Length, command id, status, sequence number (SMPP 3.4 §3.2).
HEAD = struct.Struct(">IIII")
RESPONSE = 0x8000_0000
LONGEST_PDU = 65_536
#: deliver_sm PDUs that are dealt with at a time; more wait in the connection.
INBOUND = 64
#: Longest that bind and enquire_link may take, seconds.
ANSWER_S = 10.0


class Command(IntEnum):
    """Command ids (SMPP 3.4 §5.1.2.1)."""

    GENERIC_NACK = RESPONSE
    SUBMIT_SM = 4
    DELIVER_SM = 5
    UNBIND = 6
    BIND_TRANSCEIVER = 9
    ENQUIRE_LINK = 0x15
    ALERT_NOTIFICATION = 0x102


class Status(IntEnum):
    """Command statuses that mean something here (SMPP 3.4 §5.1.3)."""

    OK = 0x00
    INVALID_COMMAND = 0x03
    SYSTEM_ERROR = 0x08
    INVALID_DESTINATION = 0x0B
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    TEMPORARY = 0x64


class NotSent(Exception):
    """There is no session, or it ended before anything was written."""


class Unanswered(Exception):
    """The message was written and no answer came."""


class Smsc(Struct, frozen=True):
    """An SMSC and how to bind to it. Durations in seconds.

    The password is read from its file at each bind. `source`: what customers see as sender, a number or up to 11
    letters. `window`: unanswered messages at a time. `timeout_s` bounds one message, and each answer.
    """

    host: str
    port: int
    system_id: str
    password_file: Path | None
    source: str
    tls: bool = False
    ca_file: Path | None = None
    window: int = 64
    timeout_s: float = 30.0
    enquire_s: float = 30.0
    backoff_s: float = 0.5
    backoff_longest_s: float = 30.0


class Submitted(Struct, frozen=True):
    """The SMSC's answer: its status, and the id it gave the message."""

    status: int
    message_id: str


#: Takes an inbound message; the status to answer with.
Inbound = Callable[[smpp34.DeliverSm], Awaitable[int]]


class Session:
    """A bound session; made by `bind`."""

    def __init__(self, smsc: Smsc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, inbound: Inbound):
        self.smsc = smsc
        self.closed = asyncio.Event()
        self._reader, self._writer, self._inbound = reader, writer, inbound
        self._sequence = 0
        self._pending: dict[int, asyncio.Future[tuple[int, bytes]]] = {}
        self._window = asyncio.Semaphore(smsc.window)
        self._handling = asyncio.Semaphore(INBOUND)
        self._heard_at = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def bind(cls, smsc: Smsc, inbound: Inbound) -> Session:
        """Connects and binds. Raises OSError (TimeoutError, ssl.SSLError), and NotSent when the SMSC refuses."""
        context = ssl.create_default_context(cafile=smsc.ca_file) if smsc.tls else None
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(smsc.host, smsc.port, ssl=context)
            session = cls(smsc, reader, writer, inbound)
            try:
                password = smsc.password_file.read_text().rstrip("\r\n") if smsc.password_file else ""
                texts = (smsc.system_id, password, "")
                body = b"".join(text.encode("latin-1", "replace") + b"\0" for text in texts)
                session._spawn(session._read())
                status, _ = await session._ask(Command.BIND_TRANSCEIVER, body + b"\x34\0\0\0", ANSWER_S)
                if status != Status.OK:
                    raise NotSent(f"bind: 0x{status:08x}")
            except Unanswered as error:
                session.close()
                raise NotSent(f"bind: {error}") from None
            except BaseException:
                session.close()
                raise
        session._spawn(session._enquire())
        return session

    async def submit(self, message: smpp34.SubmitSm, within_s: float) -> Submitted:
        """Submits one part; `within_s` bounds the wait for a place in the window, and then for the answer.

        Raises NotSent and Unanswered.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._window.acquire()
        except TimeoutError:
            raise NotSent("window: timeout") from None
        try:
            if self.closed.is_set():
                raise NotSent("disconnected")
            status, answer = await self._ask(Command.SUBMIT_SM, message.encode()[HEAD.size :], within_s)
        finally:
            self._window.release()
        return Submitted(status, answer.partition(b"\0")[0].decode("latin-1"))

    async def _ask(self, command: Command, body: bytes, within_s: float) -> tuple[int, bytes]:
        """Sends a request and waits for its response: status and body. Raises NotSent and Unanswered."""
        self._sequence = self._sequence % 0x7FFF_FFFF + 1
        number = self._sequence
        self._write(command, 0, number, body)
        answer: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError:
            raise Unanswered("timeout") from None
        finally:
            self._pending.pop(number, None)

    def _write(self, command: int, status: int, number: int, body: bytes = b"") -> None:
        """Raises NotSent when the connection is lost and `_read` has not heard of it yet: uvloop would raise, too."""
        if self._writer.is_closing():
            self.close()
            raise NotSent("disconnected")
        self._writer.write(HEAD.pack(HEAD.size + len(body), command, status, number) + body)

    # -- what comes in ------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            while True:
                head = await self._reader.readexactly(HEAD.size)
                length, command, status, number = HEAD.unpack(head)
                if not HEAD.size <= length <= LONGEST_PDU:
                    break  # this is no SMPP: nothing that follows can be told apart
                body = await self._reader.readexactly(length - HEAD.size)
                self._heard_at = time.monotonic()
                if command & RESPONSE:
                    self._answered(number, status, body)
                elif not await self._asked(command, number, head + body):
                    break
        except (OSError, asyncio.IncompleteReadError, NotSent):
            pass  # the connection is gone, which `close` tells everybody who waits
        finally:
            self.close()

    def _answered(self, number: int, status: int, body: bytes) -> None:
        answer = self._pending.pop(number, None)
        if answer is not None and not answer.done():
            answer.set_result((status, body))

    async def _asked(self, command: int, number: int, pdu: bytes) -> bool:
        """Answers a request of the SMSC; False: it unbinds."""
        if command == Command.DELIVER_SM:
            await self._handling.acquire()
            self._spawn(self._deliver(number, pdu))
        elif command == Command.ENQUIRE_LINK:
            self._write(command | RESPONSE, 0, number)
        elif command == Command.UNBIND:
            self._write(command | RESPONSE, 0, number)
            return False
        elif command != Command.ALERT_NOTIFICATION:
            self._write(Command.GENERIC_NACK, Status.INVALID_COMMAND, number)
        return True

    async def _deliver(self, number: int, pdu: bytes) -> None:
        try:
            decoded = smpp34.decode(pdu)
            status = await self._inbound(decoded) if isinstance(decoded, smpp34.DeliverSm) else Status.SYSTEM_ERROR
        except smpp34.SmppError:
            status = Status.SYSTEM_ERROR
        finally:
            self._handling.release()
        with contextlib.suppress(NotSent):  # then the SMSC brings it again
            if not self.closed.is_set():
                self._write(Command.DELIVER_SM | RESPONSE, status, number, b"\0")

    # -- life ---------------------------------------------------------------------------------------------------------

    async def _enquire(self) -> None:
        """Ends a session over which nothing is heard any more."""
        while not self.closed.is_set():
            await asyncio.sleep(self.smsc.enquire_s)
            if time.monotonic() - self._heard_at < self.smsc.enquire_s:
                continue
            try:
                await self._ask(Command.ENQUIRE_LINK, b"", ANSWER_S)
            except (NotSent, Unanswered):
                self.close()

    async def unbind(self) -> None:
        """Says goodbye and ends."""
        with contextlib.suppress(NotSent, Unanswered):
            if not self.closed.is_set():
                await self._ask(Command.UNBIND, b"", 1.0)
        self.close()

    def close(self) -> None:
        """Ends the session; whoever waits for an answer gets `Unanswered`."""
        if self.closed.is_set():
            return
        self.closed.set()
        self._writer.close()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(Unanswered("disconnected"))
        for task in tuple(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.close()
            raise error  # a bug: the loop's handler tells of it
