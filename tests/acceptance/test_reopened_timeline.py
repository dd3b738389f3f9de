"""Timelines of one customer partition: outages that come back, shrink and grow, and are merged while told."""

from __future__ import annotations

from typing import Any

from tests.decide_desk import START, DecideDesk, impact, profile


def told(desk: DecideDesk, customer: str = "ada") -> list[tuple[str, str | None]]:
    """(stage, class) of each notification, in order."""
    return [(row.value["stage"], row.value.get("class")) for row in desk.out("notifications", customer)]


def outage(desk: DecideDesk, second: float, revision: int, state: str, elements: Any = None, **more: Any) -> None:
    """A revision of outage o1 at a second; without elements its set is as it was."""
    more = {"elements_revision": 1, **more} if elements is None else more
    desk.at(second).push("outages.impact", "o1/0", impact("o1", revision, state, elements, **more))


def answered(desk: DecideDesk) -> None:
    desk.log("ada", "sent")


def test_an_outage_that_comes_back_after_its_restoration_is_told_again_as_a_pair() -> None:
    #  10 confirmed  500 restored  900 suspected  990 confirmed again  2000 restored
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    outage(desk, 10, 1, "confirmed", ["onu-1"])
    desk.at(50)
    answered(desk)
    outage(desk, 500, 2, "restored", restored=START + 400_000)
    answered(desk)
    outage(desk, 900, 3, "suspected", reopened=1)
    desk.restart()
    desk.at(980)
    assert told(desk) == [("confirmed", None), ("restored", None)]
    outage(desk, 990, 4, "confirmed", reopened=1)
    desk.at(1030)
    answered(desk)
    desk.restart()
    outage(desk, 2000, 5, "restored", restored=START + 1_900_000, reopened=1)
    desk.at(2100)
    assert told(desk)[2:] == [("confirmed", "reopened-1"), ("restored", "reopened-1")]
    ids = [row.value["notification_id"] for row in desk.out("notifications", "ada")]
    assert len(set(ids)) == 4


def test_whoever_still_waits_for_the_end_hears_nothing_when_the_outage_comes_back() -> None:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    outage(desk, 10, 1, "confirmed", ["onu-1"])
    desk.at(50)
    answered(desk)
    outage(desk, 500, 2, "monitoring")
    outage(desk, 600, 3, "confirmed")
    desk.at(700)
    assert told(desk) == [("confirmed", None)]


def test_a_customer_whose_element_falls_again_in_the_same_outage_is_told_again() -> None:
    #  10 onu-1, onu-2 down   300 only onu-2   650 restored told   1000 onu-1 down again
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    outage(desk, 10, 1, "confirmed", ["onu-1", "onu-2"])
    desk.at(50)
    answered(desk)
    outage(desk, 300, 2, "confirmed", ["onu-2"])
    desk.at(650)
    answered(desk)
    assert told(desk) == [("confirmed", None), ("restored", None)]
    desk.at(900)
    assert len(told(desk)) == 2
    outage(desk, 1000, 3, "confirmed", ["onu-1", "onu-2"])
    desk.at(1100)
    assert told(desk)[2:] == [("confirmed", "reopened-1")]


def test_what_was_told_moves_along_through_mergers_and_only_the_last_outage_ends_it() -> None:
    #  o1 (told) ──merged──> p1 ──merged──> p2 ──> restored once
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    outage(desk, 10, 1, "confirmed", ["onu-1"])
    desk.at(50)
    answered(desk)
    for second, name, revision, state, more in (
        (60, "p1", 1, "suspected", {}),
        (61, "o1", 2, "merged", {"merged_into": "p1", "parent": "p1", "elements_revision": 1}),
        (62, "p2", 1, "confirmed", {}),
        (63, "p1", 2, "merged", {"merged_into": "p2", "parent": "p2", "elements_revision": 1}),
    ):
        elements = ["onu-1", "onu-2"] if revision == 1 else None
        desk.at(second).push("outages.impact", f"{name}/0", impact(name, revision, state, elements, **more))
    desk.at(400)
    assert told(desk) == [("confirmed", None)]
    row = desk.out("customers.standing", "ada")[-1].value
    assert row["outages"] == ["p2"]
    desk.push("outages.impact", "p2/0", impact("p2", 2, "restored", elements_revision=1, restored=START + 399_000))
    desk.at(500)
    assert told(desk) == [("confirmed", None), ("restored", None)]
    assert desk.out("notifications", "ada")[-1].value["incident"] == "p2"


def test_a_mass_of_children_that_become_one_outage_is_one_message_to_each_customer() -> None:
    desk = DecideDesk()
    for i in range(20):
        desk.push("customers.profiles", f"c{i}", profile(f"onu-{i}"))
    for i in range(10):
        desk.push("outages.impact", f"o{i}/0", impact(f"o{i}", 1, "confirmed", [f"onu-{i}"]))
    desk.at(32)
    for i in range(10):
        desk.log(f"c{i}", "sent")
    everything = [f"onu-{i}" for i in range(20)]
    desk.push("outages.impact", "p/0", impact("p", 1, "confirmed", everything))
    for i in range(10):
        row = impact(f"o{i}", 2, "merged", merged_into="p", parent="p", elements_revision=1)
        desk.push("outages.impact", f"o{i}/0", row)
    desk.at(300)
    assert [told(desk, f"c{i}") for i in range(20)] == [[("confirmed", None)]] * 20
    desk.push("outages.impact", "p/0", impact("p", 2, "restored", elements_revision=1))
    desk.at(400)
    for i in range(10, 20):
        desk.log(f"c{i}", "sent")
    desk.at(600)
    assert [told(desk, f"c{i}") for i in range(20)] == [[("confirmed", None), ("restored", None)]] * 20
