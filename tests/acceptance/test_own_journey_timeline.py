"""A journey of one's own: data in a policy and words in a directory, through the whole decide partition. No code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forewarn.stream.policy import Policy, load
from tests.decide_desk import START, DecideDesk, impact, profile

HOUR, DAY = 3600.0, 86_400.0

POLICY = """
[alerts]
templates = "{words}"
languages = ["en", "de"]
default_time_zone = "Europe/Berlin"

[alerts.journeys.due]
about = "Who has a bill to pay is reminded three days before, unless they are in an outage"
ends = "due + 1d"
anew = ["due"]
trigger = {{ event = "bill", when = {{ amount = {{ least = 10 }} }} }}

[[alerts.journeys.due.steps]]
name = "remind"
at = "due - 3d at 09:00"
when = {{ outage = "none" }}
say = "bill/due_soon"
until = "due"
replies = {{ yes = "thanks" }}
otherwise = "later"
then = "rest"

[[alerts.journeys.due.steps]]
name = "later"
wait = "12h"
at_most = 2
then = "remind_late"

[[alerts.journeys.due.steps]]
name = "remind_late"
when = {{ outage = "none" }}
say = "bill/due_soon"
until = "due"
otherwise = "later"
then = "rest"

[[alerts.journeys.due.steps]]
name = "thanks"
say = "bill/paid"
then = "end"

# The built-in offer of a technician is switched off.
[alerts.journeys.help]
enabled = false
trigger = {{ event = "help" }}
steps = []
"""

SHEET = """
footer = "About your own bill."
[stage.due_soon]
title = "{bill} {{{{ amount }}}}"
body = ["{due} {{{{ due_day }}}}. {paid}?"]
facts = [["{bill}", "amount"]]
sms = "{bill}: {{{{ amount }}}}, {due} {{{{ due_day }}}}. {paid}?"
push = "{due} {{{{ due_day }}}}."
[stage.paid]
title = "{paid}"
body = ["{paid}, {bill} {{{{ amount }}}}."]
sms = "{paid}."
push = "{paid}."
"""


def policy(path: Path) -> Policy:
    for language, words in (
        ("en", {"bill": "Your bill", "due": "to be paid by", "paid": "Paid already"}),
        ("de", {"bill": "Ihre Rechnung", "due": "zu zahlen bis", "paid": "Schon bezahlt"}),
    ):
        folder = path / "words" / language
        folder.mkdir(parents=True)
        (folder / "bill.toml").write_text(SHEET.format(**words), encoding="utf-8")
    file = path / "policy.toml"
    file.write_text(POLICY.format(words=path / "words"), encoding="utf-8")
    return load(file)


def bill(number: int = 1, due: str = "2026-12-01", amount: float = 49.9, at: float = 0) -> dict[str, Any]:
    time = START + round(at * 1000)
    return {"bill_id": f"b{number}", "time": time, "amount": amount, "currency": "EUR", "due": due, "lines": []}


def begun(path: Path, **more: Any) -> DecideDesk:
    return DecideDesk(policy(path)).push("customers.profiles", "ada", profile("onu-1", locale="de", **more))


def test_the_reminder_comes_three_days_before_in_the_customers_words_and_morning(tmp_path: Path) -> None:
    desk = begun(tmp_path).push("billing.bills", "ada", bill()).at(7 * DAY)
    (row,) = desk.out("notifications", "ada")
    # 28 November, 9:00 in Berlin: 8:00 UTC.
    assert row.at == 5 * DAY + 20 * HOUR
    assert (row.value["kind"], row.value["stage"], row.value["incident"]) == ("bill", "due_soon", "b1")
    assert "49,90\N{NO-BREAK SPACE}€" in row.value["subject"]
    assert "zu zahlen bis 1. Dezember" in row.value["text"]
    assert "<html" in row.value["html"]


def test_it_passes_every_stage_as_all_messages_do(tmp_path: Path) -> None:
    desk = begun(tmp_path).push("customers.subscriptions", "ada", {"alerts": [{"kind": "bill", "enabled": False}]})
    desk.push("billing.bills", "ada", bill()).at(7 * DAY)
    assert desk.decisions("ada") == [("due_soon", "dropped", "opted_out")]


def test_its_conditions_are_looked_at_when_it_is_due(tmp_path: Path) -> None:
    desk = begun(tmp_path).push("billing.bills", "ada", bill())
    desk.at(5 * DAY).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(6 * DAY).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1)).at(8 * DAY)
    told = [(row.at, row.value["stage"]) for row in desk.out("notifications", "ada") if row.value["kind"] == "bill"]
    assert told == [(5 * DAY + 20 * HOUR + 12 * HOUR, "due_soon")]


def test_an_answer_leads_on(tmp_path: Path) -> None:
    desk = begun(tmp_path).push("billing.bills", "ada", bill()).at(6 * DAY)
    desk.push(
        "customers.interactions", "ada", {"id": "r", "time": desk.core.now, "kind": "reply", "text": "Ja, gestern"}
    )
    assert desk.stages("ada") == ["due_soon", "paid"]


def test_a_small_bill_starts_nothing(tmp_path: Path) -> None:
    desk = begun(tmp_path).push("billing.bills", "ada", bill(amount=5)).at(8 * DAY)
    assert desk.stages("ada") == []


def test_a_built_in_journey_can_be_switched_off(tmp_path: Path) -> None:
    desk = begun(tmp_path)
    for number in range(3):
        word = {"id": f"h{number}", "time": desk.core.now, "kind": "help_viewed", "topic": "wifi"}
        desk.push("customers.interactions", "ada", word)
    assert desk.stages("ada") == []


def test_the_policy_that_decided_is_named_by_its_hash(tmp_path: Path) -> None:
    own = policy(tmp_path)
    assert own.hash != Policy().hash
    desk = DecideDesk(own).push("customers.profiles", "ada", profile("onu-1"))
    desk.push("billing.bills", "ada", bill()).at(7 * DAY)
    assert {row.value["policy"] for row in desk.out("decisions")} == {own.hash}
