"""A pool of SMTP connections to one relay: opened when needed, kept while they answer, never shared by two senders.

Invariant: a connection goes back to the pool only after a whole transaction; whatever else happens closes it, so that
no reply is ever read as the answer to another command. At most `relay.connections` are open at once.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from aiosmtplib import SMTP, SMTPException
from msgspec import Struct


class Relay(Struct, frozen=True):
    """An SMTP relay and how to speak to it. Durations in seconds.

    `ca_file` replaces the system's certificate authorities. The password is read from its file at each login, so it can
    be changed while running. `timeout_s` bounds one message from the wait for a connection to the relay's last reply.
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    connections: int = 8
    timeout_s: float = 30.0
    check_after_s: float = 5.0
    close_after_s: float = 60.0
    messages_a_connection: int = 500

    def problems(self) -> list[str]:
        """What is wrong with these settings, in words for whoever wrote them."""
        found = []
        if (self.user is None) != (self.password_file is None):
            found.append("SMTP_USER and SMTP_PASSWORD_FILE go together: set both or neither")
        if self.user is not None and self.tls == "none" and not _is_loopback(self.host):
            found.append("SMTP_USER needs SMTP_TLS=starttls or tls: a password is not sent in clear text")
        if self.password_file is not None and not self.password_file.is_file():
            found.append(f"SMTP_PASSWORD_FILE {self.password_file} does not exist")
        if self.ca_file is not None and not self.ca_file.is_file():
            found.append(f"the CA file {self.ca_file} does not exist")
        return found


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


class Connection:
    """One open connection and what is known of it. Times are of the monotonic clock."""

    __slots__ = ("messages", "smtp", "used_at")

    def __init__(self, smtp: SMTP) -> None:
        self.smtp = smtp
        self.messages = 0
        self.used_at = time.monotonic()


class SmtpPool:
    """Connections to one relay."""

    def __init__(self, relay: Relay) -> None:
        if problems := relay.problems():
            raise ValueError("; ".join(problems))
        self.relay = relay
        self.opened = 0
        self._context = ssl.create_default_context(cafile=relay.ca_file) if relay.tls != "none" else None
        self.places = asyncio.Semaphore(relay.connections)
        self._idle: list[Connection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[SMTP]:
        """A connection for one transaction, for who holds one of `places`. Raises SMTPException, OSError."""
        connection = await self._take()
        try:
            yield connection.smtp
        except BaseException:
            connection.smtp.close()
            raise
        self._give_back(connection)

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()  # the one used last: the others age, and are closed
            if await self._usable(connection):
                return connection
            connection.smtp.close()
        return await self._open()

    async def _usable(self, connection: Connection) -> bool:
        idle = time.monotonic() - connection.used_at
        if not connection.smtp.is_connected or idle > self.relay.close_after_s:
            return False
        if idle < self.relay.check_after_s:
            return True
        try:
            return (await connection.smtp.noop()).code == 250
        except (SMTPException, OSError):
            return False  # a relay closes idle connections as it likes; a new one is opened

    async def _open(self) -> Connection:
        relay = self.relay
        smtp = SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",
            tls_context=self._context,
            username=relay.user,
            password=await asyncio.to_thread(_read, relay.password_file) if relay.password_file else None,
            local_hostname=_own_name(),
            timeout=relay.timeout_s,
        )
        await smtp.connect()
        try:
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
        self.opened += 1
        return Connection(smtp)

    def _give_back(self, connection: Connection) -> None:
        connection.messages += 1
        connection.used_at = time.monotonic()
        if connection.smtp.is_connected and connection.messages < self.relay.messages_a_connection:
            self._idle.append(connection)
        else:
            connection.smtp.close()

    async def close(self) -> None:
        """Says goodbye on every idle connection."""
        idle, self._idle = self._idle, []
        for connection in idle:
            try:
                async with asyncio.timeout(1):
                    await connection.smtp.quit()
            except (SMTPException, OSError, TimeoutError):
                connection.smtp.close()  # nothing is lost: no transaction was open


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").rstrip("\r\n")


def _own_name() -> str:
    """The name given in EHLO: the host's, when it is one, else the loopback literal (RFC 5321 §4.1.4)."""
    name = socket.gethostname()
    return name if name.isascii() and name.replace("-", "").replace(".", "").isalnum() else "[127.0.0.1]"
