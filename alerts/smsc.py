"""A local SMSC that takes texts and delivers none: the tests' and the compose file's SMS centre, over real PDUs.

    python -m forewarn.alerts.smsc --port 2775        every text on a line of its own, a receipt two seconds later

It speaks SMPP 3.4 to any number of transceivers, joins the parts of long texts by their headers, sends receipts in the
text form of appendix B with TLVs, and brings customers' replies. Receipts and replies that are not taken are brought
again. `Fault`s make it misbehave as real ones do.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import smpp34
from msgspec import Struct

from forewarn.alerts.channels.smpp_session import HEAD, RESPONSE, Command, Status
from forewarn.alerts.channels.sms_inbound import MESSAGE_STATE, NETWORK_ERROR_CODE, RECEIPTED_MESSAGE_ID
from forewarn.alerts.sms_text import decode

#: Seconds until a receipt or reply that was not taken is brought again.
AGAIN_S = 0.2
STATES = {"DELIVRD": 2, "EXPIRED": 3, "UNDELIV": 5, "REJECTD": 8}


class Taken(Struct, frozen=True):
    """One part taken."""

    message_id: str
    source: str
    number: str
    text: str
    parts: int
    part: int
    reference: int
    coding: int
    validity: str
    receipt: bool


class Fault(Struct):
    """Misbehaviour at submit_sm, `times` over (None = for ever), after the first `skip`.

    `status` is answered; with `silent` nothing is, `taken` saying whether the part was; with `drop` the connection is
    cut instead of an answer.
    """

    status: int = 0
    silent: bool = False
    drop: bool = False
    taken: bool = False
    times: int | None = None
    skip: int = 0


class Bound:
    """One session of a client."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.sequence = itertools.count(1)
        self.pending: dict[int, asyncio.Future[int]] = {}

    def write(self, command: int, status: int, number: int, body: bytes = b"") -> None:
        self.writer.write(HEAD.pack(HEAD.size + len(body), command, status, number) + body)


