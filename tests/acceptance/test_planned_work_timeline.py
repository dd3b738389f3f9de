"""Planned work: what it explains, when it is late, and when an outage is one after all. Seconds of event time.

agg-1 ── olt-1, olt-2, olt-3 with four onus each; work on olt-1 (or more) from 1000 to 2000; overrun after 1800 s.
"""

from __future__ import annotations

import pytest

from forewarn.topics.instants import to_rfc3339
from tests.acceptance.correlate_world import Teller
from tests.acceptance.outage_world import EPOCH

START, END, OVERRUN = 1000, 2000, 1800


def network() -> Teller:
    teller = Teller()
    teller.inventory("agg-1", kind="aggregation")
    for i in (1, 2, 3):
        teller.inventory(f"olt-{i}", kind="olt", parent="agg-1")
        onus = [f"onu-{i}-{j}" for j in range(4)]
        for onu in onus:
            teller.inventory(onu, kind="onu", parent=f"olt-{i}")
        teller.beating(*onus)
    return teller


def work(teller: Teller, *elements: str, name: str = "m-1", start: int = START, end: int = END, **more: str) -> None:
    at = {"start": EPOCH + start * 1000, "end": EPOCH + end * 1000}
    row = {"elements": list(elements), "status": more.get("status", "planned")}
    teller.world.send("network.maintenance", name, row | at)


def until(teller: Teller, second: float) -> None:
    teller.pass_time(second - teller.world.second)


def fall(teller: Teller, olt: int, *, confirm: bool = True) -> None:
    """olt-<i> goes down with its onus; detect is sure 90 s later."""
    teller.down(*(f"onu-{olt}-{j}" for j in range(4)))
    teller.suspect(f"olt-{olt}")
    if confirm:
        teller.pass_time(90)
        teller.confirm(f"olt-{olt}")


def states(teller: Teller, element: str) -> list[str]:
    return [state for state, _ in teller.world.states(element)]


def test_what_begins_in_the_window_is_planned_and_closes_with_it() -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, 1)
    row = teller.outage("olt-1")
    assert (row["state"], row["maintenance_id"], row["cause"]) == ("planned", "m-1", "planned")
    teller.clear("olt-1")
    assert states(teller, "olt-1") == ["planned", "closed"]


def test_what_detect_saw_smaller_at_first_is_a_part_of_the_planned_outage_and_over_with_it() -> None:
    #  1200 onu-1-0 is planned for itself ── 1260 olt-1 explains it ── 1500 all are back
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    teller.down("onu-1-0")
    teller.suspect("onu-1-0")
    until(teller, 1260)
    teller.down("onu-1-1", "onu-1-2", "onu-1-3")
    teller.suspect("olt-1", absorbs=["element/onu-1-0"])
    assert states(teller, "onu-1-0") == ["planned", "merged"]
    until(teller, 1500)
    teller.up(*(f"onu-1-{j}" for j in range(4)))
    teller.clear("olt-1")
    until(teller, END + OVERRUN + 10)
    assert states(teller, "olt-1") == ["planned", "closed"]
    assert states(teller, "onu-1-0") == ["planned", "merged"]


def test_work_that_outlasts_its_window_is_shown_as_late_and_is_an_outage_when_it_lasts() -> None:
    #  1000 ├── window ──┤ 2000 ── late ──┤ 3800 confirmed
    teller = network()
    work(teller, "olt-1")
    until(teller, 1900)
    fall(teller, 1)
    until(teller, 2030)
    row = teller.outage("olt-1")
    assert (row["state"], row["overrun"]) == ("planned", to_rfc3339(EPOCH + END * 1000))
    late = row["revision"]
    until(teller, END + OVERRUN - 5)
    assert teller.outage("olt-1")["revision"] == late
    until(teller, END + OVERRUN + 10)
    row = teller.outage("olt-1")
    assert (row["state"], "maintenance_id" in row, "overrun" in row) == ("confirmed", False, False)
    assert row["started"] == to_rfc3339(EPOCH + 1900 * 1000)


def test_work_that_is_prolonged_is_late_no_more() -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 1900)
    fall(teller, 1)
    until(teller, 2500)
    assert "overrun" in teller.outage("olt-1")
    work(teller, "olt-1", end=6000)
    assert "overrun" not in teller.outage("olt-1")
    until(teller, END + OVERRUN + 100)
    assert teller.state("olt-1") == "planned"


