"""From an outage to the phone and the mailbox: decide, deliver, a real SMTP server and a real SMPP server; Kafka is not
in between, its records are handed over by the test.

    outages.impact ──> decide ──> notifications ──> deliver ──> SMTP / SMPP
                         ▲  notifications.log, delivery.receipts, customers.*  │
                         └─────────────────────────────────────────────────────┘
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import orjson
import pytest

from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.protocol import Reply, Send
from forewarn.alerts.channels.smpp_session import Smsc
from forewarn.alerts.channels.sms import SmsChannel
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.alerts.mail_sink import Fault, MailSink
from forewarn.alerts.performer import Performer
from forewarn.alerts.smsc import SmscSink
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.roles.deliver import DeliverRole
from forewarn.topics.codecs import by_topic
from forewarn.topics.events.messages import Inbound
from tests.decide_desk import DecideDesk, Line, impact, profile

CONTACTS = {"email": "ada@example.com", "phone": "+4915112345678"}
DELIVER, DECIDE = (
    {"notifications", "delivery.inbound"},
    {
        "notifications.log",
        "delivery.receipts",
        "customers.preferences",
        "customers.interactions",
    },
)


class Town:
    """Decide and deliver, each one partition, and the providers behind them."""

    def __init__(self, mail: MailSink, smsc: SmscSink) -> None:
        self.mail, self.smsc = mail, smsc
        self.desk = DecideDesk()
        self.performer = Performer(
            [
                EmailChannel(Relay("127.0.0.1", mail.port, timeout_s=5), "alerts@nordnet.example"),
                SmsChannel(Smsc("127.0.0.1", smsc.port, "forewarn", None, "Forewarn", timeout_s=5)),
            ]
        )
        self.performer.listen(self.inbox)
        role, codecs = DeliverRole(DeliveryPolicy()), by_topic()
        self.deliver = Core(role.open(0, Layout(1, 1)), {s.topic: codecs[s.topic] for s in role.sources}, 0)
        self.deliver.restore(self.desk.core.now)
        self.decided = self.offset = 0
        self.queue: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self.tasks: set[asyncio.Task[None]] = set()

    async def inbox(self, number: str, event: Inbound) -> None:
        safe = asyncio.Event()

        def take() -> None:
            self.take("delivery.inbound", number, msgspec.json.encode(event))
            safe.set()

        self.queue.put_nowait(take)
        await safe.wait()

    def take(self, topic: str, key: str, value: bytes) -> None:
        self.offset += 1
        unit = self.deliver.begin(self.desk.core.now)
        self.deliver.take(unit, topic, [Line(self.offset, self.desk.core.now, key.encode(), value)])
        self.commit(unit)

    def commit(self, unit: Any) -> None:
        self.deliver.work(unit)
        self.deliver.install(self.deliver.seal(unit))
        for send in unit.effects:
            task = asyncio.create_task(self.perform(send))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        for output in unit.outputs:
            key, value = (output.key or b"").decode(), output.value or b""
            if output.topic in DELIVER:
                self.take(output.topic, key, value)
            elif output.topic in DECIDE:
                self.desk.push(output.topic, key, orjson.loads(value))
        self.hand_over()

    async def perform(self, send: Send) -> None:
        reply: Reply = await self.performer.perform(send)
        self.queue.put_nowait(lambda: self.hear(reply))

    def hear(self, reply: Reply) -> None:
        unit = self.deliver.begin(self.desk.core.now)
        self.deliver.answer(unit, reply)
        self.commit(unit)

    def hand_over(self) -> None:
        """Notifications that decide has written since go to deliver."""
        outputs, self.decided = self.desk.outputs[self.decided :], len(self.desk.outputs)
        for output in outputs:
            if output.topic in DELIVER:
                self.take(output.topic, (output.key or b"").decode(), output.value or b"")

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> float:
        """Lets everything happen until the condition holds; the real seconds it took."""
        began = time.monotonic()
        self.hand_over()
        async with asyncio.timeout(seconds):
            while not condition():
                try:
                    async with asyncio.timeout(0.1):
                        (await self.queue.get())()
                except TimeoutError:
                    unit = self.deliver.begin(self.desk.core.now)
                    self.deliver.tick(unit, frozenset())
                    self.commit(unit)
        return time.monotonic() - began

    def told(self) -> list[tuple[str, str]]:
        return [(row.value["stage"], row.value["channel"]) for row in self.desk.out("notifications", "ada")]


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with MailSink() as mail, SmscSink() as smsc:
        made = Town(mail, smsc)
        yield made
        await made.performer.close()


def ada(**more: Any) -> dict[str, Any]:
    person = profile("onu-1", contacts=CONTACTS, **more)
    person["services"].append({"service_id": "m", "kind": "mobile", "element": "cell-1", "region": "north"})
    return person


def break_down(town: Town, element: str) -> None:
    town.desk.push("customers.profiles", "ada", ada())
    town.desk.push("outages.impact", "k", impact("o1", 1, "confirmed", [element])).at(40)


async def test_a_mobile_outage_reaches_its_customers_by_e_mail(town: Town) -> None:
    break_down(town, "cell-1")
    await town.until(lambda: town.mail.count == 1)
    assert town.smsc.taken == []
    assert town.mail.taken[0].recipients == ("ada@example.com",)


async def test_a_fixed_outage_reaches_its_customers_by_sms(town: Town) -> None:
    break_down(town, "onu-1")
    await town.until(lambda: len(town.smsc.texts) == 1)
    [(number, text)] = town.smsc.texts
    assert number == "4915112345678"
    assert text.startswith("Outage in north since ")
    assert town.mail.count == 0


async def test_a_text_that_could_not_be_delivered_is_followed_by_an_e_mail_within_ten_seconds(town: Town) -> None:
    break_down(town, "onu-1")
    await town.until(lambda: len(town.smsc.taken) == 1)
    await town.until(lambda: any(key.startswith(b"r/") for key in town.deliver.table))
    town.desk.at(45)
    town.smsc.receipt(town.smsc.taken[0], "UNDELIV", network_error=b"\x03\x00\x01")
    assert await town.until(lambda: town.mail.count == 1) < 10
    assert town.told() == [("confirmed", "sms"), ("confirmed", "email")]
    assert town.desk.out("decisions", "ada")[-1].value["evidence"]["passed_over"] == {"sms": "failed"}


async def test_an_address_that_bounces_is_followed_by_a_text_within_ten_seconds(town: Town) -> None:
    town.mail.misbehave(Fault("RCPT", 550))
    break_down(town, "cell-1")
    assert await town.until(lambda: len(town.smsc.taken) == 1) < 10
    assert town.told() == [("confirmed", "email"), ("confirmed", "sms")]


async def test_a_delivered_text_is_written_down_as_delivered(town: Town) -> None:
    break_down(town, "onu-1")
    await town.until(lambda: len(town.smsc.taken) == 1)
    town.smsc.receipt(town.smsc.taken[0], "DELIVRD")
    await town.until(lambda: any(key.startswith(b"r/") for key in town.deliver.table))
    town.desk.push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(100)
    await town.until(lambda: len(town.smsc.texts) == 2)
    assert town.told() == [("confirmed", "sms"), ("restored", "sms")]


async def test_stop_by_text_ends_texts_and_leaves_the_other_channels(town: Town) -> None:
    break_down(town, "onu-1")
    await town.until(lambda: len(town.smsc.texts) == 1)
    await town.until(lambda: any(key.startswith(b"r/") for key in town.deliver.table))
    town.smsc.reply("4915112345678", "Stop")
    await town.until(lambda: len(town.smsc.texts) == 2)  # the answer to the keyword
    assert "START" in town.smsc.texts[1][1]
    town.desk.push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(100)
    await town.until(lambda: town.mail.count == 1)
    assert town.told() == [("confirmed", "sms"), ("restored", "email")]
    assert len(town.smsc.texts) == 2
