"""SMS over real PDUs: against an SMSC that misbehaves on demand, and against smpp34's own server."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import smpp34
import uvloop

from forewarn.alerts.channels.protocol import Ambiguous, Delivered, Message, Rejected, Retry
from forewarn.alerts.channels.smpp_session import NotSent, Session, Smsc, Status
from forewarn.alerts.channels.sms import SmsChannel, address, validity
from forewarn.alerts.phone import digest
from forewarn.alerts.smsc import Fault, SmscSink
from forewarn.topics.events.messages import Inbound, Returned, Said

NUMBER = "4915112345678"


def smsc(port: int, **more: Any) -> Smsc:
    quick: dict[str, Any] = {"password_file": None, "timeout_s": 3.0, "backoff_s": 0.05, "enquire_s": 30.0}
    return Smsc("127.0.0.1", port, "forewarn", source="Forewarn", **{**quick, **more})


def message(text: str = "Outage in Linden.", notification_id: str = "n1", to: str = "+" + NUMBER) -> Message:
    return Message(notification_id, 0, "outage", "confirmed", "sms", to, "en", None, text, None, 1_795_379_400_000)


@asynccontextmanager
async def channel(port: int, **more: Any) -> AsyncIterator[SmsChannel]:
    opened = SmsChannel(smsc(port, **more))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def sink() -> AsyncIterator[SmscSink]:
    async with SmscSink() as found:
        yield found


async def until(condition: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  a server's ledger signals nobody
            await asyncio.sleep(0.01)


async def test_a_text_arrives_with_sender_validity_and_a_wish_for_a_receipt(sink: SmscSink) -> None:
    async with channel(sink.port) as sms:
        assert await sms.send(message("Störung, £5")) == Delivered("00000001")
    part = sink.taken[0]
    assert (part.source, part.number, part.text) == ("Forewarn", NUMBER, "Störung, £5")
    assert (part.validity, part.receipt, part.parts) == ("261122203000000+", True, 1)


@pytest.mark.parametrize(("text", "count"), [("a" * 400, 3), ("ж" * 100, 2), ("€" * 100, 2), ("😀" * 60, 2)])
async def test_a_long_text_arrives_in_parts_that_belong_together(sink: SmscSink, text: str, count: int) -> None:
    async with channel(sink.port) as sms:
        answer = await sms.send(message(text))
        assert isinstance(answer, Delivered)
        assert answer.provider_id is not None
        assert len(answer.provider_id.split()) == count
    assert sink.texts == [(NUMBER, text)]
    assert len({part.reference for part in sink.taken}) == 1


async def test_a_repetition_has_the_same_reference_so_that_a_phone_shows_it_once(sink: SmscSink) -> None:
    async with channel(sink.port) as sms:
        for _ in range(2):
            await sms.send(message("a" * 400))
        await sms.send(message("a" * 400, "n2"))
    references = [part.reference for part in sink.taken]
    assert references[:3] == references[3:6] != references[6:]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (0x58, Retry("throttled", provider=True)),
        (0x14, Retry("queue full", provider=True)),
        (0x08, Retry("0x00000008", provider=True)),
        (0x64, Retry("0x00000064")),
        (0x0B, Rejected("0x0000000b", bad_contact=True)),
        (0x0A, Rejected("0x0000000a")),
        (0x0499, Rejected("0x00000499")),  # a vendor's own
    ],
)
async def test_what_a_refusal_means(sink: SmscSink, status: int, answer: object) -> None:
    sink.fault = Fault(status=status, times=1)
    async with channel(sink.port) as sms:
        assert await sms.send(message()) == answer
        assert isinstance(await sms.send(message()), Delivered)


async def test_after_throttling_nothing_is_asked_for_a_moment(sink: SmscSink) -> None:
    sink.fault = Fault(status=0x58, times=2)
    async with channel(sink.port) as sms:
        for _ in range(2):
            await sms.send(message())
        began = time.monotonic()
        assert isinstance(await sms.send(message()), Delivered)
    assert time.monotonic() - began >= 0.45


async def test_what_was_partly_taken_is_finished_or_said_to_be_unclear(sink: SmscSink) -> None:
    async with channel(sink.port) as sms:
        sink.fault = Fault(status=0x58, times=1, skip=1)
        assert isinstance(await sms.send(message("a" * 400)), Delivered)
        assert sink.texts == [(NUMBER, "a" * 400)]
        sink.fault = Fault(status=0x64, skip=1)
        assert await sms.send(message("b" * 400, "n2")) == Ambiguous("part 2 of 3: 0x00000064")


@pytest.mark.parametrize("taken", [True, False])
async def test_without_an_answer_nobody_knows(sink: SmscSink, taken: bool) -> None:
    sink.fault = Fault(silent=True, taken=taken, times=1)
    async with channel(sink.port, timeout_s=0.4) as sms:
        answer = await sms.send(message())
    assert isinstance(answer, Ambiguous)
    assert len(sink.taken) == taken


async def test_a_connection_cut_under_way_is_unclear_and_is_bound_again(sink: SmscSink) -> None:
    sink.fault = Fault(drop=True, taken=True, times=1)
    async with channel(sink.port) as sms:
        assert await sms.send(message()) == Ambiguous("reply: disconnected")
        assert isinstance(await sms.send(message()), Delivered)
    assert sink.binds == 2


async def test_an_smsc_that_is_away_was_certainly_not_told_and_comes_back() -> None:
    async with SmscSink() as first:
        port = first.port
    async with channel(port) as sms:
        assert await sms.send(message()) == Retry("bind: unreachable", provider=True)
        async with SmscSink(port=port) as again:
            await until(lambda: again.bound)
            assert isinstance(await sms.send(message()), Delivered)


async def test_a_wrong_password_is_the_providers_trouble(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("wrong\n")
    async with SmscSink(password="right") as sink, channel(sink.port, password_file=path) as sms:
        assert await sms.send(message()) == Retry("bind: 0x0000000e", provider=True)
        path.write_text("right\n")  # it is read at each bind
        await until(lambda: sink.bound)
        assert isinstance(await sms.send(message()), Delivered)


async def test_a_session_over_which_nothing_comes_is_ended(sink: SmscSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forewarn.alerts.channels.smpp_session.ANSWER_S", 0.3)
    async with channel(sink.port, enquire_s=0.1, timeout_s=20.0) as sms:
        await sms.send(message())
        await until(lambda: sink.enquiries >= 2)
        sink.mute = True
        assert await sms.send(message()) == Ambiguous("reply: disconnected")


async def test_receipts_and_replies_are_answered_when_they_are_safe_and_brought_again_until_then(
    sink: SmscSink,
) -> None:
    heard: list[tuple[str, Inbound]] = []
    safe = False

    async def inbox(number: str, found: Inbound) -> None:
        heard.append((number, found))
        if not safe:
            raise OSError("no broker")

    async with channel(sink.port) as sms:
        sms.listen(inbox)
        await sms.send(message())
        sink.receipt(sink.taken[0], "DELIVRD")
        await until(lambda: len(heard) >= 2)
        safe = True
        count = len(heard)
        await until(lambda: len(heard) == count + 1)
        await asyncio.sleep(0.4)
        assert {(number, type(event)) for number, event in heard} == {(digest(NUMBER), Returned)}
        assert {event.provider_id for _, event in heard if isinstance(event, Returned)} == {"00000001"}
        assert len(heard) == count + 1
        sink.reply(NUMBER, "When?")
        await until(lambda: isinstance(heard[-1][1], Said) and heard[-1][1].text == "When?")


async def test_a_keyword_is_answered_in_its_language_and_other_replies_are_not(sink: SmscSink) -> None:
    async def inbox(number: str, found: Inbound) -> None:
        """Takes everything."""

    async with channel(sink.port) as sms:
        sms.listen(inbox)
        await until(lambda: sink.bound)
        for text in ("When?", "Hilfe"):
            sink.reply(NUMBER, text)
        await until(lambda: sink.texts)
        await asyncio.sleep(0.1)
    assert len(sink.texts) == 1
    assert sink.texts[0][0] == NUMBER
    assert "STOPP" in sink.texts[0][1]


async def test_what_cannot_be_sent_is_rejected_before_anybody_is_asked(sink: SmscSink) -> None:
    async with channel(sink.port) as sms:
        assert await sms.send(message(to="0151 12345678")) == Rejected("bad_number", bad_contact=True)
        assert await sms.send(message("a" * 2000)) == Rejected("too_long")
    assert sink.taken == []


async def test_many_are_under_way_at_once_but_no_more_than_the_window(sink: SmscSink) -> None:
    async with channel(sink.port, window=10, timeout_s=20.0) as sms:
        answers = await asyncio.gather(*(sms.send(message(notification_id=f"n{i}")) for i in range(500)))
    assert all(isinstance(answer, Delivered) for answer in answers)
    assert len({answer.provider_id for answer in answers if isinstance(answer, Delivered)}) == 500


@pytest.mark.parametrize(
    ("source", "found"),
    [("Forewarn", ("Forewarn", 5, 0)), ("+4915112345678", ("4915112345678", 1, 1)), ("12345", ("12345", 3, 0))],
)
def test_a_sender_is_letters_a_number_or_a_short_code(source: str, found: tuple[str, int, int]) -> None:
    assert address(source) == found
    for wrong in ("", "ForewarnForewarn", "Störung"):
        with pytest.raises(ValueError, match="no sender"):
            address(wrong)


def test_validity_is_utc() -> None:
    assert validity(1_795_379_400_000) == "261122203000000+"


async def test_the_sms_centre_of_the_compose_file_takes_texts_and_sends_receipts() -> None:
    heard: list[Inbound] = []

    async def inbox(number: str, found: Inbound) -> None:
        heard.append(found)

    command = (sys.executable, "-m", "forewarn.alerts.smsc", "--host", "127.0.0.1", "--port", "0")
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    try:
        port = int((await child.stdout.readline()).decode().rpartition(":")[2])
        async with channel(port) as sms:
            sms.listen(inbox)
            assert isinstance(await sms.send(message()), Delivered)
            assert (await child.stdout.readline()).decode() == f"{NUMBER} 1/1 'Outage in Linden.'\n"
            await until(lambda: heard, 10)
    finally:
        child.terminate()
        await child.wait()
    assert [event.status for event in heard if isinstance(event, Returned)] == ["delivered"]


def test_a_text_for_a_connection_that_was_just_lost_is_not_sent_and_not_ambiguous() -> None:
    """As workers run it: uvloop takes no bytes for a transport that it has closed."""

    async def inbound(_: object) -> int:
        return Status.OK

    async def submitted() -> None:
        async with SmscSink() as sink:
            session = await Session.bind(smsc(sink.port), inbound)
            session._writer.transport.abort()
            with pytest.raises(NotSent):
                await session.submit(smpp34.SubmitSm("Forewarn", NUMBER), 3.0)
            assert session.closed.is_set()
            assert not sink.taken

    uvloop.run(submitted())
