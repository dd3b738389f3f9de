"""Planned work that detect sees in parts, and what was down before it: nothing outlives its devices.

agg-1 ── olt-1 ── pon-1, pon-2 with four onus each; work on olt-1 (or more) from 1000 to 2000; overrun after 1800 s.
"""

from __future__ import annotations

import pytest

from tests.acceptance.correlate_world import Teller
from tests.acceptance.test_planned_work_timeline import END, OVERRUN, until, work

PONS = ("pon-1", "pon-2")


def network() -> Teller:
    teller = Teller()
    teller.inventory("agg-1", kind="aggregation")
    teller.inventory("olt-1", kind="olt", parent="agg-1")
    for pon in PONS:
        teller.inventory(pon, kind="pon", parent="olt-1")
        for onu in onus(pon):
            teller.inventory(onu, kind="onu", parent=pon)
        teller.beating(*onus(pon))
    return teller


def onus(pon: str) -> list[str]:
    return [f"{pon}-onu-{i}" for i in range(4)]


def fall(teller: Teller, *pons: str) -> None:
    teller.down(*(onu for pon in pons for onu in onus(pon)))


def mend(teller: Teller, *pons: str) -> None:
    teller.up(*(onu for pon in pons for onu in onus(pon)))


def give_up(teller: Teller, *parts: str) -> None:
    """Detect sees all of olt-1 down now, and gives up what it suspected of its parts."""
    teller.suspect("olt-1", absorbs=[f"element/{part}" for part in parts])


def states(teller: Teller, element: str) -> list[str]:
    return [state for state, _ in teller.world.states(element)]


def test_parts_of_planned_work_are_merged_into_it_and_end_with_it() -> None:
    #  1200 pon-2 planned ── 1205 olt-1 planned (pon-2 merged) ── 1800 closed     overrun: nothing comes back to life
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, "pon-2")
    teller.suspect("pon-2")
    teller.pass_time(5)
    fall(teller, "pon-1")
    give_up(teller, "pon-2")
    until(teller, 1800)
    mend(teller, *PONS)
    teller.clear("olt-1")
    until(teller, END + OVERRUN + 600)
    assert states(teller, "pon-2") == ["planned", "merged"]
    assert states(teller, "olt-1") == ["planned", "closed"]


def test_the_next_outage_after_planned_work_that_came_in_parts_is_a_new_one() -> None:
    #  1200 planned, in parts ── 1800 closed      5000 pon-2 falls: its own outage, confirmed when detect is sure
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, *PONS)
    teller.suspect("pon-2")
    teller.pass_time(5)
    give_up(teller, "pon-2")
    until(teller, 1800)
    mend(teller, *PONS)
    teller.clear("olt-1")
    until(teller, 5000)
    fall(teller, "pon-2")
    teller.suspect("pon-2")
    assert states(teller, "pon-2")[-1] == "suspected"
    teller.pass_time(90)
    teller.confirm("pon-2")
    mend(teller, "pon-2")
    teller.clear("pon-2")
    teller.pass_time(305)
    rows = [row for row in teller.world.outages().values() if row["element"] == "pon-2"]
    assert sorted(row["state"] for row in rows) == ["merged", "restored"]


@pytest.mark.parametrize("restart", [False, True])
def test_an_outage_before_the_work_that_took_the_rest_down_is_led_on_and_ends_with_it(*, restart: bool) -> None:
    #  900 pon-2 confirmed ─────────────────────────── 1800 monitoring
    #      1200 olt-1 planned, pon-2 is an outage still ── 1800 closed
    teller = network()
    work(teller, "olt-1")
    until(teller, 800)
    fall(teller, "pon-2")
    teller.suspect("pon-2")
    until(teller, 900)
    teller.confirm("pon-2")
    until(teller, 1200)
    fall(teller, "pon-1")
    give_up(teller, "pon-2")
    assert (teller.state("pon-2"), teller.state("olt-1")) == ("confirmed", "planned")
    if restart:
        teller.world.restart_correlate()
    until(teller, 1800)
    mend(teller, *PONS)
    teller.clear("olt-1")
    assert (teller.state("pon-2"), teller.state("olt-1")) == ("monitoring", "closed")


def test_a_suspicion_that_staff_dismissed_and_detect_gave_up_hides_no_later_outage() -> None:
    #  800 pon-2, dismissed by staff ── 850 olt-1 instead of it ── 1800 over      5000 pon-2 falls: suspected
    teller = network()
    until(teller, 800)
    fall(teller, "pon-2")
    teller.suspect("pon-2")
    action = {"id": "f-1", "author": "ana", "time": teller.world.now, "action": "dismiss", "element": "pon-2"}
    teller.world.send("network.field", "pon-2", action)
    teller.pass_time(50)
    fall(teller, "pon-1")
    give_up(teller, "pon-2")
    until(teller, 1800)
    mend(teller, *PONS)
    teller.clear("olt-1")
    until(teller, 5000)
    fall(teller, "pon-2")
    teller.suspect("pon-2")
    assert teller.state("pon-2") == "suspected"
