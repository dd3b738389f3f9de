"""E-mail over real SMTP: replies at every verb, lost connections, TLS, login, kept connections, odd addresses."""

from __future__ import annotations

import asyncio
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import orjson
import pytest

from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.protocol import Ambiguous, Answer, Delivered, Message, Rejected, Retry
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.mail_sink import Fault, MailSink, Verb

FROM = "Nordnet <alerts@nordnet.example>"


def message(notification_id: str = "n1", to: str = "ada@example.com", subject: str = "Störung") -> Message:
    return Message(
        notification_id, 0, "outage", "confirmed", "email", to, "de", subject, "Text\n.\n..x\n", "<p>gestört</p>", 1
    )


def channel_to(sink: MailSink, **changes: object) -> EmailChannel:
    values: dict[str, object] = {"host": "127.0.0.1", "port": sink.port, "timeout_s": 2.0} | changes
    return EmailChannel(Relay(**values), FROM)  # type: ignore[arg-type] # each test gives what it is about


async def send_one(sink: MailSink, notification: Message | None = None, **changes: object) -> Answer:
    channel = channel_to(sink, **changes)
    try:
        return await channel.send(notification or message())
    finally:
        await channel.close()


async def test_what_the_relay_takes_is_what_was_written_and_its_queue_id_is_kept() -> None:
    async with MailSink(keep=True) as sink:
        answer = await send_one(sink)
    assert answer == Delivered("00000001")
    parsed = message_from_bytes(sink.contents[0], policy=policy.default)
    assert sink.taken[0].recipients == ("ada@example.com",)
    assert sink.taken[0].sender == "alerts@nordnet.example"
    assert sink.taken[0].message_id == "<n1@nordnet.example>"
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == "Text\n.\n..x\n"


TEMPORARY = (421, 450, 451)
PERMANENT = (550, 552, 554)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "BODY"])
@pytest.mark.parametrize("code", TEMPORARY + PERMANENT)
async def test_every_code_at_every_verb_has_its_meaning_and_the_next_message_passes(verb: Verb, code: int) -> None:
    async with MailSink() as sink:
        channel = channel_to(sink)
        sink.misbehave(Fault(verb, code, times=1))
        answer = await channel.send(message("n1"))
        assert isinstance(answer, Retry if code in TEMPORARY else Rejected)
        assert str(code) in answer.reason
        assert "example.com" not in answer.reason
        if isinstance(answer, Retry):
            assert answer.provider == (code == 421 or verb == "MAIL")
        assert isinstance(await channel.send(message("n2")), Delivered)
        await channel.close()
    assert [entry.message_id for entry in sink.taken] == ["<n2@nordnet.example>"]


@pytest.mark.parametrize("code", TEMPORARY + PERMANENT)
@pytest.mark.parametrize("verb", ["CONNECT", "EHLO"])
async def test_a_relay_that_will_not_talk_never_costs_a_message(verb: Verb, code: int) -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault(verb, code))
        answer = await send_one(sink)
    assert isinstance(answer, Retry)
    assert answer.provider


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_connection_lost_before_the_body_is_to_be_tried_again(verb: Verb) -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault(verb, drop=True))
        answer = await send_one(sink)
    assert isinstance(answer, Retry)
    assert answer.provider
    assert sink.count == 0


@pytest.mark.parametrize("taken", [True, False])
async def test_a_connection_lost_after_the_final_dot_is_ambiguous(taken: bool) -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault("BODY", drop=True, taken=taken))
        answer = await send_one(sink)
    assert answer == Ambiguous("body: disconnected")
    assert sink.count == taken


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_a_silent_relay_is_given_up_in_time(verb: Verb) -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault(verb, delay_s=1.5))
        started = time.monotonic()
        answer = await send_one(sink, timeout_s=0.3)
    assert isinstance(answer, Retry)
    assert answer.provider
    assert time.monotonic() - started < 1.2


async def test_a_relay_that_is_silent_after_the_final_dot_leaves_it_ambiguous() -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault("BODY", delay_s=1.0))
        assert await send_one(sink, timeout_s=0.3) == Ambiguous("body: timeout")


async def test_a_closed_port_is_the_providers_trouble() -> None:
    async with MailSink() as sink:
        pass
    assert await send_one(sink) == Retry("connect: unreachable", provider=True)


