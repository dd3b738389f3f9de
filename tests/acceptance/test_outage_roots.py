"""Root causes across regions and partitions, what becomes of the parts, and why it is out.

core-1 ─┬─ agg-a (region a) ─┬─ olt-a-0 .. olt-a-4, each with onus olt-a-0-0 .. olt-a-0-3
        └─ agg-b (region b) ─┴─ olt-b-0 .. olt-b-4
ring-1 hangs on olt-a-0 and on olt-b-0.
"""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.correlate_world import Teller

A = "a"
B = next(name for name in "bcde" if partition_of(name.encode(), 2) != partition_of(b"a", 2))
OLTS = 5


def network() -> Teller:
    teller = Teller(partitions=2)
    teller.inventory("core-1", region="core", kind="core")
    for region, name in ((A, "a"), (B, "b")):
        teller.inventory(f"agg-{name}", region=region, kind="aggregation", parent="core-1")
        for i in range(OLTS):
            olt = f"olt-{name}-{i}"
            teller.inventory(olt, region=region, kind="olt", parent=f"agg-{name}", powered_by=f"site-{name}")
            onus = [f"{olt}-{j}" for j in range(4)]
            for onu in onus:
                teller.inventory(onu, region=region, kind="onu", parent=olt)
            teller.beating(*onus, region=region)
    teller.inventory("ring-1", region=A, kind="olt", parents=["olt-a-0", "olt-b-0"])
    teller.pass_time(300)
    return teller


def fail(teller: Teller, name: str, *olts: int, region: str, **more: Any) -> None:
    """Line terminals of one region fall: their devices are down, and detect suspects each."""
    for i in olts:
        teller.down(*(f"olt-{name}-{i}-{j}" for j in range(4)), region=region)
        teller.suspect(f"olt-{name}-{i}", region=region, **more)


def states(teller: Teller) -> dict[str, str]:
    return {row["element"]: row["state"] for row in teller.world.outages().values()}


def test_most_children_that_fall_together_are_one_outage_of_their_parent() -> None:
    #  0 ├ olt-a-0, olt-a-1 ├ 60 olt-a-2, olt-a-3: 4 of 5 within 120 s
    teller = network()
    fail(teller, "a", 0, 1, region=A)
    teller.pass_time(60)
    assert set(states(teller).values()) == {"suspected"}
    fail(teller, "a", 2, 3, region=A)
    teller.pass_time(5)
    root = teller.outage("agg-a")
    assert (root["state"], root["evidence"][0]) == (
        "suspected",
        {"detector": "topology", "value": 0.8, "threshold": 0.8, "window_s": 120.0},
    )
    parts = [row for row in teller.world.outages().values() if row["element"] != "agg-a"]
    assert {(row["state"], row["merged_into"], row["parent"]) for row in parts} == {
        ("merged", root["outage_id"], root["outage_id"])
    }
    assert root["devices_down"] == 16


def test_the_parent_lives_and_ends_by_the_suspicions_of_its_children() -> None:
    teller = network()
    fail(teller, "a", 0, 1, 2, 3, region=A)
    teller.pass_time(90)
    for i in range(4):
        teller.confirm(f"olt-a-{i}", region=A)
    assert teller.state("agg-a") == "confirmed"
    for i in range(4):
        assert teller.state("agg-a") == "confirmed"
        teller.clear(f"olt-a-{i}", region=A)
    assert teller.state("agg-a") == "monitoring"
    teller.pass_time(305)
    assert teller.state("agg-a") == "restored"


def test_a_child_that_falls_later_joins_its_parent() -> None:
    teller = network()
    fail(teller, "a", 0, 1, 2, 3, region=A)
    teller.pass_time(1200)
    fail(teller, "a", 4, region=A)
    teller.pass_time(20)
    assert "olt-a-4" not in states(teller)
    assert teller.outage("agg-a")["devices_down"] == 20


def test_children_that_fell_long_before_are_no_part_of_it() -> None:
    #  0 ├ olt-a-0, olt-a-1          600 ├ olt-a-2, olt-a-3: never 4 of 5 within 120 s
    teller = network()
    fail(teller, "a", 0, 1, region=A)
    teller.pass_time(600)
    fail(teller, "a", 2, 3, region=A)
    teller.pass_time(60)
    assert states(teller) == {f"olt-a-{i}": "suspected" for i in range(4)}


def test_alarms_are_polled_and_may_come_further_apart() -> None:
    teller = network()
    fail(teller, "a", 0, 1, region=A, detector="alarm")
    teller.pass_time(400)
    fail(teller, "a", 2, 3, region=A, detector="alarm")
    teller.pass_time(5)
    assert teller.state("agg-a") == "suspected"


def test_fewer_than_most_children_are_outages_of_their_own() -> None:
    teller = network()
    fail(teller, "a", 0, 1, 2, region=A)
    teller.pass_time(60)
    assert "agg-a" not in states(teller)


