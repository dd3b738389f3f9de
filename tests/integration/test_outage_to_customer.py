"""From silent devices to mailbox and phone: all roles on a real Kafka, a real SMTP server and a real SMS centre.

    s        0    12                                      40             75
    cells    beat └ silent ─> mail; one refused, one back └ beat again
    lines    beat ······················································ └ silent ─> texts; one undelivered

A message that comes back goes out on the next channel: receipt ─> decide ─> deliver ─> taken, within ten seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from forewarn.alerts.mail_sink import Fault, MailSink
from forewarn.alerts.smsc import SmscSink
from tests.conftest import KafkaAddress
from tests.faults.kills import centre
from tests.faults.ledger import Input
from tests.faults.place import Place
from tests.faults.seen import Seen

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

ROLES = ("detect", "correlate", "decide", "deliver")
HOMES, INTERVAL_S = 8, 2
#: Node -> what hangs on it, and the kind of service it gives. The last one only shows that the collector hears.
NODES = {"bts-1": ("cell", "mobile"), "olt-1": ("onu", "fixed"), "olt-2": ("ont", "fixed")}
#: Seconds: of life before the first outage, and in which customers must be told of its beginning or its end.
BEFORE_S, TOLD_S = 12.0, 90.0
#: Seconds within which the next channel must have taken what came back.
WITHIN_S = 10.0


class Town:
    """The network, its customers and the providers. Customer `mobile-3` is served by cell-3, `fixed-3` by onu-3."""

    def __init__(self, place: Place, mail: MailSink, smsc: SmscSink) -> None:
        self.place, self.mail, self.smsc = place, mail, smsc
        self.dark: set[str] = set()
        self.seen = Seen(place, topics=("notifications", "notifications.log", "delivery.receipts", "decisions"))

    async def settle(self) -> None:
        """The customers move in."""
        rows = [
            Input("customers.profiles", name(kind, number), self._profile(node, number))
            for node, (_, kind) in list(NODES.items())[:2]
            for number in range(HOMES)
        ]
        await self.place.produce(rows)

    def _profile(self, node: str, number: int) -> dict[str, Any]:
        device, kind = NODES[node]
        customer = name(kind, number)
        service = {"service_id": "s", "kind": kind, "element": f"{device}-{number}", "region": "north"}
        contacts = {"email": f"{customer}@example.com", "phone": f"+{phone(customer)}"}
        return {"name": customer, "services": [service], "contacts": contacts}

    async def beat(self) -> None:
        """Devices speak, until it is cancelled."""
        at = time.time()
        while True:
            await self.place.produce(list(self._beats(round(at * 1000))))
            at += INTERVAL_S
            await asyncio.sleep(max(0.0, at - time.time()))

    def _beats(self, now: int) -> Iterator[Input]:
        for node, (device, _) in NODES.items():
            for number in range(HOMES):
                if node not in self.dark:
                    beat = {"element": f"{device}-{number}", "parent": node, "collector": "c-1", "time": now}
                    yield Input("network.heartbeats", "north", {**beat, "interval_s": INTERVAL_S})

    async def bounce(self, notification_id: str, customer: str) -> None:
        """The operator's bounce processor reports that a mail came back."""
        word = {"notification_id": notification_id, "time": round(time.time() * 1000), "channel": "email"}
        await self.place.produce([Input("delivery.receipts", customer, {**word, "status": "bounced"})])

    def mailed(self) -> list[str]:
        """Customers whose mail was taken, once for each mail."""
        return [mail.recipients[0].partition("@")[0] for mail in self.mail.taken]

    def texted(self) -> list[str]:
        """Customers whose text was taken, once for each text."""
        customers = {phone(name(kind, number)): name(kind, number) for kind, number in EVERYBODY}
        return [customers[part.number] for part in self.smsc.taken if part.part == part.parts]

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = TOLD_S) -> float:
        """Waits; the seconds it took."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"not within {seconds:.0f} s: {what}\n{self.place.tails()}")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def logged(self) -> None:
        """Waits until deliver has written down what became of every notification."""
        async with asyncio.timeout(TOLD_S):
            while True:
                await self.seen.more()
                log = [row.read for row in self.seen.rows["notifications.log"]]
                ended = {row["notification_id"] for row in log if row["outcome"] in ("sent", "failed")}
                if ended.issuperset(row.read["notification_id"] for row in self.seen.rows["notifications"]):
                    return
                await asyncio.sleep(0.2)


EVERYBODY = [(kind, number) for kind in ("mobile", "fixed") for number in range(HOMES)]


def name(kind: str, number: int) -> str:
    return f"{kind}-{number}"


def phone(customer: str) -> str:
    kind, _, number = customer.partition("-")
    return f"49151{7 if kind == 'mobile' else 8}00000{number}"


class Day(Struct):
    """What happened: who was refused, bounced, undelivered, seconds until the next channel, and all that was told."""

    refused: str
    bounced: str
    undelivered: str
    seconds: dict[str, float]
    mailed: list[str]
    texted: list[str]
    rows: dict[str, list[tuple[str, dict[str, Any]]]]

    def told(self, customer: str) -> list[tuple[str, str]]:
        """Stage and channel of each notification of a customer, in order."""
        return [(row["stage"], row["channel"]) for key, row in self.rows["notifications"] if key == customer]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(kafka: KafkaAddress, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Day]:
    folder: Path = tmp_path_factory.mktemp("town")
    async with MailSink() as mail, SmscSink() as smsc, place(kafka, folder, mail, smsc) as there:
        town = Town(there, mail, smsc)
        await town.settle()
        for role in ROLES:
            await there.start(role)
        await there.settle("decide")
        beating = asyncio.create_task(town.beat())
        yield await live(town)
        beating.cancel()


def place(kafka: KafkaAddress, folder: Path, mail: MailSink, smsc: SmscSink) -> Place:
    return Place(kafka.bootstrap, f"{folder.name}-", folder, smtp_port=mail.port, settings=centre(smsc))


async def live(town: Town) -> Day:
    """Both outages, one after the other, and the three messages that come back."""
    await asyncio.sleep(BEFORE_S)
    seconds: dict[str, float] = {}
    town.mail.misbehave(Fault("RCPT", 550, times=1))
    town.dark.add("bts-1")
    await town.until(lambda: len(town.mailed()) == HOMES - 1 and len(town.texted()) == 1, "cells are out: told")
    refused, bounced = town.texted()[0], town.mailed()[0]
    await town.seen.more()
    told = next(row.read for row in town.seen.rows["notifications"] if row.key.decode() == bounced)
    await town.bounce(told["notification_id"], bounced)
    seconds["bounced"] = await town.until(lambda: bounced in town.texted(), "a text instead of the bounced mail")
    town.dark.discard("bts-1")
    await town.until(lambda: town.mail.count + len(town.texted()) == 2 * HOMES + 1, "cells are back: told")
    mailed, texted = town.mail.count, len(town.texted())
    town.dark.add("olt-1")
    await town.until(lambda: len(town.texted()) == texted + HOMES, "lines are out: told")
    undelivered = town.texted()[-1]
    town.smsc.receipt(town.smsc.taken[-1], "UNDELIV", network_error=b"\x03\x00\x01")
    seconds["undelivered"] = await town.until(lambda: town.mail.count > mailed, "a mail instead of the text")
    await town.logged()
    rows = {topic: [(row.key.decode(), row.read) for row in found] for topic, found in town.seen.rows.items()}
    return Day(refused, bounced, undelivered, seconds, town.mailed(), town.texted(), rows)


async def test_a_mobile_outage_reaches_its_customers_by_mail_and_so_does_its_end(day: Day) -> None:
    whole = [name("mobile", number) for number in range(HOMES)]
    whole = [customer for customer in whole if customer not in (day.refused, day.bounced)]
    assert all(day.told(customer) == [("confirmed", "email"), ("restored", "email")] for customer in whole)
    assert all(day.mailed.count(customer) == 2 and customer not in day.texted for customer in whole)


async def test_a_fixed_outage_reaches_its_customers_by_text(day: Day) -> None:
    whole = [name("fixed", number) for number in range(HOMES) if name("fixed", number) != day.undelivered]
    assert all(day.told(customer) == [("confirmed", "sms")] for customer in whole)
    assert all(day.texted.count(customer) == 1 and customer not in day.mailed for customer in whole)


async def test_a_refused_address_falls_back_to_a_text_and_the_end_follows_it(day: Day) -> None:
    assert day.told(day.refused) == [("confirmed", "email"), ("confirmed", "sms"), ("restored", "sms")]
    assert day.refused not in day.mailed


@pytest.mark.parametrize(("who", "first", "next_one"), [("bounced", "email", "sms"), ("undelivered", "sms", "email")])
async def test_what_comes_back_goes_out_on_the_next_channel_within_ten_seconds(
    who: str, first: str, next_one: str, day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    """Receipt, decision, hand-over: in this order by the times they bear."""
    customer = getattr(day, who)
    assert day.told(customer)[:2] == [("confirmed", first), ("confirmed", next_one)]
    second = [row for key, row in day.rows["notifications"] if key == customer][1]
    [receipt] = [row for key, row in day.rows["delivery.receipts"] if key == customer]
    decided = [row for key, row in day.rows["decisions"] if row["subject_id"] == second["notification_id"]]
    sent = [
        row
        for _, row in day.rows["notifications.log"]
        if row["notification_id"] == second["notification_id"] and row["outcome"] == "sent"
    ]
    assert instant(receipt["time"]) <= instant(decided[0]["time"]) <= instant(sent[0]["time"])
    assert day.seconds[who] < WITHIN_S
    with capsys.disabled():
        sys.stdout.write(f"\n{who}: taken by {next_one} {day.seconds[who]:.2f} s after the {first} came back\n")


def instant(told: str | int) -> int:
    """Epoch ms of an instant as records have it."""
    return told if isinstance(told, int) else round(datetime.fromisoformat(told).timestamp() * 1000)