async def test_waiting_for_a_connection_too_long_is_nobodys_fault() -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault("MAIL", delay_s=0.8, times=1))
        channel = channel_to(sink, connections=1, timeout_s=0.4)
        first = asyncio.create_task(channel.send(message("n1")))
        await asyncio.sleep(0.05)
        channel.pool.relay = Relay("127.0.0.1", sink.port, connections=1, timeout_s=0.1)
        second = await channel.send(message("n2"))
        assert second == Retry("queue: timeout", provider=False)
        await first
        await channel.close()


async def test_a_cancelled_hand_over_closes_its_connection() -> None:
    async with MailSink() as sink:
        sink.misbehave(Fault("BODY", delay_s=0.3, times=1))
        channel = channel_to(sink, connections=1)
        task = asyncio.create_task(channel.send(message("n1")))
        await asyncio.sleep(0.15)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await channel.send(message("n2")), Delivered)
        assert sink.connections == 2
        await channel.close()


# -- kept connections ---------------------------------------------------------------------------------------------


async def test_a_connection_is_used_again() -> None:
    async with MailSink() as sink:
        channel = channel_to(sink)
        for i in range(5):
            await channel.send(message(f"n{i}"))
        await channel.close()
    assert (sink.count, sink.connections) == (5, 1)


async def test_no_more_connections_are_opened_than_allowed() -> None:
    async with MailSink() as sink:
        channel = channel_to(sink, connections=3)
        await asyncio.gather(*(channel.send(message(f"n{i}")) for i in range(60)))
        await channel.close()
    assert (sink.count, sink.connections) == (60, 3)


async def test_a_kept_connection_that_the_relay_closed_costs_no_attempt() -> None:
    async with MailSink() as sink:
        channel = channel_to(sink)
        await channel.send(message("n1"))
        for transport in sink.transports:
            transport.close()
        assert isinstance(await channel.send(message("n2")), Delivered)
        sink.misbehave(Fault("MAIL", drop=True, times=1))
        assert isinstance(await channel.send(message("n3")), Delivered)
        await channel.close()


async def test_an_old_connection_is_asked_before_it_is_used_and_a_very_old_one_closed() -> None:
    async with MailSink() as sink:
        channel = channel_to(sink, check_after_s=0.0, close_after_s=0.2)
        await channel.send(message("n1"))
        await channel.send(message("n2"))
        assert sink.connections == 1
        await asyncio.sleep(0.25)
        await channel.send(message("n3"))
        await channel.close()
    assert (sink.count, sink.connections) == (3, 2)


async def test_a_connection_is_retired_after_its_share_of_messages() -> None:
    async with MailSink() as sink:
        channel = channel_to(sink, messages_a_connection=2)
        for i in range(4):
            await channel.send(message(f"n{i}"))
        await channel.close()
    assert sink.connections == 2


# -- addresses ----------------------------------------------------------------------------------------------------


async def test_an_international_domain_is_sent_in_its_ascii_form() -> None:
    async with MailSink(utf8=False) as sink:
        assert isinstance(await send_one(sink, message(to="ada@exämple.de")), Delivered)
    assert sink.taken[0].recipients == ("ada@xn--exmple-cua.de",)


async def test_an_international_local_part_goes_to_relays_that_can() -> None:
    async with MailSink() as sink:
        assert isinstance(await send_one(sink, message(to="jörg@example.de")), Delivered)
    assert sink.taken[0].recipients == ("jörg@example.de",)


async def test_an_international_local_part_is_rejected_with_a_reason_by_relays_that_cannot() -> None:
    async with MailSink(utf8=False) as sink:
        assert await send_one(sink, message(to="jörg@example.de")) == Rejected("smtputf8_unsupported")


# -- the ledger ---------------------------------------------------------------------------------------------------


async def test_the_sinks_ledger_holds_each_message_taken_as_a_line(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with MailSink(ledger) as sink:
        channel = channel_to(sink)
        for i in range(3):
            await channel.send(message(f"n{i}", subject="Störung" if i else "Restored"))
        lines = [orjson.loads(line) for line in ledger.read_bytes().splitlines()]
        await channel.close()
    assert [line["message_id"] for line in lines] == [f"<n{i}@nordnet.example>" for i in range(3)]
    assert sink.by_subject() == {"Störung": 2, "Restored": 1}
