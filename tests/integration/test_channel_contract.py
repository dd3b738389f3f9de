"""The contract that every channel keeps, whatever it speaks to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
import smpp34

from forewarn.alerts.channels.address_guard import parse_networks
from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.null import NullChannel
from forewarn.alerts.channels.protocol import Channel, Delivered, Message, Rejected, Retry
from forewarn.alerts.channels.smpp_session import Smsc
from forewarn.alerts.channels.sms import SmsChannel
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.channels.webhook import WebhookChannel, WebhookSettings
from forewarn.alerts.mail_sink import Fault, MailSink
from forewarn.alerts.smsc import Fault as SmscFault
from forewarn.alerts.smsc import SmscSink
from tests.integration.test_webhook_channel import endpoint


class Trial(NamedTuple):
    """A channel and what is needed to put it to the test. None: the channel has no such thing.

    `shared`: one provider serves all customers, so that its trouble is not one message's alone.
    """

    channel: Channel
    to: str
    arrived: Callable[[], int] | None
    provider_down: Callable[[], None] | None
    bad_address: str | None
    shared: bool = True


@asynccontextmanager
async def email() -> AsyncIterator[Trial]:
    async with MailSink() as sink:
        channel = EmailChannel(Relay("127.0.0.1", sink.port, timeout_s=2), "alerts@nordnet.example")
        yield Trial(
            channel, "ada@example.com", lambda: sink.count, lambda: sink.misbehave(Fault("MAIL", 421)), "no address"
        )
        await channel.close()


@asynccontextmanager
async def null() -> AsyncIterator[Trial]:
    yield Trial(NullChannel("email"), "ada@example.com", None, None, None)


@asynccontextmanager
async def webhook() -> AsyncIterator[Trial]:
    with TemporaryDirectory() as folder:
        secret = Path(folder, "secret")
        secret.write_text("an operator's secret, long enough")
        async with endpoint() as server:
            channel = WebhookChannel(WebhookSettings(secret, parse_networks(["127.0.0.0/8"])))
            down = partial(server.replies, 503)
            yield Trial(channel, server.url, lambda: len(server.got), down, "https://10.0.0.1/h", shared=False)
            await channel.close()


@asynccontextmanager
async def sms() -> AsyncIterator[Trial]:
    async with SmscSink() as sink:
        channel = SmsChannel(Smsc("127.0.0.1", sink.port, "forewarn", None, "Forewarn", timeout_s=5))

        def down() -> None:
            sink.fault = SmscFault(status=0x58)

        yield Trial(channel, "+4915112345678", lambda: len(sink.taken), down, "no number")
        await channel.close()


class Foreign:
    """smpp34's own server: an SMSC that shares no line of its session with the channel."""

    def __init__(self) -> None:
        self.count = 0
        self.throttles = False

    async def serve(self, server: smpp34.Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, smpp34.SubmitSmEvent):
                if self.throttles:
                    event.reject(0x58)
                else:
                    self.count += 1
                    event.accept(message_id=f"m{self.count}")


@asynccontextmanager
async def sms_abroad() -> AsyncIterator[Trial]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server, foreign = smpp34.Server(host="127.0.0.1", port=port, system_id="abroad"), Foreign()
    await server.start()
    serving = asyncio.create_task(foreign.serve(server))
    channel = SmsChannel(Smsc("127.0.0.1", port, "forewarn", None, "Forewarn", timeout_s=5))

    def down() -> None:
        foreign.throttles = True

    yield Trial(channel, "+4915112345678", lambda: foreign.count, down, "no number")
    await channel.close()
    serving.cancel()
    await server.stop()


#: Channels with a provider, which may be in trouble, and which does not take any address.
PROVIDED = {"email": email, "sms": sms, "sms abroad": sms_abroad, "webhook": webhook}
CHANNELS = {**PROVIDED, "null": null}
provided = pytest.mark.parametrize("trial", list(PROVIDED.values()), ids=list(PROVIDED), indirect=True)


@pytest.fixture(params=list(CHANNELS.values()), ids=list(CHANNELS))
async def trial(request: pytest.FixtureRequest) -> AsyncIterator[Trial]:
    opened: AbstractAsyncContextManager[Trial] = request.param()
    async with opened as found:
        yield found


def message(trial: Trial, notification_id: str = "n1", to: str | None = None) -> Message:
    return Message(
        notification_id, 0, "outage", "confirmed", trial.channel.name, to or trial.to, "en", "S", "T", "<p>T</p>", 1
    )


async def test_a_message_that_is_taken_is_answered_with_delivered(trial: Trial) -> None:
    assert isinstance(await trial.channel.send(message(trial)), Delivered)
    if trial.arrived is not None:
        assert trial.arrived() == 1


async def test_many_at_once_are_each_answered(trial: Trial) -> None:
    """A provider may be asked for less at a time than that; what it is not asked for is to be tried again."""
    answers = await asyncio.gather(*(trial.channel.send(message(trial, f"n{i}")) for i in range(50)))
    taken = [answer for answer in answers if isinstance(answer, Delivered)]
    assert len(taken) + sum(isinstance(answer, Retry) for answer in answers) == 50
    assert len(taken) == 50 or not trial.shared
    assert taken
    if trial.arrived is not None:
        assert trial.arrived() == len(taken)


@provided
async def test_a_provider_in_trouble_means_retry_and_says_whose_fault_it_is(trial: Trial) -> None:
    assert trial.provider_down is not None
    trial.provider_down()
    answer = await trial.channel.send(message(trial))
    assert isinstance(answer, Retry)
    assert answer.provider is trial.shared


@provided
async def test_an_address_that_is_none_is_rejected_without_quoting_it(trial: Trial) -> None:
    assert trial.bad_address is not None
    answer = await trial.channel.send(message(trial, to=trial.bad_address))
    assert isinstance(answer, Rejected)
    assert answer.bad_contact
    assert trial.bad_address not in answer.reason


async def test_a_closed_channel_has_let_go_and_can_be_closed_again(trial: Trial) -> None:
    await trial.channel.send(message(trial))
    await trial.channel.close()
    await trial.channel.close()
