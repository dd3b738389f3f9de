"""Demand: which drops many regions have in common, and what that explains."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import demand
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.demand import Demand, Share, Standing
from forewarn.stream.outages.drops import Drops
from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.events.outages import StatusRow

DROPPED, UP, LOST = Standing(True, True), Standing(True), Standing(True, True, True)
UNMEASURED = Standing()


@pytest.mark.parametrize(
    ("standings", "share"),
    [
        ([DROPPED] * 5, Share(5, 5)),
        ([DROPPED] * 4, None),  # fewer than five regions
        ([DROPPED] * 4 + [UP], None),  # exactly 80 %
        ([DROPPED] * 5 + [UP], Share(5, 6)),
        ([DROPPED] * 5 + [LOST] * 3, Share(5, 5)),  # who has lost devices is no part of it
        ([DROPPED] * 4 + [LOST], None),
        ([DROPPED] * 5 + [UNMEASURED] * 9, Share(5, 5)),
        ([], None),
    ],
)
def test_more_than_80_percent_of_five_regions_or_more(standings: list[Standing], share: Share | None) -> None:
    assert demand.shared(KpiPolicy(), standings) == share


WHAT = Demand(Share(6, 6), 0.8, 50)


def case(*candidates: str, **more: object) -> Case:
    head = Case("id", "north", "north", True, 0, "suspected", 0, candidates=candidates)
    return Case(**{name: getattr(head, name) for name in head.__struct_fields__} | more)


def test_a_suspicion_of_volumes_alone_is_dismissed_with_a_word() -> None:
    after = demand.step(case("0:kpi/region/north"), WHAT)
    assert (after.state, after.since) == ("dismissed", 50)
    assert after.comment == "demand: 6 of 6 regions have dropped alike, their devices are up"
    assert demand.step(after, WHAT) is after


@pytest.mark.parametrize(
    "more",
    [
        case("0:kpi/region/north", "0:region/north"),
        case("0:kpi/region/north", "0:degradation/region/north"),
        case(),
        case("0:kpi/region/north", declared=True),
        case("0:kpi/region/north", state="confirmed", confirmed=3),
        case("0:kpi/region/north", state="planned"),
    ],
)
def test_what_has_more_to_it_stays(more: Case) -> None:
    assert demand.step(more, WHAT) is more


def test_regions_are_known_again_after_a_restart_and_rows_are_written_on_change_alone() -> None:
    drops = Drops(OutagePolicy())
    table: dict[bytes, bytes] = {}
    for turn in range(2):
        for number in range(6):
            unit = Unit(table, {}, 0)
            drops.fold(unit, StatusRow("region", f"r{number}", 100, 9 + number // 5, judged=2, dropped=2))
            assert bool(unit.dirty) == (turn == 0)
            table.update(unit.dirty)
    again = Drops(OutagePolicy())
    again.restore(table)
    for known in (drops, again):
        assert known.share == Share(5, 5)
        assert known.explaining("r0") == Share(5, 5)
        assert known.explaining("r5") is None  # a tenth of its devices is down
        assert known.explaining("elsewhere") is None


def test_a_region_has_dropped_when_most_of_its_volumes_have() -> None:
    drops = Drops(OutagePolicy())
    for dropped, expected in ((0, False), (1, False), (2, True), (3, True)):
        drops.fold(Unit({}, {}, 0), StatusRow("region", "north", 100, 0, judged=3, dropped=dropped))
        assert drops.standings["north"].dropped is expected