class SmscSink:
    """The server; an asynchronous context manager. `port` is known once it is entered.

    `password` is demanded if given. `receipts` is the final state that every part gets, `receipt_after_s` later; None:
    no receipts by themselves. `told` hears each part taken.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        receipts: str | None = None,
        receipt_after_s: float = 0.0,
        told: Callable[[Taken], None] = lambda taken: None,
    ) -> None:
        self.host, self.port = host, port
        self.password, self.receipts, self.receipt_after_s, self.told = password, receipts, receipt_after_s, told
        self.taken: list[Taken] = []
        self.binds = 0
        self.enquiries = 0
        self.fault: Fault | None = None
        self.bound: list[Bound] = []
        self.mute = False  #: answers nothing at all, not even enquire_link
        self._ids = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """Cuts every connection."""
        for bound in self.bound:
            bound.writer.transport.abort()

    @property
    def texts(self) -> list[tuple[str, str]]:
        """(number, text) of every whole message, its parts joined, in the order of the last part."""
        whole = []
        for last in self.taken:
            if last.part == last.parts:
                mates = [
                    t
                    for t in self.taken
                    if (t.number, t.reference, t.parts) == (last.number, last.reference, last.parts)
                ]
                pieces = {t.part: t.text for t in mates}
                whole.append((last.number, "".join(pieces[part] for part in sorted(pieces))))
        return whole

    def receipt(self, part: Taken, stat: str, *, form: str = "both", network_error: bytes | None = None) -> None:
        """Brings a part's receipt: as `text`, as `tlv`, or as both."""
        dates = "submit date:2611222030 done date:2611222031"
        text = f"id:{part.message_id} sub:001 dlvrd:001 {dates} stat:{stat} err:000 text:"
        tlvs = [
            smpp34.Tlv(RECEIPTED_MESSAGE_ID, part.message_id.encode() + b"\0"),
            smpp34.Tlv(MESSAGE_STATE, bytes([STATES[stat]])),
        ]
        if network_error is not None:
            tlvs.append(smpp34.Tlv(NETWORK_ERROR_CODE, network_error))
        data = b"" if form == "tlv" else text.encode()
        self._bring(part.number, part.source, data, 0x04, [] if form == "text" else tlvs)

    def reply(self, number: str, text: str, *, to: str = "12345") -> None:
        """Brings a customer's own message."""
        self._bring(number, to, text.encode("utf-16-be"), 0, [], coding=8)

    def _bring(
        self, source: str, to: str, data: bytes, esm_class: int, tlvs: list[smpp34.Tlv], coding: int = 0
    ) -> None:
        self._spawn(self._deliver(source, to, data, esm_class, tlvs, coding))

    async def _deliver(
        self, source: str, to: str, data: bytes, esm_class: int, tlvs: list[smpp34.Tlv], coding: int
    ) -> None:
        while True:
            if self.bound:
                bound = self.bound[0]
                number = next(bound.sequence)
                pdu = smpp34.DeliverSm(
                    source, to, data, esm_class=esm_class, data_coding=coding, tlvs=tlvs, sequence_number=number
                )
                answer = bound.pending[number] = asyncio.get_running_loop().create_future()
                bound.writer.write(pdu.encode())
                if await answer == Status.OK:
                    return
            await asyncio.sleep(AGAIN_S)

    # -- one client ---------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bound = Bound(writer)
        try:
            while True:
                head = await reader.readexactly(HEAD.size)
                length, command, status, number = HEAD.unpack(head)
                body = await reader.readexactly(length - HEAD.size)
                if not self.mute and not self._handle(bound, command, status, number, head + body):
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            if bound in self.bound:
                self.bound.remove(bound)
            for answer in bound.pending.values():
                if not answer.done():
                    answer.set_result(Status.TEMPORARY)
            writer.close()

    def _handle(self, bound: Bound, command: int, status: int, number: int, pdu: bytes) -> bool:
        if command == Command.BIND_TRANSCEIVER:
            return self._bind(bound, number, pdu[HEAD.size :])
        if command == Command.SUBMIT_SM:
            return self._submit(bound, number, pdu)
        if command == Command.ENQUIRE_LINK:
            self.enquiries += 1
        if command == Command.DELIVER_SM | RESPONSE:
            answer = bound.pending.pop(number, None)
            if answer is not None and not answer.done():
                answer.set_result(status)
        elif not command & RESPONSE:
            bound.write(command | RESPONSE, 0, number)
        return command != Command.UNBIND

    def _bind(self, bound: Bound, number: int, body: bytes) -> bool:
        self.binds += 1
        password = body.split(b"\0")[1].decode()
        if self.password is not None and password != self.password:
            bound.write(Command.BIND_TRANSCEIVER | RESPONSE, 0x0E, number)
            return False
        bound.write(Command.BIND_TRANSCEIVER | RESPONSE, 0, number, b"sink\0")
        self.bound.append(bound)
        return True

    def _submit(self, bound: Bound, number: int, pdu: bytes) -> bool:
        fault = self._misbehave()
        if fault is not None and not fault.taken and (fault.silent or fault.drop):
            return not fault.drop
        if fault is not None and fault.status:
            bound.write(Command.SUBMIT_SM | RESPONSE, fault.status, number)
            return True
        part = _part(pdu, f"{next(self._ids):08x}")
        self.taken.append(part)
        self.told(part)
        if fault is not None and (fault.silent or fault.drop):
            return not fault.drop
        bound.write(Command.SUBMIT_SM | RESPONSE, 0, number, part.message_id.encode() + b"\0")
        if self.receipts is not None and part.receipt:
            self._spawn(self._receipt_later(part, self.receipts))
        return True

    def _misbehave(self) -> Fault | None:
        fault = self.fault
        if fault is None:
            return None
        if fault.skip > 0:
            fault.skip -= 1
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.fault = None
        return fault

    async def _receipt_later(self, part: Taken, stat: str) -> None:
        await asyncio.sleep(self.receipt_after_s)
        self.receipt(part, stat)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _part(pdu: bytes, message_id: str) -> Taken:
    decoded = smpp34.decode(pdu)
    assert isinstance(decoded, smpp34.SubmitSm)
    data, parts, part, reference = decoded.short_message, 1, 1, 0
    if decoded.esm_class & 0x40:
        reference, parts, part = data[3], data[4], data[5]
        data = data[data[0] + 1 :]
    return Taken(
        message_id=message_id,
        source=decoded.source_addr,
        number=decoded.destination_addr,
        text=decode(data, decoded.data_coding),
        parts=parts,
        part=part,
        reference=reference,
        coding=decoded.data_coding,
        validity=decoded.validity_period,
        receipt=bool(decoded.registered_delivery & 1),
    )


def show(part: Taken) -> None:
    """A part on a line of its own."""
    print(f"{part.number} {part.part}/{part.parts} {part.text!r}", flush=True)  # noqa: T201  its log is what it is for


async def main(host: str, port: int) -> None:
    """Serves until it is stopped."""
    async with SmscSink(host=host, port=port, receipts="DELIVRD", receipt_after_s=2.0, told=show) as sink:
        print(f"listening on {host}:{sink.port}", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--host", default="0.0.0.0")  # noqa: S104  a container's own network
    options.add_argument("--port", type=int, default=2775)
    given = options.parse_args()
    asyncio.run(main(given.host, given.port))
