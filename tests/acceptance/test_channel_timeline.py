"""Channels as a timeline: who is told over which line, and what happens when an address does not work.

30 s group wait ──> first channel ──bounced──> the next one, in the same batch
"""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.phone import digest
from tests.decide_desk import START, DecideDesk, Row, impact, profile

CONTACTS = {"email": "ada@example.com", "phone": "+4915112345678"}


def customer(*elements: str, mobile: str | None = None, **more: Any) -> dict[str, Any]:
    """Ada with e-mail and phone, fixed services and perhaps a mobile one."""
    person = profile(*elements, **{"contacts": CONTACTS, **more})
    if mobile is not None:
        person["services"].append({"service_id": "m", "kind": "mobile", "element": mobile, "region": "north"})
    return person


def told(desk: DecideDesk) -> list[tuple[str, str]]:
    return [(row.value["stage"], row.value["channel"]) for row in desk.out("notifications", "ada")]


def receipt(desk: DecideDesk, status: str, number: int = -1) -> DecideDesk:
    """The provider's word on one of Ada's messages."""
    sent = desk.out("notifications", "ada")[number].value
    word = {"notification_id": sent["notification_id"], "time": desk.core.now, "channel": sent["channel"]}
    return desk.push("delivery.receipts", "ada", {**word, "status": status})


def confirmed(element: str, **person: Any) -> DecideDesk:
    desk = DecideDesk().push("customers.profiles", "ada", customer("onu-1", **person))
    return desk.push("outages.impact", "k", impact("o1", 1, "confirmed", [element])).at(40)


def test_a_mobile_outage_is_told_by_e_mail_and_a_fixed_one_by_sms() -> None:
    assert told(confirmed("cell-1", mobile="cell-1")) == [("confirmed", "email")]
    assert told(confirmed("onu-1", mobile="cell-1")) == [("confirmed", "sms")]
    assert told(confirmed("onu-1")) == [("confirmed", "sms")]


def test_the_end_comes_on_the_channel_of_the_beginning() -> None:
    desk = confirmed("onu-1").log("ada", "sent")
    desk.push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(80)
    assert told(desk) == [("confirmed", "sms"), ("restored", "sms")]


@pytest.mark.parametrize("status", ["bounced", "failed"])
def test_a_message_that_comes_back_goes_out_on_the_next_channel_at_once(status: str) -> None:
    desk = confirmed("onu-1").log("ada", "sent").at(50)
    receipt(desk, status)
    rows: list[Row] = desk.out("notifications", "ada")
    assert told(desk) == [("confirmed", "sms"), ("confirmed", "email")]
    assert rows[1].at - 50 < 10
    assert desk.out("decisions", "ada")[-1].value["evidence"]["passed_over"] == {"sms": "failed"}
    assert rows[0].value["notification_id"] != rows[1].value["notification_id"]
    desk.log("ada", "sent").push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(90)
    assert told(desk)[2:] == [("restored", "email")]


def test_when_every_channel_has_failed_the_ledger_says_so_and_nothing_more_is_sent() -> None:
    desk = confirmed("onu-1").log("ada", "failed").log("ada", "failed").at(60)
    assert told(desk) == [("confirmed", "sms"), ("confirmed", "email")]
    assert desk.decisions("ada")[-1] == ("confirmed", "dropped", "no_contact")


def test_a_bad_address_is_not_used_for_the_next_outage_until_it_changes() -> None:
    desk = confirmed("onu-1").log("ada", "sent").at(50)
    receipt(desk, "bounced")
    desk.log("ada", "sent").push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(100)
    desk.restart().push("outages.impact", "k", impact("o2", 1, "confirmed", ["onu-1"])).at(200)
    assert told(desk)[-1] == ("confirmed", "email")
    desk.log("ada", "sent").push("outages.impact", "k", impact("o2", 2, "restored", ["onu-1"])).at(300)
    desk.push("customers.profiles", "ada", customer("onu-1", contacts={**CONTACTS, "phone": "+4915100000000"}))
    desk.push("outages.impact", "k", impact("o3", 1, "confirmed", ["onu-1"])).at(400)
    assert told(desk)[-1] == ("confirmed", "sms")


def test_news_of_an_address_that_the_customer_had_before_says_nothing_about_the_present_one() -> None:
    desk = confirmed("onu-1").log("ada", "sent").at(50)
    desk.push("customers.profiles", "ada", customer("onu-1", contacts={**CONTACTS, "phone": "+4915100000000"})).at(60)
    receipt(desk, "bounced")
    desk.push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(100)
    desk.push("outages.impact", "k", impact("o2", 1, "confirmed", ["onu-1"])).at(200)
    assert told(desk)[-1] == ("confirmed", "sms")


def test_a_delivery_proves_an_address_good_again() -> None:
    desk = confirmed("onu-1").log("ada", "sent").at(50)
    receipt(desk, "complained")
    assert told(desk) == [("confirmed", "sms")]  # it was told, though it was not liked
    receipt(desk.at(60), "delivered")
    desk.push("outages.impact", "k", impact("o1", 2, "restored", ["onu-1"])).at(100)
    desk.push("outages.impact", "k", impact("o2", 1, "confirmed", ["onu-1"])).at(200)
    assert told(desk)[-1] == ("confirmed", "sms")


def test_a_usage_notice_that_fails_goes_out_on_the_next_channel_also_after_a_restart() -> None:
    bucket = {"bucket": "data", "allowance": 10, "unit": "GB"}
    plan = {"plan_id": "p", "name": "P", "price": 1, "currency": "EUR", "cycle_day": 1, "buckets": [bucket]}
    desk = DecideDesk().push("customers.profiles", "ada", customer("onu-1", plan=plan))
    desk.push("usage.records", "ada", {"record_id": "r1", "bucket": "data", "amount": 9, "start": desk.core.now}).at(5)
    assert told(desk) == [("threshold", "email")]
    desk.restart().log("ada", "failed", "threshold").at(6)
    assert told(desk) == [("threshold", "email"), ("threshold", "sms")]
    first, second = desk.out("notifications", "ada")
    assert (first.value["class"], first.value["text"] != "") == (second.value["class"], True)
    desk.log("ada", "failed", "threshold").at(8)
    assert told(desk)[2:] == []


def test_a_usage_notice_does_not_go_over_a_line_that_is_out() -> None:
    bucket = {"bucket": "data", "allowance": 10, "unit": "GB"}
    plan = {"plan_id": "p", "name": "P", "price": 1, "currency": "EUR", "cycle_day": 1, "buckets": [bucket]}
    desk = confirmed("onu-1", plan=plan)
    desk.push("usage.records", "ada", {"record_id": "r1", "bucket": "data", "amount": 9, "start": desk.core.now}).at(50)
    assert told(desk)[-1] == ("threshold", "sms")


def test_who_is_deleted_is_forgotten_by_number_too_and_keeps_no_mark() -> None:
    desk = confirmed("onu-1").log("ada", "sent").at(50)
    receipt(desk, "bounced").push("customers.profiles", "ada", None).at(60)
    word = {"type": "forgotten", "customer": "ada", "time": START + 50_000}
    assert [(row.key, row.value) for row in desk.out("delivery.inbound")] == [
        ("ada", word),
        (digest("4915112345678"), word),
    ]
    assert not [key for key in desk.core.table if key.startswith((b"b/", b"x/", b"c/", b"n/"))]
