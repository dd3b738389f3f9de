"""Timelines of storms: who is told first, and outages of so many customers that an operator must approve.

count of each partition ──> sum above the limit ──> hold ──> approve ──> vulnerable, business, all others
"""

from __future__ import annotations

from typing import Any

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.policy import Policy
from tests.acceptance.outage_world import World
from tests.decide_desk import DecideDesk, estimate, impact, profile

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


#: One e-mail a second in each of the four partitions.
SLOW = Policy(alerts=AlertPolicy(channel_rates={"email": 4}))


def test_a_channel_with_a_rate_is_never_asked_for_more_and_everybody_is_told_in_order_of_need() -> None:
    desk = falls(town(12, SLOW)).at(32).restart().at(60)
    assert [who for _, who in told(desk)] == [
        *("c11", "c3", "c7"),
        *("c2", "c5", "c8"),
        *("c0", "c1", "c10", "c4", "c6", "c9"),
    ]
    ordinary = [at for at, who in told(desk)[3:]]
    assert ordinary == [30, 30, 31, 32, 33, 34, 35, 36, 37]  # a burst of a second, then one a second
    waiting = [row.value for row in desk.out("decisions") if row.value["outcome"] == "deferred"]
    assert {row["reason"] for row in waiting} == {"storm"}
    assert max(row["evidence"]["drain_s"] for row in waiting) == 7


def test_an_end_waits_for_its_turn_too_and_comes() -> None:
    desk = falls(town(6, SLOW)).at(60)
    for number in range(6):
        desk.log(f"c{number}", "sent")
    desk.push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1)).at(120)
    assert all(desk.stages(f"c{number}") == ["confirmed", "restored"] for number in range(6))


def test_who_waits_for_a_turn_is_told_nothing_when_the_outage_ends_before() -> None:
    desk = falls(town(6, SLOW)).at(31)
    count = len(told(desk))
    desk.push("outages.impact", "o1/0", impact("o1", 2, "restored", elements_revision=1)).at(120)
    confirmed = {row.key for row in desk.out("notifications") if row.value["stage"] == "confirmed"}
    restored = {row.key for row in desk.out("notifications") if row.value["stage"] == "restored"}
    assert len(confirmed) == count < 6
    assert confirmed == restored


def test_a_usage_notice_does_not_wait_behind_a_storm() -> None:
    bucket = {"bucket": "data", "allowance": 10, "unit": "GB"}
    plan = {"plan_id": "p", "name": "P", "price": 1, "currency": "EUR", "cycle_day": 1, "buckets": [bucket]}
    desk = falls(town(12, SLOW)).push("customers.profiles", "zoe", profile("onu-9", plan=plan)).at(31)
    word = {"record_id": "r1", "bucket": "data", "amount": 9, "start": desk.core.now}
    desk.push("usage.records", "zoe", word)
    assert desk.stages("zoe") == ["threshold"]


def test_of_a_storm_only_large_moves_of_the_time_are_told() -> None:
    policy = Policy(alerts=AlertPolicy(storm_customers=4))
    calm, storm = (falls(town(size, policy), etr=estimate(9000, 9000, "field")).at(60) for size in (1, 2))
    for desk in (calm, storm):
        desk.log("c0", "sent")
        falls(desk, 2, elements_revision=1, etr=estimate(14_000, 14_000, "field")).at(120)
    assert calm.stages("c0") == ["confirmed", "re_estimated"]
    assert storm.stages("c0") == ["confirmed"]
    falls(storm, 3, elements_revision=1, etr=estimate(17_000, 17_000, "field")).at(180)
    assert storm.stages("c0") == ["confirmed", "re_estimated"]


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
