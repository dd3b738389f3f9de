"""E-mail by any SMTP relay: one transaction a notification, answered in the channel protocol's words.

    letter ──> connection from the pool ──> MAIL ─> RCPT ─> DATA ─> body and final dot ─> reply
                                             certainly not taken so far │ not known until the reply │

Invariant: once the body is on its way, only the relay's reply tells whether it was taken; without one the answer is
`Ambiguous`. Replies by RFC 5321 (4xx temporary, 5xx permanent); what is wrong between us and the relay (connection,
TLS, login) is the provider's trouble and never rejects a message.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from forewarn.alerts.channels.letter import Letter, parse_sender, write_letter
from forewarn.alerts.channels.protocol import Ambiguous, Answer, Delivered, Message, Rejected, Retry
from forewarn.alerts.channels.smtp_pool import Relay, SmtpPool
from forewarn.stream.engine import crash

STUFFING = re.compile(rb"(?m)^\.")
ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")
QUEUED = re.compile(r"queued as ([A-Za-z0-9._-]{1,64})", re.IGNORECASE)

#: Replies to MAIL that are about us and not about the message: login required or refused, encryption required.
OURS = (530, 534, 535, 538)


class Handover:
    """How far one message has come; `step` names what is being waited for."""

    __slots__ = ("step",)

    def __init__(self) -> None:
        self.step = "queue"


class EmailChannel:
    """Hands notifications to an SMTP relay. `mail_from` is `Name <address>`; its domain is the Message-ID's.

    `unsubscribe` gives a notification its one-click link (RFC 8058), or None for notices that have none. Raises
    ValueError when the relay's settings or the sender cannot be used.
    """

    name = "email"

    def __init__(
        self, relay: Relay, mail_from: str, unsubscribe: Callable[[Message], str | None] = lambda message: None
    ) -> None:
        self.sender = parse_sender(mail_from)
        self.unsubscribe = unsubscribe
        self.pool = SmtpPool(relay)

    async def send(self, message: Message) -> Answer:
        """Hands one message over within the relay's time-out."""
        letter = write_letter(message, self.sender, self.unsubscribe(message))
        if isinstance(letter, Rejected):
            return letter
        handover = Handover()
        try:
            async with asyncio.timeout(self.pool.relay.timeout_s), self.pool.places:
                try:
                    return await self._on_connection(letter, handover)
                except SMTPServerDisconnected:
                    if handover.step != "mail":
                        raise
                    return await self._on_connection(letter, handover)  # a kept connection that the relay had closed
        except (SMTPException, OSError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            return lost(handover, error)

    async def _on_connection(self, letter: Letter, handover: Handover) -> Answer:
        handover.step = "connect"
        async with self.pool.connection() as smtp:
            return await self._transact(smtp, letter, handover)

    async def _transact(self, smtp: SMTP, letter: Letter, handover: Handover) -> Answer:
        handover.step = "mail"
        options: tuple[bytes, ...] = ()
        if letter.recipient.utf8:
            if not smtp.supports_extension("smtputf8"):
                return Rejected("smtputf8_unsupported")
            options = (b"SMTPUTF8", b"BODY=8BITMIME")
        sender = f"{self.sender.username}@{self.sender.domain}".encode()
        commands = {
            "mail": (b"MAIL", b"FROM:<%s>" % sender, *options),
            "rcpt": (b"RCPT", b"TO:<%s>" % str(letter.recipient).encode()),
            "data": (b"DATA",),
        }
        for handover.step, command in commands.items():
            reply = await smtp.execute_command(*command)
            if reply.code not in (250, 251, 354):
                await self._abandon(smtp)
                return refused(handover.step, reply)
        return await self._hand_over(smtp, letter, handover)

    async def _hand_over(self, smtp: SMTP, letter: Letter, handover: Handover) -> Answer:
        protocol = smtp.protocol
        if protocol is None:
            raise SMTPServerDisconnected("the connection was lost after DATA")
        crash.point("deliver.data")
        handover.step = "body"
        data = STUFFING.sub(b"..", letter.data)
        protocol.write(data if data.endswith(b"\r\n") else data + b"\r\n")
        protocol.write(b".\r\n")
        reply = await protocol.read_response()
        crash.point("deliver.250")
        if reply.code // 100 != 2:
            return refused("body", reply)
        queued = QUEUED.search(reply.message)
        return Delivered(queued.group(1) if queued else None)

    async def _abandon(self, smtp: SMTP) -> None:
        """Ends a refused transaction, so that the connection can serve the next one."""
        try:
            if smtp.is_connected:
                await smtp.rset()
        except SMTPException:
            smtp.close()

    async def close(self) -> None:
        """Closes the idle connections."""
        await self.pool.close()


def refused(step: str, reply: SMTPResponse) -> Answer:
    """What a negative reply means. The reason holds codes only: a relay's text may quote the address."""
    enhanced = ENHANCED.match(reply.message)
    reason = f"{step}: {reply.code}{' ' + enhanced.group(1) if enhanced else ''}"
    if reply.code == 421 or (step == "mail" and reply.code in OURS):
        return Retry(reason, provider=True)
    if 500 <= reply.code <= 599:
        return Rejected(reason, bad_contact=step == "rcpt" and _no_mailbox(reply.code, enhanced))
    return Retry(reason, provider=step == "mail")


def _no_mailbox(code: int, enhanced: re.Match[str] | None) -> bool:
    """Whether a refused RCPT means the mailbox and not the message: 5.1.x, or 5.2.1 disabled (RFC 3463)."""
    if enhanced is not None:
        return enhanced.group(1).startswith("5.1.") or enhanced.group(1) == "5.2.1"
    return code in (550, 551, 553)


def lost(handover: Handover, error: SMTPException | OSError) -> Answer:
    """What it means that no reply came: ambiguous once the body was on its way, else to be tried again."""
    reason = f"{handover.step}: {trouble(error)}"
    if handover.step == "body":
        return Ambiguous(reason)
    return Retry(reason, provider=handover.step != "queue")


def trouble(error: SMTPException | OSError) -> str:
    """A short name for what went wrong, without the relay's own words."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, SMTPAuthenticationError):
        return f"login {error.code}"
    if isinstance(error, SMTPResponseException):
        return str(error.code)
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, SMTPNotSupported):
        return "not supported"
    return "disconnected" if isinstance(error, SMTPServerDisconnected) else "unreachable"