@pytest.mark.parametrize(("sure", "state"), [(True, "confirmed"), (False, "suspected")])
def test_work_that_is_cancelled_leaves_what_is_down_to_be_an_outage(sure: bool, state: str) -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, 1, confirm=sure)
    work(teller, "olt-1", status="cancelled")
    assert teller.state("olt-1") == state
    if not sure:
        teller.confirm("olt-1")
    assert teller.state("olt-1") == "confirmed"
    assert teller.outage("olt-1").get("cause") is None


def test_work_that_is_moved_away_leaves_what_is_down_to_be_an_outage() -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, 1)
    work(teller, "olt-1", start=80_000, end=90_000)
    assert teller.state("olt-1") == "confirmed"


def test_of_two_windows_that_overlap_the_later_end_counts() -> None:
    #  1000 ├── m-1 ────┤ 2000
    #       1500 ├── m-2 on agg-1 ──┤ 5000
    teller = network()
    work(teller, "olt-1")
    work(teller, "agg-1", name="m-2", start=1500, end=5000)
    until(teller, 1600)
    fall(teller, 1)
    assert teller.outage("olt-1")["maintenance_id"] == "m-2"
    work(teller, "agg-1", name="m-2", start=1500, end=5000, status="cancelled")
    assert (teller.state("olt-1"), teller.outage("olt-1")["maintenance_id"]) == ("planned", "m-1")


def test_work_announced_too_late_explains_what_is_only_suspected_and_not_what_was_told() -> None:
    teller = network()
    until(teller, 1200)
    fall(teller, 1, confirm=False)
    fall(teller, 2)
    work(teller, "olt-1", "olt-2")
    assert (teller.state("olt-1"), teller.state("olt-2")) == ("planned", "confirmed")


def test_what_was_down_before_the_work_is_an_outage() -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 900)
    fall(teller, 1)
    until(teller, 1300)
    assert teller.state("olt-1") == "confirmed"


def test_a_parent_named_for_children_under_work_is_planned_and_one_with_more_down_is_not() -> None:
    for more, state in ((False, "planned"), (True, "suspected")):
        teller = network()
        work(teller, "olt-1", "olt-2")
        until(teller, 1200)
        teller.down(*(f"onu-{i}-{j}" for i in (1, 2) for j in range(4)))
        if more:
            teller.down("onu-3-0")
        teller.suspect("agg-1")
        assert teller.state("agg-1") == state


def test_staff_may_call_planned_work_an_outage() -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, 1)
    teller.world.act("confirm", outage_id=teller.outage("olt-1")["outage_id"], text="the old card will not boot")
    row = teller.outage("olt-1")
    assert (row["state"], "maintenance_id" in row) == ("confirmed", False)
    until(teller, 1500)
    assert teller.state("olt-1") == "confirmed"


def test_a_restart_in_the_middle_changes_nothing() -> None:
    plain, killed = network(), network()
    for teller in (plain, killed):
        work(teller, "olt-1")
        until(teller, 1900)
        fall(teller, 1)
        for second in (2030, 3000, 3790):
            until(teller, second)
            if teller is killed:
                teller.world.restart_correlate()
        until(teller, END + OVERRUN + 60)
    revisions = [[found.json for found in teller.world.of("outages.revisions")] for teller in (plain, killed)]
    assert revisions[0] == revisions[1]


def told_of_work(teller: Teller) -> list[tuple[float, str, int]]:
    """(second, status, times late) of what the customers' partitions were told of the work."""
    chunks = [(p.second, p.json) for p in teller.world.of("outages.impact") if p.json["type"] == "work"]
    return [(second, chunk["status"], chunk.get("late", 0)) for second, chunk in chunks]


def test_customers_hear_that_work_is_late_when_something_stays_down_though_nobody_said_that_it_began() -> None:
    #  1000 ├── work ──┤ 2000 ── overdue_s ── 2300 late ── 3800 the outage is one after all
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, 1)
    until(teller, 2290)
    assert told_of_work(teller) == [(0, "planned", 0)]
    teller.world.restart_correlate()
    until(teller, 2310)
    assert [(status, late) for _, status, late in told_of_work(teller)] == [("planned", 0), ("planned", 1)]
    until(teller, END + OVERRUN + 10)
    assert states(teller, "olt-1") == ["planned", "confirmed"]


def test_work_whose_devices_are_back_in_time_is_not_late_without_a_word() -> None:
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    fall(teller, 1)
    teller.up(*(f"onu-1-{j}" for j in range(4)))
    teller.clear("olt-1")
    until(teller, END + OVERRUN)
    assert told_of_work(teller) == [(0, "planned", 0)]
