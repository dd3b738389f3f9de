"""Timelines of storms: who is told first, and outages of so many customers that an operator must approve.

count of each partition ──> sum above the limit ──> hold ──> approve ──> vulnerable, business, all others
"""

from __future__ import annotations

from typing import Any

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.policy import Policy
from tests.acceptance.outage_world import World
from tests.decide_desk import DecideDesk, impact, profile

#: Four partitions in the desk's layout: its share of a limit of eight is two.
LIMIT = Policy(outages=OutagePolicy(hold_customers=8))


def town(size: int, policy: Policy | None = None) -> DecideDesk:
    """Customers c0, c1, ... of one element: every third is a business, every fourth is vulnerable."""
    desk = DecideDesk(policy)
    for number in range(size):
        segment = "vulnerable" if number % 4 == 3 else "business" if number % 3 == 2 else "consumer"
        desk.push("customers.profiles", f"c{number}", profile("onu-1", segment=segment))
    return desk


def falls(desk: DecideDesk, revision: int = 1, **more: Any) -> DecideDesk:
    elements = ["onu-1"] if revision == 1 else None
    return desk.push("outages.impact", "o1/0", impact("o1", revision, "confirmed", elements, **more))


def told(desk: DecideDesk) -> list[tuple[float, str]]:
    return [(row.at, row.key) for row in desk.out("notifications")]


def test_vulnerable_customers_are_told_at_once_and_businesses_before_all_others() -> None:
    desk = falls(town(12)).at(29)
    assert told(desk) == [(0, "c11"), (0, "c3"), (0, "c7")]
    desk.at(31)
    assert [who for _, who in told(desk)[3:]] == ["c2", "c5", "c8", "c0", "c1", "c10", "c4", "c6", "c9"]


def test_the_order_outlives_a_restart_within_the_walk() -> None:
    policy = Policy(alerts=AlertPolicy(fan_out_customers=2))
    desk = falls(town(12, policy))
    desk.core.fold.tick(desk.core.begin(desk.core.now), desk.idle)
    for _ in range(35):
        desk.restart().at(desk.seconds + 1)
    assert [who for _, who in told(desk)] == [
        *("c11", "c3", "c7"),
        *("c2", "c5", "c8"),
        *("c0", "c1", "c10", "c4", "c6", "c9"),
    ]


def test_a_partition_with_more_than_its_share_holds_itself_until_a_revision_says_otherwise() -> None:
    desk = falls(town(3, LIMIT)).at(60)
    assert told(desk) == []
    falls(desk, 2, elements_revision=1, cause="power").at(70)
    assert told(desk) == []
    falls(desk, 3, elements_revision=1, hold=False).at(71)
    assert len(told(desk)) == 3


def test_a_partition_within_its_share_waits_for_nobody() -> None:
    assert len(told(falls(town(2, LIMIT)).at(60))) == 2


def test_who_was_told_before_the_storm_is_told_of_its_end() -> None:
    desk = falls(town(2, LIMIT)).at(60).log("c0", "sent").log("c1", "sent")
    desk.push("customers.profiles", "c9", profile("onu-2"))
    word = impact("o1", 2, "confirmed", ["onu-1", "onu-2"], hold=True)
    desk.push("outages.impact", "o1/0", word).at(120)
    desk.push("outages.impact", "o1/0", impact("o1", 3, "restored", elements_revision=2)).at(600)
    assert [desk.stages(who) for who in ("c0", "c1", "c9")] == [
        ["confirmed", "restored"],
        ["confirmed", "restored"],
        [],
    ]


def test_a_held_partition_goes_on_holding_after_a_restart() -> None:
    desk = falls(town(3, LIMIT)).restart().at(60)
    assert told(desk) == []


def declared(limit: int = 8) -> tuple[World, str]:
    world = World(OutagePolicy(hold_customers=limit))
    world.act("declare", element="olt-1", region="north")
    return world, world.one()["outage_id"]


def counted(world: World, outage: str, *customers: int) -> None:
    for partition, count in enumerate(customers):
        word = {"type": "affected", "outage_id": outage, "revision": 1, "partition": partition, "time": world.now}
        world.send("outages.affected", outage, {**word, "customers": count})
    world.run(until=world.second + 30)


def test_an_outage_of_more_customers_than_the_limit_is_held_until_an_operator_approves() -> None:
    world, outage = declared()
    counted(world, outage, 4, 5)
    assert (world.one()["customers"], world.one()["hold"]) == (9, True)
    world.restart_correlate()
    world.act("approve", element="olt-1")
    assert world.one()["hold"] is False
    counted(world, outage, 40, 50)
    assert (world.one()["customers"], world.one()["hold"]) == (90, False)


def test_partitions_that_held_themselves_are_told_to_go_on_when_the_sum_is_small() -> None:
    world, outage = declared()
    counted(world, outage, 7, 1)
    assert (world.one()["customers"], world.one()["hold"]) == (8, False)
    counted(world, outage, 8, 1)
    assert world.one()["hold"] is True


def test_an_outage_of_usual_size_says_nothing_of_holding() -> None:
    world, outage = declared()
    counted(world, outage, 1, 1)
    assert "hold" not in world.one()
