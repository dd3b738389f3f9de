"""Customers who reply that they are still out after an outage was restored: from the reply to the nested outage."""

from __future__ import annotations

import pytest

from tests.acceptance.correlate_world import Teller
from tests.decide_desk import START, DecideDesk, impact, profile

# -- decide: what is recognised


def restored() -> DecideDesk:
    """ada was in outage o1, which was restored at 500."""
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    desk.at(10).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(500).push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1, restored=START))
    return desk.at(600)


def reply(desk: DecideDesk, text: str | None = None, topic: str | None = None, customer: str = "ada") -> int:
    """How many rows correlate is sent about a reply."""
    said = {"id": "i", "time": desk.core.now, "kind": "reply", "text": text, "topic": topic}
    desk.push("customers.interactions", customer, {name: value for name, value in said.items() if value is not None})
    return len([row for row in desk.out("outages.affected") if row.value["type"] == "still_out"])


@pytest.mark.parametrize(
    "text",
    ["It is STILL OUT!", "Internet geht immer noch nicht", "¡Sigo sin servicio!", "C'est toujours en panne", "aun no"],
)
def test_a_reply_in_any_of_the_languages_is_passed_on_without_the_customers_name(text: str) -> None:
    desk = restored()
    assert reply(desk, text) == 1
    row = desk.out("outages.affected")[-1].value
    assert (row["outage_id"], row["element"], row["time"]) == ("o1", "onu-1", desk.core.now)
    assert "ada" not in str(row)


@pytest.mark.parametrize(
    ("text", "said"), [(None, 1), ("yes", 1), ("No, it works", 0), ("Nein", 0), ("¡Ya funciona!", 0)]
)
def test_an_answer_to_the_question_counts_unless_service_is_back(text: str | None, said: int) -> None:
    assert reply(restored(), text, topic="still_out") == said


def test_what_is_said_of_something_else_is_not_passed_on() -> None:
    desk = restored()
    assert reply(desk, "Thank you") == 0
    assert reply(desk, "still out", customer="bob") == 0
    desk.push("outages.impact", "o1/0", impact("o1", 3, "confirmed", elements_revision=1))
    assert reply(desk, "still out") == 0


def test_a_reply_long_after_the_end_is_not_passed_on() -> None:
    desk = restored().at(500 + 86_400 + 60)
    assert reply(desk, "still out") == 0


# -- correlate: what becomes of it


def network() -> tuple[Teller, str]:
    """olt-1 with pon-1 and pon-2, four onus each; an outage of olt-1 that is restored."""
    teller = Teller()
    teller.inventory("olt-1", kind="olt")
    onus = []
    for i in (1, 2):
        teller.inventory(f"pon-{i}", kind="pon", parent="olt-1")
        for j in range(4):
            onus.append(f"onu-{i}-{j}")
            teller.inventory(onus[-1], kind="onu", parent=f"pon-{i}")
    teller.beating(*onus)
    teller.down(*onus)
    teller.suspect("olt-1")
    teller.confirm("olt-1")
    teller.up(*onus)
    teller.clear("olt-1")
    teller.pass_time(310)
    assert teller.state("olt-1") == "restored"
    return teller, teller.outage("olt-1")["outage_id"]


def says(teller: Teller, outage: str, element: str, customer: str, *, at: int | None = None) -> None:
    said = {"type": "still_out", "outage_id": outage, "element": element, "region": "north", "partition": 0}
    time = teller.world.now if at is None else at
    teller.world.send("outages.affected", outage, said | {"customer": customer, "time": time})


def test_three_customers_beneath_one_element_open_a_nested_outage_of_what_they_named() -> None:
    teller, outage = network()
    says(teller, outage, "onu-1-0", "a")
    says(teller, outage, "onu-1-0", "b")
    teller.pass_time(60)
    says(teller, outage, "onu-1-3", "c")
    row = teller.outage("pon-1")
    assert (row["state"], row["parent"], row["evidence"][0]["detector"]) == ("confirmed", outage, "replies")
    teller.pass_time(20)
    assert teller.world.impact()[row["outage_id"]] == ("confirmed", {"onu-1-0", "onu-1-3"})
    assert teller.state("olt-1") == "restored"


def test_more_replies_widen_it_and_it_ends_when_nobody_says_so_any_more() -> None:
    #  0 three on onu-1-0 ── 600 one on onu-1-1: pon-1 now holds four within 30 min ── 2 h of silence: over
    teller, outage = network()
    for number in range(3):
        says(teller, outage, "onu-1-0", f"c{number}")
    assert teller.state("onu-1-0") == "confirmed"
    teller.pass_time(600)
    says(teller, outage, "onu-1-1", "c3")
    teller.pass_time(20)
    assert (teller.state("onu-1-0"), teller.state("pon-1")) == ("merged", "confirmed")
    says(teller, outage, "onu-1-2", "c4")
    teller.pass_time(20)
    teller.world.restart_correlate()
    assert teller.world.impact()[teller.outage("pon-1")["outage_id"]][1] == {"onu-1-0", "onu-1-1", "onu-1-2"}
    teller.pass_time(7000, step=20)
    assert teller.state("pon-1") == "confirmed"
    teller.pass_time(600, step=20)
    assert teller.state("pon-1") in ("monitoring", "restored")


def test_many_customers_on_each_element_are_part_of_the_outage_that_is_open_above_them() -> None:
    #  0 one on each onu: pon-1 is open ── then three more on each: the same outage, not one by itself for each onu
    teller, outage = network()
    for number in range(16):
        says(teller, outage, f"onu-1-{number % 4}", f"c{number}")
        teller.pass_time(20)
    assert {row["element"] for row in teller.world.outages().values()} == {"olt-1", "pon-1"}
    assert teller.world.impact()[teller.outage("pon-1")["outage_id"]][1] == {f"onu-1-{j}" for j in range(4)}


@pytest.mark.parametrize(
    "story",
    [
        [("onu-1-0", "a", 0), ("onu-1-1", "a", 10), ("onu-1-2", "a", 20)],
        [("onu-1-0", "a", 0), ("onu-1-1", "b", 10), ("onu-1-2", "c", 1900)],
        [("onu-1-0", "a", 0), ("elsewhere", "b", 10), ("elsewhere", "c", 20)],
    ],
    ids=["one customer three times", "too far apart", "not beneath it"],
)
def test_what_is_no_cluster_opens_nothing(story: list[tuple[str, str, int]]) -> None:
    teller, outage = network()
    begin = teller.world.now
    for element, customer, second in story:
        says(teller, outage, element, customer, at=begin + second * 1000)
    assert {row["element"] for row in teller.world.outages().values()} == {"olt-1"}


def test_the_order_and_number_of_replies_do_not_matter() -> None:
    ends = []
    for order in ([0, 1, 2], [2, 1, 0, 0, 1, 2], [1, 2, 1, 0]):
        teller, outage = network()
        begin = teller.world.now
        for number in order:
            says(teller, outage, f"onu-1-{number}", f"c{number}", at=begin + number * 1000)
        row = teller.outage("pon-1")
        ends.append((row["outage_id"], row["state"], row["started"]))
    assert ends == [ends[0]] * 3
