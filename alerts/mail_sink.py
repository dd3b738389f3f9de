"""A local SMTP server that takes mail and delivers none: the demo's mail server, and the tests' relay.

Invariant: a message is in the ledger, and on the disk, before its 250 is sent; so what a sender was told is taken can
be counted after any crash. `Fault`s make it misbehave as real relays do.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections import Counter
from datetime import UTC, datetime
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax
from msgspec import Struct

Verb = Literal["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"]


class Taken(Struct, frozen=True):
    """One message taken: one line of the ledger."""

    time: str
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str
    size: int


class Fault(Struct, frozen=True):
    """Misbehaviour at a verb (`BODY` is the final dot), `times` over, None = for ever.

    First `delay_s` passes. Then `code` is answered, or, with `drop`, the connection is cut without an answer; `taken`
    says whether a message at `BODY` is written down before all that. With neither it is merely slow.
    """

    verb: Verb
    code: int = 0
    drop: bool = False
    taken: bool = False
    delay_s: float = 0.0
    times: int | None = None

    @property
    def reply(self) -> str:
        """The negative reply; like many relays' it quotes an address."""
        return f"{self.code} {self.code // 100}.7.1 <someone@example.com> refused at {self.verb}"


class MailSink:
    """The server; an asynchronous context manager. `port` is known once it is entered.

    `ledger` is a file that JSON lines are appended to; without one messages are counted in memory alone. `tls` with
    `starttls` offers STARTTLS, without it speaks TLS from the start. `login` (user, password) is demanded if given.
    `keep` keeps the bytes of messages too.
    """

    def __init__(
        self,
        ledger: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        starttls: bool = False,
        login: tuple[str, str] | None = None,
        keep: bool = False,
        utf8: bool = True,
    ) -> None:
        self.ledger = ledger
        self.host, self.port = host, port
        self.tls, self.starttls = tls, starttls
        self.login = login
        self.keep = keep
        self.utf8 = utf8
        self.taken: list[Taken] = []
        self.contents: list[bytes] = []
        self.connections = 0
        self.transports: set[asyncio.BaseTransport] = set()
        self._faults: list[list[Any]] = []
        self._server: asyncio.Server | None = None
        self._file: IO[bytes] | None = None
        self._writing = threading.Lock()

    # -- what it has seen -------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Messages taken."""
        return len(self.taken)

    def by_subject(self) -> Counter[str]:
        """Messages taken, by subject."""
        return Counter(entry.subject for entry in self.taken)

    # -- how it behaves ---------------------------------------------------------------------------------------------

    def misbehave(self, fault: Fault) -> None:
        """Adds a fault; the first one that fits a verb acts."""
        self._faults.append([fault, fault.times])

    def behave(self) -> None:
        """Forgets all faults."""
        self._faults.clear()

    def fault(self, verb: Verb) -> Fault | None:
        """The fault due at a verb, counted down."""
        for entry in self._faults:
            if entry[0].verb == verb and entry[1] != 0:
                entry[1] = None if entry[1] is None else entry[1] - 1
                return entry[0]  # type: ignore[no-any-return] # [Fault, int | None]
        return None

    # -- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._file = await asyncio.to_thread(self.ledger.open, "ab") if self.ledger else None
        direct = self.tls if self.tls and not self.starttls else None
        self._server = await loop.create_server(self._protocol, self.host, self.port, ssl=direct)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for transport in tuple(self.transports):
            transport.close()
        if self._file is not None:
            await asyncio.to_thread(self._file.close)

    def _protocol(self) -> SMTP:
        return _Session(
            self,
            enable_SMTPUTF8=self.utf8,
            hostname="mail-sink",
            tls_context=self.tls if self.starttls else None,
            auth_required=self.login is not None,
            auth_require_tls=self.starttls,
            authenticator=self._authenticate if self.login else None,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert self.login is not None
        wanted = LoginPassword(self.login[0].encode(), self.login[1].encode())
        return AuthResult(success=data == wanted, handled=False)

    async def write(self, envelope: Envelope) -> None:
        """Puts a message into the ledger, on the disk."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = BytesHeaderParser(policy=policy.default).parsebytes(content.partition(b"\r\n\r\n")[0])
        entry = Taken(
            time=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            sender=envelope.mail_from or "",
            recipients=tuple(str(recipient) for recipient in envelope.rcpt_tos),
            message_id=str(message["Message-ID"] or "").strip(),
            subject=str(message["Subject"] or ""),
            size=len(content),
        )
        if self._file is not None:
            await asyncio.to_thread(self._append, self._file, msgspec.json.encode(entry) + b"\n")
        self.taken.append(entry)
        if self.keep:
            self.contents.append(content)

    def _append(self, file: IO[bytes], line: bytes) -> None:
        with self._writing:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


class _Session(SMTP):
    """aiosmtpd's session with our ledger and our faults."""

    def __init__(self, sink: MailSink, **options: Any) -> None:
        self._sink = sink
        super().__init__(_Handler(), **options)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.connections += 1
        self._sink.transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.transports = {kept for kept in self._sink.transports if not kept.is_closing()}
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        fault = self._sink.fault("CONNECT")
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if fault.code:
                await self.push(fault.reply)
            if fault.code or fault.drop:
                self._cut()
                return
        await super()._handle_client()

    async def _refuse(self, verb: Verb) -> bool:
        """Acts out the fault due at a verb; True when the verb has been dealt with."""
        fault = self._sink.fault(verb)
        if fault is None:
            return False
        await asyncio.sleep(fault.delay_s)
        if fault.drop:
            self._cut()
        elif fault.code:
            await self.push(fault.reply)
        return fault.drop or bool(fault.code)

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def take(self, envelope: Envelope) -> str:
        """The reply to the final dot."""
        fault = self._sink.fault("BODY")
        if fault is not None and fault.taken:
            await self._sink.write(envelope)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
        if fault is None or not (fault.taken or fault.drop or fault.code):
            await self._sink.write(envelope)
        if fault is not None and fault.drop:
            self._cut()
        if fault is not None and fault.code:
            return fault.reply
        return f"250 2.0.0 Ok: queued as {self._sink.count:08X}"

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 # aiosmtpd's name
        if not await self._refuse("EHLO"):
            await super().smtp_EHLO(hostname)

    @syntax("MAIL FROM: <address>")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 # aiosmtpd's name
        if not await self._refuse("MAIL"):
            await super().smtp_MAIL(arg)

    @syntax("RCPT TO: <address>")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 # aiosmtpd's name
        if not await self._refuse("RCPT"):
            await super().smtp_RCPT(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 # aiosmtpd's name
        if not await self._refuse("DATA"):
            await super().smtp_DATA(arg)


class _Handler:
    """What aiosmtpd calls with a whole message."""

    async def handle_DATA(self, server: _Session, session: Session, envelope: Envelope) -> str:  # noqa: N802 # aiosmtpd's name
        return await server.take(envelope)
