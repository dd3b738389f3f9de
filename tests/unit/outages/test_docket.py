"""The docket: when outages that are over are forgotten."""

from __future__ import annotations

from msgspec.structs import replace

from forewarn.stream.outages.case import Case
from forewarn.stream.outages.docket import Docket
from forewarn.stream.outages.topology import Topology

KEEP = 1_000
OVER = Case("a", "north", "olt-1", False, 0, "closed", 500)


def docket(*shapes: Case) -> Docket:
    made = Docket(Topology(), lambda _: 0, KEEP)
    for case in shapes:
        made.put(case)
    return made


def test_what_is_over_is_forgotten_after_its_time_and_only_once() -> None:
    #  over 500 ├──────── keep ────────┤ 1500
    made = docket(OVER)
    assert made.outworn(0, 1_499) == []
    assert made.outworn(0, 1_500) == [OVER]
    assert made.outworn(0, 2_000) == []


def test_an_outage_that_loses_a_suspicion_after_its_end_is_named_once() -> None:
    #  over 500 with a suspicion ── that ends 700 ── and again another, 800 ── keep ──┤ 1500
    made = docket(
        replace(OVER, candidates=("0:kpi/olt-1", "0:kpi/olt-2")), replace(OVER, candidates=("0:kpi/olt-2",)), OVER
    )
    (case,) = made.outworn(0, 1_500)
    made.remove(case)
    assert made.cases == {}


def test_one_with_an_open_suspicion_waits_for_its_end() -> None:
    made = docket(replace(OVER, candidates=("0:kpi/olt-1",)))
    assert made.outworn(0, 1_500) == []
    made.put(OVER)
    assert made.outworn(0, 1_500) == [OVER]


def test_one_that_was_opened_again_is_not_forgotten() -> None:
    made = docket(OVER, replace(OVER, state="suspected", since=900))
    assert made.outworn(0, 1_500) == []
