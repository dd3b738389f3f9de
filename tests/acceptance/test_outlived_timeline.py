"""KPIs that stay low when the devices are back, and what fails next. Seconds of event time.

agg-1 ── olt-1 ── onu-1 to onu-4 (all in north)
"""

from __future__ import annotations

import pytest

from tests.acceptance.correlate_world import Teller
from tests.acceptance.test_outage_sources import network
from tests.acceptance.test_planned_work_timeline import until, work

#: Time within which two suspicions are of one outage, and longer than it.
SOON, LATE = 1200, 2400


def fails(teller: Teller, seconds: float, *, sure: bool) -> None:
    """The devices of olt-1 are out for so long."""
    teller.suspect("olt-1")
    teller.pass_time(seconds)
    if sure:
        teller.confirm("olt-1")
    teller.clear("olt-1")


def cases(teller: Teller) -> list[tuple[str, str]]:
    """Elements and states of all outages, the one that was detected first first."""
    rows = sorted(teller.world.outages().values(), key=lambda row: row["detected"])
    return [(row["element"], row["state"]) for row in rows]


@pytest.mark.parametrize("detector", ["kpi", "degradation"])
def test_a_suspicion_of_devices_that_are_back_is_dismissed_though_its_figures_are_low(detector: str) -> None:
    teller = network()
    teller.suspect("olt-1", detector=detector, onset=teller.world.now - LATE * 1000)
    fails(teller, 60, sure=False)
    assert cases(teller)[-1] == ("olt-1", "dismissed")


def test_planned_work_closes_with_its_devices_and_what_a_kpi_says_later_is_no_planned_work() -> None:
    #  1000 ├─ work ─┤ 2000      overrun 3800     devices 1200 - 1500; sessions stay low from 1210 on
    teller = network()
    work(teller, "olt-1")
    until(teller, 1200)
    teller.suspect("olt-1")
    until(teller, 1210)
    teller.suspect("olt-1", detector="kpi")
    until(teller, 1500)
    teller.clear("olt-1")
    until(teller, 3790)
    assert cases(teller) == [("olt-1", "closed")]
    until(teller, 4000)
    assert cases(teller) == [("olt-1", "closed"), ("olt-1", "suspected")]
    assert "maintenance_id" not in max(teller.world.outages().values(), key=lambda row: row["detected"])
    teller.clear("olt-1", detector="kpi")
    assert cases(teller) == [("olt-1", "closed"), ("olt-1", "dismissed")]


@pytest.mark.parametrize("restart", [False, True])
def test_a_kpi_that_outlives_its_outage_is_suspected_anew_and_merges_into_the_next(*, restart: bool) -> None:
    #  60 devices, kpi: confirmed ── 160 back ── 465 restored ── 2270 closed ── a new one: suspected
    #  4000 devices again: a third outage, confirmed when detect is sure; the kpi is a part of it
    teller = network()
    teller.suspect("olt-1", detector="kpi", value=0.28, threshold=0.5, window_s=180)
    fails(teller, 100, sure=False)
    assert cases(teller) == [("olt-1", "monitoring")]
    teller.pass_time(2300)
    if restart:
        teller.world.restart_correlate()
    assert cases(teller) == [("olt-1", "closed"), ("olt-1", "suspected")]
    until(teller, 4000)
    teller.suspect("olt-1")
    assert cases(teller) == [("olt-1", "closed"), ("olt-1", "merged"), ("olt-1", "suspected")]
    teller.pass_time(90)
    teller.confirm("olt-1")
    assert cases(teller)[-1] == ("olt-1", "confirmed")
    teller.clear("olt-1")
    assert cases(teller)[-1] == ("olt-1", "monitoring")
    assert len({row["outage_id"] for row in teller.world.outages().values()}) == 3


def test_a_kpi_that_recovers_soon_after_its_outage_is_no_outage_of_its_own() -> None:
    teller = network()
    teller.suspect("olt-1", detector="kpi")
    fails(teller, 100, sure=True)
    teller.pass_time(SOON)
    teller.clear("olt-1", detector="kpi")
    teller.pass_time(3600)
    assert cases(teller) == [("olt-1", "closed")]


@pytest.mark.parametrize("place", ["agg-1", "olt-1", "onu-1", "north"])
@pytest.mark.parametrize(("age", "state"), [(SOON, "confirmed"), (LATE, "suspected")])
def test_only_a_kpi_that_began_with_the_devices_confirms_what_they_say(place: str, age: int, state: str) -> None:
    teller = network()
    teller.suspect(place, detector="kpi", whole_region=place == "north")
    teller.pass_time(age)
    teller.suspect("olt-1")
    assert teller.state("olt-1") == state


@pytest.mark.parametrize("place", ["agg-1", "olt-1", "north"])
@pytest.mark.parametrize(("age", "state"), [(SOON, "confirmed"), (LATE, "suspected")])
def test_only_devices_that_failed_with_a_kpi_are_confirmed_by_it(place: str, age: int, state: str) -> None:
    teller = network()
    teller.suspect("olt-1")
    teller.pass_time(age)
    teller.suspect(place, detector="kpi", whole_region=place == "north")
    assert teller.state("olt-1") == state
