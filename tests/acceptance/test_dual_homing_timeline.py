"""Timelines of a customer with two accesses: whoever is served by a working one is not in an outage.

access 1   ────x───────────────●────>    o1: not told, while access 2 works
access 2   ─────────x──────●────────>    o2: told, and told when access 2 is back
"""

from __future__ import annotations

from tests.decide_desk import START, DecideDesk, impact, profile

HOUR = 3600.0


def two() -> DecideDesk:
    """Ada's shop has one service over two accesses; Bob has the first access only."""
    services = [
        {"service_id": "line", "kind": "fixed", "element": element, "region": "north"} for element in ("onu-1", "lte-1")
    ]
    desk = DecideDesk().push("customers.profiles", "ada", {**profile(), "services": services})
    return desk.push("customers.profiles", "bob", profile("onu-1"))


def falls(desk: DecideDesk, at: float, outage: str, element: str) -> DecideDesk:
    return desk.at(at).push("outages.impact", f"{outage}/0", impact(outage, 1, "confirmed", [element]))


def returns(desk: DecideDesk, at: float, outage: str) -> DecideDesk:
    time = START + int(at * 1000)
    word = impact(outage, 2, "restored", elements_revision=1, restored=time, time=time)
    return desk.at(at).push("outages.impact", f"{outage}/0", word)


def told(desk: DecideDesk, customer: str = "ada") -> list[tuple[float, str, str]]:
    return [(row.at, row.value["incident"], row.value["stage"]) for row in desk.out("notifications", customer)]


def test_who_is_served_by_the_other_access_is_neither_told_nor_counted() -> None:
    desk = falls(two(), 10, "o1", "onu-1").at(HOUR)
    assert told(desk) == []
    assert desk.decisions("ada") == [("confirmed", "dropped", "served_otherwise")]
    assert told(desk, "bob") == [(40, "o1", "confirmed")]
    assert desk.out("outages.affected")[0].value["customers"] == 1
    returns(desk, HOUR + 1, "o1").at(2 * HOUR)
    assert told(desk) == []


def test_when_the_second_access_fails_too_that_is_told_and_its_end() -> None:
    desk = falls(falls(two(), 10, "o1", "onu-1"), 100, "o2", "lte-1").at(HOUR)
    assert told(desk) == [(130, "o2", "confirmed")]
    returns(desk, HOUR + 1, "o2").at(2 * HOUR)
    assert told(desk)[1:] == [(HOUR + 1, "o2", "restored")]
    returns(desk, 2 * HOUR + 1, "o1").at(3 * HOUR)
    assert len(told(desk)) == 2


def test_both_accesses_that_fail_together_are_one_message_and_one_end() -> None:
    desk = falls(falls(two(), 10, "o1", "onu-1"), 20, "o2", "lte-1").at(HOUR)
    assert told(desk) == [(40, "o1", "confirmed")]
    returns(desk, HOUR + 1, "o1").at(2 * HOUR)
    assert told(desk)[1:] == [(HOUR + 1, "o1", "restored")]
    returns(desk, 2 * HOUR + 1, "o2").at(3 * HOUR)
    assert len(told(desk)) == 2


def test_a_second_access_that_is_given_up_in_an_outage_no_longer_spares() -> None:
    desk = falls(two(), 10, "o1", "onu-1").at(HOUR)
    desk.push("customers.profiles", "ada", profile("onu-1"))
    assert told(desk) == [(HOUR, "o1", "confirmed")]


def test_a_second_access_that_arrives_in_an_outage_spares_who_was_not_told_yet() -> None:
    services = [
        {"service_id": "line", "kind": "fixed", "element": element, "region": "north"} for element in ("onu-1", "lte-1")
    ]
    desk = falls(two(), 10, "o1", "onu-1").at(20)
    desk.push("customers.profiles", "bob", {**profile(), "services": services}).at(HOUR)
    assert told(desk, "bob") == []
