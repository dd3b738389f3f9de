"""What became of messages: every order of log and receipts ends the same."""

from __future__ import annotations

from itertools import permutations

import pytest

from forewarn.alerts.told import Entry, Message, Status, Told
from forewarn.stream.engine.unit import Unit

PENDING = Message("confirmed", None, "email", "n1", int(Status.PENDING), 50, "passed")


def heard(*outcomes: tuple[str, int]) -> Status:
    """The status of a pending message after these outcomes, in this order."""
    told, unit = Told(), Unit({}, {}, 100)
    told.put(unit, "ada", Entry("outage", "o1", (PENDING,)))
    for outcome, time in outcomes:
        told.heard(unit, "ada", "n1", outcome, time)
    ((message,),) = (entry.messages for entry in told.entries(unit, "ada"))
    return Status(message.status)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([("attempt", 10)], Status.PENDING),
        ([("attempt", 10), ("sent", 11), ("delivered", 12)], Status.TOLD),
        ([("attempt", 10), ("ambiguous", 11)], Status.TOLD),
        ([("attempt", 10), ("failed", 11)], Status.FAILED),
        ([("sent", 11), ("bounced", 12)], Status.FAILED),
        ([("ambiguous", 11), ("attempt", 12), ("failed", 13)], Status.FAILED),
        ([("superseded", 11)], Status.SUPERSEDED),
        ([("expired", 11)], Status.SUPERSEDED),
        ([("sent", 11), ("complained", 20)], Status.TOLD),
    ],
)
def test_the_newest_outcome_counts_in_whatever_order_it_is_heard(
    outcomes: list[tuple[str, int]], status: Status
) -> None:
    assert {heard(*order) for order in permutations(outcomes)} == {status}


def test_only_news_about_what_is_told_is_reported() -> None:
    told, unit = Told(), Unit({}, {}, 100)
    told.put(unit, "ada", Entry("outage", "o1", (PENDING,)))
    assert told.heard(unit, "ada", "n1", "sent", 60) is None
    assert told.heard(unit, "ada", "n1", "sent", 60) is None
    assert told.heard(unit, "ada", "n9", "failed", 61) is None
    assert told.heard(unit, "bob", "n1", "failed", 61) is None
    after = told.heard(unit, "ada", "n1", "bounced", 62)
    assert after is not None
    assert not after.owed("confirmed")


def test_a_usage_entry_goes_when_its_cycle_is_over_and_an_outage_entry_stays() -> None:
    told = Told()
    early = Unit({}, {}, 100)
    told.put(early, "ada", Entry("usage", "data/1", (PENDING,), expires=500))
    told.put(early, "ada", Entry("outage", "o1", (PENDING,)))
    late = Unit(early.dirty, {}, 600)
    told.put(late, "ada", Entry("usage", "data/2", (PENDING,), expires=900))
    assert [entry.incident for entry in told.entries(late, "ada")] == ["o1", "data/2"]
    assert told.by_incident == {"o1": {"ada"}}


def test_the_index_is_rebuilt_and_what_is_removed_leaves_it() -> None:
    told, unit = Told(), Unit({}, {}, 100)
    for customer in ("ada", "bob"):
        told.put(unit, customer, Entry("outage", "o1", (PENDING,)))
    reborn = Told()
    reborn.restore(unit.dirty)
    assert reborn.by_incident == {"o1": {"ada", "bob"}}
    reborn.remove(unit, "ada", "o1")
    reborn.erase(unit, "bob")
    assert reborn.by_incident == {}
    assert reborn.entries(unit, "ada") == reborn.entries(unit, "bob") == ()
