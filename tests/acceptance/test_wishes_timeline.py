"""Timelines of STOP, START and HELP by text: done within one batch, answered once, undone by a newer word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.decide_desk import START, DecideDesk, agreed, impact, marketing, profile

CONTACTS = {"phone": "+4915112345678", "email": "ada@example.com"}
BY_TEXT = {"alerts": [{"kind": "outage", "channels": ["sms", "email"]}]}


def texted(text: str, at: float, number: int = 1, **more: Any) -> dict[str, Any]:
    """Ada texts back."""
    time = START + round(at * 1000)
    return {"id": f"reply-{number}", "time": time, "kind": "reply", "channel": "sms", "text": text, **more}


def desk(**more: Any) -> DecideDesk:
    made = DecideDesk().push("customers.profiles", "ada", profile("onu-1", contacts=CONTACTS, **more))
    return made.push("customers.subscriptions", "ada", BY_TEXT)


def notified(desk: DecideDesk) -> list[tuple[str, str]]:
    return [(row.value["stage"], row.value["channel"]) for row in desk.out("notifications", "ada")]


def test_stop_ends_texts_from_the_next_record_on_and_is_answered() -> None:
    """
    0        10 stop      11 outage
    ├────────┼────────────┼──────────>
             └ stopped    └ confirmed by e-mail (text was preferred)
    """
    ada = desk().at(10).push("customers.interactions", "ada", texted("Stop.", 10))
    ada.at(11).push("outages.impact", "k", impact("o1", 1, "confirmed", ["onu-1"])).at(60)
    assert notified(ada) == [("stopped", "sms"), ("confirmed", "email")]
    (patch,) = ada.out("customers.preferences", "ada")
    assert (patch.value["source"], patch.value["consents"][0]["granted"]) == ("sms", False)
    assert ada.decisions("ada")[0] == ("stopped", "sent", "passed")


def test_stop_and_an_outage_in_one_batch_are_stop_first() -> None:
    ada = desk()
    unit = ada.core.begin(ada.core.now)
    ada.core.take(unit, "customers.interactions", [ada.line("ada", texted("STOP", 0))])
    ada.core.take(unit, "outages.impact", [ada.line("k", impact("o1", 1, "confirmed", ["onu-1"]))])
    ada.commit(unit)
    assert notified(ada.at(60)) == [("stopped", "sms"), ("confirmed", "email")]


@pytest.mark.parametrize(
    ("text", "locale", "words"),
    [
        ("STOP", "en", "Text START"),
        ("stopp!", "de-AT", "Mit START"),
        (" baja ", "es", "Envíe START"),
        ("Arrêt", "fr-CA", "Envoyez START"),
    ],
)
def test_the_answer_is_in_the_customers_language(text: str, locale: str, words: str) -> None:
    ada = desk(locale=locale).push("customers.interactions", "ada", texted(text, 0))
    (answer,) = ada.out("notifications", "ada")
    assert answer.value["stage"] == "stopped"
    assert words.replace("í", "i") in answer.value["text"].replace("í", "i")
    assert (answer.value["to"], answer.value["critical"]) == ("+4915112345678", False)


def test_start_brings_service_messages_back_and_no_marketing() -> None:
    ada = desk().push("customers.preferences", "ada", agreed(channel="sms"))
    ada.at(10).push("customers.interactions", "ada", texted("STOP", 10))
    ada.at(20).push("customers.interactions", "ada", texted("START", 20, 2))
    ada.at(30).push("marketing.requests", "ada", marketing("m1", 30, channel="sms"))
    ada.at(31).push("outages.impact", "k", impact("o1", 1, "confirmed", ["onu-1"])).at(80)
    assert notified(ada) == [("stopped", "sms"), ("started", "sms"), ("confirmed", "sms")]
    assert [row.value["reason"] for row in ada.out("marketing.held", "ada")][:1] == ["no_consent"]


def test_an_older_word_that_arrives_late_changes_nothing() -> None:
    ada = desk().at(30).push("customers.interactions", "ada", texted("STOP", 25, 2))
    ada.push("customers.interactions", "ada", texted("START", 5, 1))
    ada.at(31).push("outages.impact", "k", impact("o1", 1, "confirmed", ["onu-1"])).at(80)
    assert notified(ada)[-1] == ("confirmed", "email")


def test_help_is_answered_even_at_night_and_changes_nothing() -> None:
    ada = desk().push("customers.preferences", "ada", {"time": START, "source": "page", "quiet_hours": QUIET})
    ada.push("customers.interactions", "ada", texted("HILFE", 0))
    assert notified(ada) == [("helped", "sms")]
    assert ada.out("customers.preferences", "ada") == []


#: All day in UTC, where the desk's customers live.
QUIET = {"start": "00:00", "end": "23:59"}


@pytest.mark.parametrize(
    "reply",
    [
        texted("please stop by on Monday", 0),
        texted("STOP", 0, channel="email"),
        texted("STOP", 0, kind="complaint"),
        texted("", 0),
    ],
)
def test_what_is_no_keyword_by_text_is_left_to_people(reply: dict[str, Any]) -> None:
    ada = desk().push("customers.interactions", "ada", reply)
    assert notified(ada) == []
    assert ada.out("customers.preferences", "ada") == []


def test_a_reply_that_its_bringer_answered_is_done_and_not_answered_again() -> None:
    ada = desk().push("customers.interactions", "ada", texted("STOP", 0, topic="stop"))
    assert notified(ada) == []
    ada.at(11).push("outages.impact", "k", impact("o1", 1, "confirmed", ["onu-1"])).at(60)
    assert notified(ada) == [("confirmed", "email")]


def test_a_reply_that_comes_twice_or_after_a_restart_is_answered_once() -> None:
    ada = desk()
    for _ in range(2):
        ada.push("customers.interactions", "ada", texted("STOP", 0)).restart()
    assert notified(ada) == [("stopped", "sms")]
    assert len(ada.out("customers.preferences", "ada")) == 1


def test_an_answer_that_comes_too_late_is_not_given() -> None:
    ada = desk().at(4000).push("customers.interactions", "ada", texted("HELP", 0))
    assert notified(ada) == []
    assert ada.decisions("ada") == [("helped", "dropped", "expired")]


def test_somebody_without_a_profile_who_texts_stop_stays_stopped_when_it_comes() -> None:
    ada = DecideDesk().push("customers.interactions", "ada", texted("STOP", 0))
    assert ada.decisions("ada") == [("stopped", "dropped", "unknown_customer")]
    ada.push("customers.profiles", "ada", profile("onu-1", contacts=CONTACTS))
    ada.push("customers.subscriptions", "ada", BY_TEXT)
    ada.at(5).push("outages.impact", "k", impact("o1", 1, "confirmed", ["onu-1"])).at(60)
    assert notified(ada) == [("confirmed", "email")]


def test_a_deleted_customer_leaves_nothing_of_their_words_behind() -> None:
    ada = desk().push("customers.interactions", "ada", texted("STOP", 0)).push("customers.profiles", "ada", None)
    assert not [key for key in ada.core.table if b"ada" in key]


def test_while_everything_is_paused_a_wish_is_done_and_not_answered() -> None:
    ada = desk().push("control", "*", {"kind": "*", "paused": True, "time": START, "author": "noc"})
    ada.push("customers.interactions", "ada", texted("STOP", 0)).at(60).push("control", "*", None).at(120)
    assert notified(ada) == []
    assert ada.decisions("ada") == [("stopped", "dropped", "paused")]
    assert len(ada.out("customers.preferences", "ada")) == 1