def test_regions_that_fall_together_are_one_outage_of_what_both_hang_on() -> None:
    #  detect sees a region each; core-1 is in a third one, in neither partition
    teller = network()
    for region, name in ((A, "a"), (B, "b")):
        for i in range(OLTS):
            teller.down(*(f"olt-{name}-{i}-{j}" for j in range(4)), region=region)
        teller.suspect(f"agg-{name}", region=region)
    teller.pass_time(5)
    assert states(teller) == {"agg-a": "merged", "agg-b": "merged", "core-1": "suspected"}
    teller.confirm("agg-a", region=A)
    assert teller.outage("core-1")["state"] == "confirmed"
    assert teller.outage("core-1")["region"] == "core"
    teller.pass_time(20)
    ((_, elements),) = [held for held in teller.world.impact().values() if held[0] == "confirmed"]
    assert {"core-1", "agg-a", "agg-b", "olt-b-4-3"} <= elements


def test_whole_regions_are_merged_into_what_both_hang_on() -> None:
    teller = network()
    for region, name in ((A, "a"), (B, "b")):
        for i in range(OLTS):
            teller.down(*(f"olt-{name}-{i}-{j}" for j in range(4)), region=region)
        teller.suspect(region, region=region, whole_region=True)
    teller.pass_time(5)
    assert states(teller) == {A: "merged", B: "merged", "core-1": "suspected"}


def test_an_element_of_several_regions_is_not_named_for_the_part_that_one_partition_sees() -> None:
    teller = network()
    for i in range(OLTS):
        teller.down(*(f"olt-a-{i}-{j}" for j in range(4)), region=A)
    teller.suspect("core-1", region=A)
    teller.pass_time(5)
    assert states(teller) == {"agg-a": "suspected"}
    teller.confirm("core-1", region=A)
    assert teller.state("agg-a") == "confirmed"
    teller.clear("core-1", region=A)
    assert teller.state("agg-a") == "monitoring"


def test_an_alarm_of_the_parent_takes_its_children_in_and_confirms() -> None:
    teller = network()
    fail(teller, "a", 0, 1, region=A)
    teller.pass_time(30)
    teller.suspect("core-1", region="core", detector="alarm")
    teller.pass_time(5)
    assert states(teller) == {"olt-a-0": "merged", "olt-a-1": "merged", "core-1": "confirmed"}


def test_what_has_two_ways_up_is_no_part_of_an_outage_of_one_of_them() -> None:
    teller = network()
    teller.suspect("ring-1", region=A)
    teller.suspect("olt-a-0", region=A, detector="alarm")
    teller.pass_time(10)
    assert states(teller) == {"ring-1": "suspected", "olt-a-0": "suspected"}
    teller.suspect("core-1", region="core", detector="alarm")
    teller.pass_time(10)
    assert states(teller) == {"ring-1": "merged", "olt-a-0": "merged", "core-1": "confirmed"}


def test_a_parent_that_beats_has_not_failed() -> None:
    teller = network()
    teller.beating("agg-a", region=A)
    fail(teller, "a", 0, 1, 2, 3, region=A)
    teller.pass_time(60)
    assert "agg-a" not in states(teller)


def test_children_that_nobody_can_see_infer_no_parent() -> None:
    #  four of five behind a silent collector; the fifth truly fails behind another
    teller = network()
    row = {"of": "collector", "name": "c-1", "expected": 20, "down": 0, "heard": teller.world.now}
    teller.status[A] = [row]
    teller.pass_time(300)
    fail(teller, "a", 0, 1, 2, 3, region=A, collectors=["c-1"])
    fail(teller, "a", 4, region=A, collectors=["c-2"])
    teller.pass_time(30)
    assert "agg-a" not in states(teller)
    for i in range(5):
        teller.confirm(f"olt-a-{i}", region=A)
    teller.pass_time(30)
    assert states(teller) == {**{f"olt-a-{i}": "unknown" for i in range(4)}, "olt-a-4": "confirmed"}


def test_a_restart_in_between_merges_the_same() -> None:
    plain, killed = network(), network()
    for teller in (plain, killed):
        fail(teller, "a", 0, 1, region=A)
        if teller is killed:
            teller.world.restart_correlate()
        fail(teller, "a", 2, 3, region=A)
        teller.pass_time(10)
        if teller is killed:
            teller.world.restart_correlate()
        teller.pass_time(60)
    assert [found.json for found in killed.world.of("outages.revisions")] == [
        found.json for found in plain.world.of("outages.revisions")
    ]


# -- why it is out


def alarm(teller: Teller, element: str, kind: str, *, opened: bool = True, region: str = A) -> None:
    teller.say("alarm", region, alarms=[{"element": element, "alarm": kind, "open": opened, "time": teller.world.now}])


