"""Numbers: whose message a receipt is about, in whatever order it comes, and who it is that wrote.

Handed ──> Returned          Returned ──> Handed (the receipt was faster)          Handed ──> Said
"""

from __future__ import annotations

import random
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.alerts.phone import digest
from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.engine.unit import Output
from forewarn.stream.roles.deliver import DeliverRole
from forewarn.topics.codecs import by_topic
from forewarn.topics.events.messages import Forgotten, Handed, Inbound, Returned, Said
from tests.delivering import START, Written

NUMBER = digest("4915112345678")
CODECS = by_topic()
HOUR, DAY = 3_600_000, 86_400_000


class Partition:
    """A partition of role deliver that gets inbound events."""

    def __init__(self) -> None:
        self.role = DeliverRole(DeliveryPolicy())
        self.outputs: list[Output] = []
        self.now = START
        self.core = self.open({})

    def open(self, table: dict[bytes, bytes]) -> Core:
        core = Core(self.role.open(0, Layout(1, 1)), {s.topic: CODECS[s.topic] for s in self.role.sources}, 0)
        core.table = dict(table)
        core.restore(self.now)
        return core

    def take(self, *events: Inbound, number: str = NUMBER) -> Partition:
        unit = self.core.begin(self.now)
        lines = [Written(0, self.now, number.encode(), msgspec.json.encode(event)) for event in events]
        self.core.take(unit, "delivery.inbound", lines)
        self.core.install(self.core.seal(unit))
        self.outputs += unit.outputs
        return self

    def wait(self, ms: int) -> Partition:
        self.now += ms
        unit = self.core.begin(self.now)
        self.core.tick(unit, frozenset())
        self.core.install(self.core.seal(unit))
        return self

    def restart(self) -> Partition:
        self.core = self.open(self.core.table)
        return self

    def out(self, topic: str) -> list[tuple[str, Any]]:
        found = [output for output in self.outputs if output.topic == topic]
        return [((output.key or b"").decode(), orjson.loads(output.value or b"")) for output in found]

    @property
    def receipts(self) -> list[tuple[str, str, str]]:
        return [(key, row["notification_id"], row["status"]) for key, row in self.out("delivery.receipts")]


def handed(*ids: str, notification: str = "n1", customer: str = "ada", time: int = START) -> Handed:
    return Handed(notification, customer, "sms", ids, time, time + 4 * HOUR)


def returned(provider_id: str, status: Any = "delivered") -> Returned:
    return Returned(provider_id, START, status)


def said(text: str) -> Said:
    return Said("r1", START, "sms", text)


def test_a_receipt_is_passed_on_to_the_customer_whose_message_it_is() -> None:
    assert Partition().take(handed("a1")).restart().take(returned("a1")).receipts == [("ada", "n1", "delivered")]


def test_a_receipt_that_was_faster_than_our_own_writing_waits() -> None:
    assert Partition().take(returned("a1")).restart().take(handed("a1")).receipts == [("ada", "n1", "delivered")]


@pytest.mark.parametrize(("answered", "brought"), [("0a1b", "2587"), ("2587", "a1b"), ("0A1B", "0a1b")])
def test_an_id_in_another_base_is_the_same(answered: str, brought: str) -> None:
    assert Partition().take(handed(answered), returned(brought)).receipts == [("ada", "n1", "delivered")]


def test_of_several_parts_the_last_delivery_or_the_first_failure_counts() -> None:
    whole = Partition().take(handed("a", "b", "c"), returned("a"), returned("c"))
    assert whole.receipts == []
    assert whole.take(returned("b"), returned("b")).receipts == [("ada", "n1", "delivered")]
    broken = Partition().take(handed("a", "b", "c"), returned("a"), returned("c", "failed"), returned("b"))
    assert broken.receipts == [("ada", "n1", "failed")]


def test_a_receipt_of_another_systems_message_is_kept_for_a_while_and_forgotten() -> None:
    partition = Partition().take(returned("x"))
    assert len(partition.core.table) == 2  # the row and its timer
    assert partition.wait(HOUR).core.table == {}
    assert partition.receipts == []


@given(st.permutations([0, 1, 2, 3, 4, 5]), st.integers(0, 2**32))
def test_the_order_of_messages_and_receipts_does_not_matter(order: list[int], seed: int) -> None:
    events: list[Inbound] = [
        handed("1a", "1b"),
        handed("2a", notification="n2", customer="bob"),
        handed("3a", notification="n3"),
        returned("1a"),
        returned("1b", random.Random(seed).choice(["delivered", "failed"])),
        returned("2a", "bounced"),
    ]
    straight, mixed = Partition(), Partition()
    for event in events:
        straight.take(event)
    for place in order:
        mixed.take(events[place]).restart()
    assert sorted(mixed.receipts) == sorted(straight.receipts)
    assert len(straight.receipts) == 2


def test_a_reply_is_an_interaction_of_everyone_who_was_texted_there_lately() -> None:
    partition = Partition().take(handed("a"), handed("b", notification="n2", customer="bob")).restart()
    partition.take(said("When is it back?"))
    rows = partition.out("customers.interactions")
    assert [(key, row["kind"], row["text"], row.get("topic")) for key, row in rows] == [
        ("ada", "reply", "When is it back?", None),
        ("bob", "reply", "When is it back?", None),
    ]
    assert partition.out("customers.preferences") == []


@pytest.mark.parametrize(
    ("text", "purpose", "granted"), [("Stop!", "*", False), ("arrêt", "*", False), ("START", "service", True)]
)
def test_stop_refuses_everything_by_sms_and_start_allows_service_alone(text: str, purpose: str, granted: bool) -> None:
    partition = Partition().take(handed("a"), said(text))
    [(customer, patch)] = partition.out("customers.preferences")
    [consent] = patch["consents"]
    assert (customer, patch["source"]) == ("ada", "sms")
    assert (consent["purpose"], consent["channel"], consent["granted"]) == (purpose, "sms", granted)


def test_a_number_nobody_was_texted_at_belongs_to_nobody() -> None:
    assert Partition().take(said("STOP")).outputs == []


def test_a_customer_is_known_by_a_number_for_a_month_after_the_last_text() -> None:
    partition = Partition().take(handed("a")).wait(20 * DAY)
    partition.take(handed("b", time=partition.now)).wait(20 * DAY).take(said("hello"))
    assert len(partition.out("customers.interactions")) == 1
    assert partition.wait(11 * DAY).core.table == {}


def test_who_was_deleted_is_not_known_any_more() -> None:
    partition = Partition().take(handed("a"), Forgotten("ada", 0), returned("a"), said("STOP"))
    assert partition.receipts == []
    assert partition.out("customers.preferences") == []
