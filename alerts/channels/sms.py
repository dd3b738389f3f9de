"""SMS by any SMSC that speaks SMPP 3.4: parts are submitted in order, receipts and replies are handed in.

    message ──> parts ──> session ──> submit_sm ... ──> ids ──> Delivered("id id")
    SMSC ──> deliver_sm ──> receipt, reply ──> inbox (safe in Kafka) ──> deliver_sm_resp, answer to a keyword

One session is kept bound while the process lives, so that receipts and replies come in when nothing is sent; when it
ends it is bound again, with backoff. Invariant: a message of which nothing was taken can be tried again; one of which a
part may have been taken is `Ambiguous`.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from datetime import UTC, datetime
from hashlib import blake2b

import smpp34

from forewarn.alerts.channels.protocol import Ambiguous, Answer, Delivered, Inbox, Message, Rejected, Retry
from forewarn.alerts.channels.smpp_session import NotSent, Session, Smsc, Status, Submitted, Unanswered
from forewarn.alerts.channels.sms_inbound import SmsReceipt, SmsReply, parse
from forewarn.alerts.keywords import keyword
from forewarn.alerts.phone import digest, digits
from forewarn.alerts.sms_text import Parts, header, parts
from forewarn.topics.events.messages import Returned, Said

logger = logging.getLogger("forewarn.sms")

#: Longer texts are not sent: they are a mistake in a template, or an attack on the bill.
MOST_PARTS = 10
#: How long a message waits for a session, seconds.
BOUND_WITHIN_S = 2.0
#: Pause after the SMSC asked for less, seconds, doubling; and how often the rest of a half-sent message is tried.
HOLD_S, HOLD_LONGEST_S, TRIES = 0.25, 8.0, 4
#: Answers that another attempt may change.
BUSY = frozenset({Status.THROTTLED, Status.QUEUE_FULL})
TEMPORARY = frozenset({Status.SYSTEM_ERROR, Status.SUBMIT_FAILED, Status.TEMPORARY})
#: esm_class: user data header; registered_delivery: a receipt of the final state (SMPP 3.4 §5.2.12, §5.2.17).
UDHI, RECEIPT = 0x40, 0x01


class SmsChannel:
    """Hands notifications to an SMSC. Raises ValueError when the sender's address cannot be one."""

    name = "sms"

    def __init__(self, smsc: Smsc) -> None:
        self.smsc = smsc
        self.source = address(smsc.source)
        self._inbox: Inbox | None = None
        self._session: Session | None = None
        self._bound = asyncio.Event()
        self._trouble = "not bound"
        self._keeper: asyncio.Task[None] | None = None
        self._hold = 0.0
        self._held_until = 0.0

    def listen(self, inbox: Inbox) -> None:
        """Keeps a session bound from now on, and hands in what it brings."""
        self._inbox = inbox
        self._keep()

    async def send(self, message: Message) -> Answer:
        """Submits all parts of one message within the time-out."""
        number = digits(message.to)
        if number is None:
            return Rejected("bad_number", bad_contact=True)
        cut = parts(message.text)
        if cut.count > MOST_PARTS:
            return Rejected("too_long")
        self._keep()
        return await self._submit_all(message, number, cut)

    async def _submit_all(self, message: Message, number: str, cut: Parts) -> Answer:
        taken: list[str] = []
        tries, deadline = 0, time.monotonic() + self.smsc.timeout_s
        while len(taken) < cut.count:
            try:
                session = await self._ready(deadline)
                within_s = max(0.0, deadline - time.monotonic())
                done = await session.submit(self._pdu(message, number, cut, len(taken)), within_s)
            except NotSent as error:
                return self._stopped(taken, cut, Retry(str(error), provider=True))
            except Unanswered as error:
                return Ambiguous(f"reply: {error}")
            self._pace(done)
            if done.status == Status.OK:
                taken.append(done.message_id)
                continue
            answer = refused(done.status)
            tries += 1
            if not taken or isinstance(answer, Rejected) or tries >= TRIES:
                return self._stopped(taken, cut, answer)
        return Delivered(" ".join(taken) or None)

    def _stopped(self, taken: list[str], cut: Parts, answer: Retry | Rejected) -> Answer:
        """The answer when not all parts were taken: what was partly taken is not simply tried again."""
        if not taken or isinstance(answer, Rejected):
            return answer
        return Ambiguous(f"part {len(taken) + 1} of {cut.count}: {answer.reason}")

    def _pace(self, done: Submitted) -> None:
        """An SMSC that is asked for too much is given a rest, longer each time."""
        if done.status in BUSY:
            self._hold = min(HOLD_LONGEST_S, max(HOLD_S, self._hold * 2))
            self._held_until = time.monotonic() + self._hold
        elif done.status == Status.OK:
            self._hold = 0.0

    def _pdu(self, message: Message, number: str, cut: Parts, index: int) -> smpp34.SubmitSm:
        several = cut.count > 1
        reference = blake2b(message.notification_id.encode(), digest_size=1).digest()[0]
        udh = header(reference, cut.count, index + 1) if several else b""
        return self._submit_sm(
            number, udh + cut.data[index], cut.coding, UDHI if several else 0, validity(message.valid_until), RECEIPT
        )

    def _submit_sm(
        self, number: str, data: bytes, coding: int, esm_class: int, validity_period: str, receipt: int
    ) -> smpp34.SubmitSm:
        source, ton, npi = self.source
        return smpp34.SubmitSm(
            source,
            number,
            data,
            source_addr_ton=ton,
            source_addr_npi=npi,
            dest_addr_ton=1,
            dest_addr_npi=1,
            esm_class=esm_class,
            validity_period=validity_period,
            registered_delivery=receipt,
            data_coding=coding,
        )

    # -- what comes in ------------------------------------------------------------------------------------------------

    async def _take(self, pdu: smpp34.DeliverSm) -> int:
        """Hands a receipt or reply in; the status for the SMSC, which brings again what is not safe."""
        found = parse(pdu)
        if found is None:
            return Status.OK
        if self._inbox is None:
            return Status.TEMPORARY
        try:
            await self._inbox(digest(found.number), inbound(found, round(time.time() * 1000)))
        except Exception:
            logger.exception("sms.inbound_not_kept")  # it is not safe, and the SMSC will bring it again
            return Status.TEMPORARY
        wish = keyword(found.text) if isinstance(found, SmsReply) else None
        if wish is not None and (session := self._session) is not None:
            self._answering = asyncio.ensure_future(self._answer(session, found.number, wish.answer))
        return Status.OK

    async def _answer(self, session: Session, number: str, text: str) -> None:
        """The answer to a keyword: at once, once, and without a receipt; who asks again is answered again."""
        cut = parts(text)
        for index, data in enumerate(cut.data):
            udh = header(len(number), cut.count, index + 1) if cut.count > 1 else b""
            pdu = self._submit_sm(number, udh + data, cut.coding, UDHI if udh else 0, "", 0)
            try:
                await session.submit(pdu, self.smsc.timeout_s)
            except (NotSent, Unanswered):
                return

    # -- the session --------------------------------------------------------------------------------------------------

    async def _ready(self, deadline: float) -> Session:
        """A session that may be asked; the SMSC's rest is waited for. Raises NotSent."""
        rest, left = self._held_until - time.monotonic(), deadline - time.monotonic()
        if rest > left:
            raise NotSent("throttled")
        if rest > 0:
            await asyncio.sleep(rest)
        try:
            async with asyncio.timeout(min(BOUND_WITHIN_S, max(0.0, left))):
                await self._bound.wait()
        except TimeoutError:
            raise NotSent(self._trouble) from None
        if self._session is None:
            raise NotSent(self._trouble)
        return self._session

    def _keep(self) -> None:
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep_bound(), name="smpp session")

    async def _keep_bound(self) -> None:
        pause = self.smsc.backoff_s
        while True:
            try:
                self._session = await Session.bind(self.smsc, self._take)
            except (OSError, NotSent) as error:
                self._trouble = trouble(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self.smsc.backoff_longest_s)
                continue
            pause = self.smsc.backoff_s
            self._bound.set()
            try:
                await self._session.closed.wait()
            finally:
                self._bound.clear()
                self._trouble = "disconnected"
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Unbinds."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        session, self._session = self._session, None
        if session is not None:
            await session.unbind()


