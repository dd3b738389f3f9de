"""Timelines of digests: two outages of one customer within the group wait, and thresholds of one night.

0         10              30              100              200
├─ o1 ────├─ o2 ──────────├─ one message ──┼─ o1 over ───────┼─ o2 over ──>
                                            └─ 30 s later: o2 by itself, if it goes on
"""

from __future__ import annotations

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.policy import Policy
from tests.decide_desk import START, DecideDesk, estimate, impact, profile

HOUR = 3600.0


def both(*, second: float = 10, **more: object) -> DecideDesk:
    """Ada, whose house and office go down, in that order."""
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", "onu-2", **more))
    services = [
        {"service_id": "home", "kind": "fixed", "element": "onu-1", "region": "north"},
        {"service_id": "car", "kind": "mobile", "element": "onu-2", "region": "harbour"},
    ]
    desk.push("customers.profiles", "ada", {**profile(), "services": services, **more})
    desk.push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    return desk.at(second).push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-2"], region="harbour"))


def over(desk: DecideDesk, at: float, outage: str) -> DecideDesk:
    time = START + int(at * 1000)
    word = impact(outage, 9, "restored", elements_revision=1, restored=time, time=time)
    return desk.at(at).push("outages.impact", f"{outage}/0", word)


def told(desk: DecideDesk) -> list[tuple[float, str, str]]:
    return [(row.at, row.value["incident"], row.value["stage"]) for row in desk.out("notifications", "ada")]


def test_two_outages_within_the_group_wait_are_one_message_that_names_both_places() -> None:
    desk = both().at(100)
    assert told(desk) == [(30, "o1", "confirmed")]
    (message,) = desk.out("notifications", "ada")
    assert "Harbour" in message.value["text"].title()
    assert "North" in message.value["text"].title()
    row = desk.out("decisions", "ada")[-1].value
    assert (row["incident"], row["outcome"], row["reason"], row["rule"]) == ("o2", "dropped", "digested", "digest")
    assert row["evidence"]["with"] == "o1"


def test_the_second_is_told_by_itself_when_it_outlasts_the_first() -> None:
    desk = over(both(), 100, "o1").at(129)
    assert told(desk)[1:] == [(100, "o1", "restored")]
    over(desk.at(199), 200, "o2")
    assert told(desk)[2:] == [(130, "o2", "confirmed"), (200, "o2", "restored")]


def test_two_that_end_together_are_ended_once() -> None:
    desk = over(over(both(), 100, "o1"), 110, "o2").at(HOUR)
    assert told(desk) == [(30, "o1", "confirmed"), (100, "o1", "restored")]


def test_the_second_that_ends_first_is_not_spoken_of_again() -> None:
    desk = over(over(both(), 100, "o2"), 200, "o1").at(HOUR)
    assert told(desk) == [(30, "o1", "confirmed"), (200, "o1", "restored")]


def test_an_outage_after_the_message_is_told_by_itself() -> None:
    assert told(both(second=31).at(100)) == [(30, "o1", "confirmed"), (61, "o2", "confirmed")]


def test_a_time_is_named_only_if_it_holds_for_both() -> None:
    for first, second, named in ((4000, 3000, True), (3000, 4000, False)):
        desk = both()
        word = impact("o1", 2, "confirmed", elements_revision=1, etr=estimate(first, first, "field"))
        desk.push("outages.impact", "o1/0", word)
        word = impact("o2", 2, "confirmed", elements_revision=1, etr=estimate(second, second, "field"))
        desk.push("outages.impact", "o2/0", {**word, "region": "harbour"})
        text = desk.at(100).out("notifications", "ada")[0].value["text"]
        assert ("by 1" in text) == named, text


def test_two_outages_of_one_night_are_one_message_in_the_morning() -> None:
    desk = DecideDesk(Policy(alerts=AlertPolicy(lease_s=10 * HOUR)))
    desk.push("customers.profiles", "ada", profile("onu-1", "onu-2"))
    desk.push("customers.subscriptions", "ada", {"quiet_hours": {"start": "12:00", "end": "14:00"}})
    services = [
        {"service_id": "home", "kind": "fixed", "element": "onu-1", "region": "north"},
        {"service_id": "car", "kind": "mobile", "element": "onu-2", "region": "north"},
    ]
    desk.push("customers.profiles", "ada", {**profile(), "services": services})
    desk.at(60).push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"]))
    desk.at(HOUR).push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-2"]))
    desk.restart().at(3 * HOUR)
    assert told(desk) == [(2 * HOUR, "o1", "confirmed")]
    assert not desk.out("customers.standing", "ada")[-1].value.get("pending")


def test_of_two_thresholds_of_one_night_the_higher_is_told() -> None:
    plan = {
        "plan_id": "m",
        "name": "M",
        "price": 20,
        "currency": "EUR",
        "cycle_day": 1,
        "buckets": [{"bucket": "data", "allowance": 1000, "unit": "MB"}],
    }
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1", plan=plan))
    quiet = {"quiet_hours": {"start": "12:00", "end": "14:00"}, "thresholds": {"data": [50, 80, 90]}}
    desk.push("customers.subscriptions", "ada", quiet)
    for at, amount in ((10, 550), (20, 300), (30, 60)):
        word = {"record_id": f"r{at}", "bucket": "data", "amount": amount, "start": START + at * 1000}
        desk.at(at).push("usage.records", "ada", word)
    desk.at(3 * HOUR)
    sent = [(row.value["stage"], row.value["class"]) for row in desk.out("notifications", "ada")]
    assert sent == [("threshold", "90")]
    last = [(row.value["outcome"], row.value["reason"]) for row in desk.out("decisions", "ada")][-3:]
    assert sorted(last) == [("dropped", "digested"), ("dropped", "digested"), ("sent", "passed")]
