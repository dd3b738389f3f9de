"""Providers as a timeline: one that is away for half an hour delays its own channel, and nothing is lost.

min        0 ──────────── SMS centre away ──────────── 30 ──> everything owed is sent
e-mail     sent at once   sent at once   sent at once
"""

from __future__ import annotations

import pytest

from forewarn.alerts.channels.protocol import Answer, Delivered, Retry, Send
from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.topics.instants import to_rfc3339
from tests.delivering import MINUTE, SECOND, START, Post, notification

AWAY = Retry("bind: unreachable", provider=True)


class World:
    """Deliveries whose providers answer at once; `away` are the channels whose provider does not."""

    def __init__(self) -> None:
        self.post = Post(DeliveryPolicy(rates={"sms": 100.0}))
        self.away: set[str] = set()
        self.answered = 0
        self.delays: dict[str, list[int]] = {"email": [], "sms": []}

    def answer(self) -> None:
        while self.answered < len(self.post.sends):
            send = self.post.sends[self.answered]
            self.answered += 1
            self.post.hear(self._answer(send), send)

    def _answer(self, send: Send) -> Answer:
        channel = send.message.channel
        if channel in self.away:
            return AWAY
        self.delays[channel].append(self.post.now - send.message.time)
        return Delivered()

    def minute(self, number: int) -> None:
        """A message a second, by turns by e-mail and by SMS, to a customer each."""
        for second in range(60):
            name = f"m{number * 60 + second}"
            channel = "sms" if second % 2 else "email"
            times = {"time": to_rfc3339(self.post.now), "valid_until": to_rfc3339(self.post.now + 240 * MINUTE)}
            self.post.push(notification(name, channel=channel, incident=name, **times), customer=name)
            self.answer()
            self.post.wait(SECOND)
            self.answer()

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes * 60):
            self.post.wait(SECOND)
            self.answer()


@pytest.mark.parametrize("restart", [False, True])
def test_a_provider_away_for_half_an_hour_delays_its_own_channel_and_loses_nothing(restart: bool) -> None:
    world = World()
    world.away = {"sms"}
    for number in range(30):
        world.minute(number)
        if restart and number == 15:
            world.post.crash()
    assert len(world.delays["email"]) == 900
    assert max(world.delays["email"]) == 0
    assert world.delays["sms"] == []
    probes = sum(send.message.channel == "sms" for send in world.post.sends)
    assert probes < 30 * 60  # it is asked now and then, not once a message
    world.away = set()
    world.pass_minutes(2)
    assert len(world.delays["sms"]) == 900
    assert max(world.delays["sms"]) < 33 * MINUTE
    for number in range(1800):
        assert world.post.rows(f"m{number}").count("sent") == 1
    assert world.post.now - START < 33 * MINUTE