def inbound(found: SmsReceipt | SmsReply, now: int) -> Returned | Said:
    """The event of a receipt or reply that came at `now` (epoch ms)."""
    if isinstance(found, SmsReceipt):
        return Returned(found.message_id, now, found.status, found.error)
    name = blake2b(f"{found.number}/{now}/{found.text}".encode(), digest_size=12).hexdigest()
    return Said(name, now, "sms", found.text)


def refused(status: int) -> Retry | Rejected:
    """What a refusal of submit_sm means."""
    if status in BUSY:
        return Retry("throttled" if status == Status.THROTTLED else "queue full", provider=True)
    if status in TEMPORARY:
        return Retry(f"0x{status:08x}", provider=status == Status.SYSTEM_ERROR)
    return Rejected(f"0x{status:08x}", bad_contact=status == Status.INVALID_DESTINATION)


def address(source: str) -> tuple[str, int, int]:
    """A sender's address with type of number and numbering plan (SMPP 3.4 §5.2.5). Raises ValueError for none."""
    plain = source.lstrip("+")
    if plain.isascii() and plain.isdecimal() and 3 <= len(plain) <= 15:
        return (plain, 1, 1) if len(plain) > 8 else (plain, 3, 0)  # a short code is the network's own
    if 1 <= len(source) <= 11 and source.isascii() and source.isprintable():
        return source, 5, 0
    raise ValueError(f"{source!r} is no sender: digits, or up to 11 letters")


def validity(until: int) -> str:
    """An instant (epoch ms) as SMPP writes it: YYMMDDhhmmss, tenths, and the offset in quarter hours (§7.1.1)."""
    return datetime.fromtimestamp(until / 1000, UTC).strftime("%y%m%d%H%M%S000+")


def trouble(error: OSError | NotSent) -> str:
    """A short name for what went wrong, without the SMSC's words."""
    if isinstance(error, NotSent):
        return str(error)
    if isinstance(error, ssl.SSLError):
        return "bind: tls"
    return "bind: timeout" if isinstance(error, TimeoutError) else "bind: unreachable"
