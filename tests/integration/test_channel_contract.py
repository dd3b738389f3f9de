"""The contract that every channel keeps, whatever it speaks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple

import pytest

from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.null import NullChannel
from forewarn.alerts.channels.protocol import Channel, Delivered, Message, Rejected, Retry
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.mail_sink import Fault, MailSink


class Trial(NamedTuple):
    """A channel and what is needed to put it to the test. None: the channel has no such thing."""

    channel: Channel
    to: str
    arrived: Callable[[], int] | None
    provider_down: Callable[[], None] | None
    bad_address: str | None


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


@pytest.fixture(params=[email, null], ids=["email", "null"])
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
    answers = await asyncio.gather(*(trial.channel.send(message(trial, f"n{i}")) for i in range(50)))
    assert all(isinstance(answer, Delivered) for answer in answers)
    if trial.arrived is not None:
        assert trial.arrived() == 50


async def test_a_provider_in_trouble_means_retry_and_says_whose_fault_it_is(trial: Trial) -> None:
    if trial.provider_down is None:
        pytest.skip("this channel has no provider")
    trial.provider_down()
    answer = await trial.channel.send(message(trial))
    assert isinstance(answer, Retry)
    assert answer.provider


async def test_an_address_that_is_none_is_rejected_without_quoting_it(trial: Trial) -> None:
    if trial.bad_address is None:
        pytest.skip("this channel takes any address")
    answer = await trial.channel.send(message(trial, to=trial.bad_address))
    assert isinstance(answer, Rejected)
    assert trial.bad_address not in answer.reason


async def test_a_closed_channel_has_let_go_and_can_be_closed_again(trial: Trial) -> None:
    await trial.channel.send(message(trial))
    await trial.channel.close()
    await trial.channel.close()