def test_mostly_loss_of_light_is_fibre_and_a_crew_knows_better() -> None:
    teller = network()
    fail(teller, "a", 0, 1, 2, 3, region=A)
    for i in range(3):
        alarm(teller, f"olt-a-{i}", "signal")
    alarm(teller, "olt-a-3", "power")
    teller.pass_time(5)
    assert teller.outage("agg-a")["cause"] == "fibre"
    teller.world.act("cause", outage_id=teller.outage("agg-a")["outage_id"], cause="damage")
    alarm(teller, "olt-a-2", "power")
    alarm(teller, "olt-a-1", "power")
    alarm(teller, "olt-a-0", "power")
    teller.pass_time(30)
    assert teller.outage("agg-a")["cause"] == "damage"


def test_mostly_dying_gasps_are_power() -> None:
    teller = network()
    fail(teller, "a", 0, region=A, gasps=3)
    alarm(teller, "olt-a-0", "signal")
    teller.pass_time(5)
    assert teller.outage("olt-a-0")["cause"] == "power"


def test_a_single_gasp_tells_nothing() -> None:
    teller = network()
    fail(teller, "a", 0, region=A, gasps=1)
    teller.pass_time(5)
    assert "cause" not in teller.outage("olt-a-0")


@pytest.mark.parametrize("place", ["olt-a-0", "agg-a", "site-a"])
def test_a_power_failure_that_batteries_bridged_is_the_cause_of_the_outage_that_follows(place: str) -> None:
    #  0 mains fail ├──── batteries ────┤ 7200 outage
    teller = network()
    alarm(teller, place, "power")
    teller.pass_time(7200, step=60)
    fail(teller, "a", 0, region=A)
    teller.pass_time(5)
    assert teller.outage("olt-a-0")["cause"] == "power"


def test_a_power_failure_that_ended_before_is_not_the_cause() -> None:
    teller = network()
    alarm(teller, "olt-a-0", "power")
    teller.pass_time(600)
    alarm(teller, "olt-a-0", "power", opened=False)
    teller.pass_time(600)
    fail(teller, "a", 0, region=A)
    teller.pass_time(5)
    assert "cause" not in teller.outage("olt-a-0")


def test_an_element_that_says_it_is_broken_is_equipment_unless_light_or_power_tell_more() -> None:
    teller = network()
    fail(teller, "a", 0, region=A)
    alarm(teller, "olt-a-0", "equipment")
    alarm(teller, "olt-a-1", "equipment")
    teller.pass_time(5)
    assert teller.outage("olt-a-0")["cause"] == "equipment"
    alarm(teller, "olt-a-0", "signal")
    teller.pass_time(30)
    assert teller.outage("olt-a-0")["cause"] == "fibre"


def test_a_part_that_is_broken_does_not_explain_the_whole() -> None:
    teller = network()
    fail(teller, "a", 0, 1, 2, 3, region=A)
    alarm(teller, "olt-a-0", "equipment")
    teller.pass_time(5)
    assert "cause" not in teller.outage("agg-a")


def test_a_cause_stays_when_its_alarms_clear_one_by_one() -> None:
    teller = network()
    fail(teller, "a", 0, 1, 2, 3, region=A)
    for i in range(4):
        alarm(teller, f"olt-a-{i}", "signal")
        alarm(teller, f"olt-a-{i}", "power")
    teller.pass_time(5)
    teller.world.restart_correlate()
    for i in range(4):
        alarm(teller, f"olt-a-{i}", "power", opened=False)
    teller.pass_time(30)
    assert teller.outage("agg-a")["cause"] == "power"


# -- one outage above another


def test_what_was_confirmed_long_before_what_is_above_it_keeps_its_elements_until_it_ends() -> None:
    #  0 olt-a-0 confirmed ── 1200 agg-a ── olt-a-0 mended, agg-a still down: its elements are agg-a's then
    teller = network()
    fail(teller, "a", 0, region=A)
    teller.pass_time(90)
    teller.confirm("olt-a-0", region=A)
    teller.pass_time(1200)
    for i in range(1, 5):
        teller.down(*(f"olt-a-{i}-{j}" for j in range(4)), region=A)
    teller.suspect("agg-a", region=A)
    teller.confirm("agg-a", region=A)
    teller.pass_time(20)
    own, above = teller.outage("olt-a-0")["outage_id"], teller.outage("agg-a")["outage_id"]
    assert (states(teller)["olt-a-0"], states(teller)["agg-a"]) == ("confirmed", "confirmed")
    assert not teller.world.impact()[own][1] & teller.world.impact()[above][1]
    assert {"agg-a", "olt-a-1", "olt-a-4-3"} <= teller.world.impact()[above][1]
    teller.world.act("resolve", outage_id=own)
    teller.pass_time(20)
    assert "olt-a-0-0" in teller.world.impact()[above][1]


def test_what_is_only_suspected_when_what_is_above_it_fails_becomes_a_part_of_it_whenever_it_began() -> None:
    teller = network()
    fail(teller, "a", 0, region=A)
    teller.pass_time(1200)
    teller.suspect("agg-a", region=A)
    teller.pass_time(5)
    assert states(teller) == {"olt-a-0": "merged", "agg-a": "suspected"}
