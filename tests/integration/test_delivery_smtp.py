"""Delivery over real SMTP: a relay that misbehaves, owners that go, and processes that die at the named points."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.null import NullChannel
from forewarn.alerts.channels.protocol import Message, Rejected, Reply, Send
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.delivery import DeliveryPolicy
from forewarn.alerts.mail_sink import Fault, MailSink
from forewarn.alerts.performer import Performer
from tests.delivering import SECOND, Post, notification

FROM = "alerts@nordnet.example"
POLICY = DeliveryPolicy(in_flight=8, send_timeout_s=1, backoff_base_s=1, backoff_cap_s=4, circuit_failures=50)


class Owner:
    """A worker that owns the partition: it performs what the fold asks for, and can lose the partition."""

    def __init__(self, post: Post, performer: Performer) -> None:
        self.post = post
        self.performer = performer
        self.seen = 0
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begins to perform what has been asked for since."""
        fresh, self.seen = self.post.sends[self.seen :], len(self.post.sends)
        for send in fresh:
            task = asyncio.create_task(self._perform(send))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _perform(self, send: Send) -> None:
        reply = await self.performer.perform(send)
        self.post.hear(reply.answer, send)
        self.start()

    async def lose(self) -> None:
        """Another owner takes over: what is under way is cancelled, only the table survives."""
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.post.crash()

    async def settle(self) -> None:
        while self.tasks:
            await asyncio.wait(set(self.tasks))


@pytest.mark.parametrize("seed", range(3))
async def test_everything_arrives_and_what_arrives_twice_was_listed_as_ambiguous(seed: int) -> None:
    dice = random.Random(seed)
    post = Post(POLICY)
    async with MailSink() as sink:
        channel = EmailChannel(Relay("127.0.0.1", sink.port, timeout_s=1.0, connections=4), FROM)
        owner = Owner(post, Performer([channel]))
        for _ in range(12):
            sink.misbehave(Fault(dice.choice(("MAIL", "RCPT", "DATA", "BODY")), code=450, times=dice.randint(1, 4)))
            sink.misbehave(Fault("BODY", drop=True, taken=dice.random() < 0.5, times=dice.randint(0, 3)))
        for i in range(100):
            post.push(notification(f"n{i}", incident=f"o{i}"), customer=f"c{i}")
            owner.start()
            if dice.random() < 0.1:
                await asyncio.sleep(dice.random() * 0.02)
                await owner.lose()
                owner.seen = len(post.sends)
            if dice.random() < 0.3:
                await asyncio.sleep(0.005)
        sink.behave()
        for _ in range(20):
            await owner.settle()
            post.wait(5 * SECOND)
            owner.start()
        await channel.close()
    arrived = Counter(entry.message_id for entry in sink.taken)
    for i in range(100):
        rows = post.rows(f"n{i}")
        times = arrived[f"<n{i}@nordnet.example>"]
        assert times >= 1, f"seed {seed}: n{i} {rows}"
        assert times - 1 <= rows.count("ambiguous"), f"seed {seed}: n{i} {rows}"
        assert rows[-1] == "sent", f"seed {seed}: n{i} {rows}"


async def test_a_dead_relay_costs_few_attempts_and_all_go_out_soon_after_it_is_back() -> None:
    post = Post(DeliveryPolicy(in_flight=8, circuit_failures=5, circuit_cooldown_s=5, circuit_longest_s=30))
    async with MailSink() as sink:
        sink.misbehave(Fault("CONNECT", drop=True))
        channel = EmailChannel(Relay("127.0.0.1", sink.port, timeout_s=1.0), FROM)
        owner = Owner(post, Performer([channel]))
        post.push(*[notification(f"n{i}", incident=f"o{i}") for i in range(200)])
        for _ in range(100):  # 25 minutes
            owner.start()
            await owner.settle()
            post.wait(15 * SECOND)
        assert len(post.sends) < 150
        sink.behave()
        for _ in range(4):
            owner.start()
            await owner.settle()
            post.wait(15 * SECOND)
        await channel.close()
    assert sink.count == 200


async def test_a_message_for_a_channel_that_is_not_set_up_is_rejected() -> None:
    message = Message("n1", 0, "outage", "confirmed", "sms", "+49", "en", None, "T", None, 1)
    seen: list[str] = []
    performer = Performer([NullChannel("email")], lambda message, answer, seconds: seen.append(message.channel))
    reply = await performer.perform(Send(message, 3))
    assert reply == Reply("n1", 3, Rejected("no such channel is set up"))
    assert seen == ["sms"]
    await performer.close()


CHILD = """
import asyncio, sys
from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.protocol import Message, Send
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.performer import Performer

message = Message("n1", 0, "outage", "confirmed", "email", "ada@example.com", "en", "S", "T", "<p>T</p>", 1)
channel = EmailChannel(Relay("127.0.0.1", int(sys.argv[1])), "alerts@nordnet.example")
asyncio.run(Performer([channel]).perform(Send(message, 1)))
"""


@pytest.mark.parametrize(
    ("point", "taken"), [("deliver.attempt", 0), ("deliver.data", 0), ("deliver.250", 1), ("deliver.sent", 1)]
)
async def test_a_process_dies_at_the_named_point_and_the_ledger_tells_what_was_taken(
    point: str, taken: int, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with MailSink(ledger) as sink:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, str(sink.port), env={"FOREWARN_CRASH_AT": point}, cwd=Path(__file__).parents[2]
        )
        assert await child.wait() == -signal.SIGKILL
        assert len(ledger.read_bytes().splitlines()) == taken
