"""Which planned work explains what. Seconds as they stand; the work may outlast its window by 50."""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.maintenance import Plans, Work
from forewarn.topics.events.network import Maintenance

OVERRUN = 50


def plans(*works: tuple[str, Maintenance]) -> Plans:
    found = Plans(OVERRUN)
    for name, event in works:
        found.fold(Unit({}, {}, 0), name, event, 1)
    return found


def test_planned_work_explains_what_begins_in_its_window_and_is_late_after_it() -> None:
    #       100 ├── m ──┤ 200 ── late ──┤ 250
    found = plans(("m", Maintenance(("olt-1",), 100, 200, "planned")))
    assert found.explaining(["onu-1", "olt-1"], 100, 100) == Work("m", None)
    assert found.explaining(["olt-1"], 150, 201) == Work("m", 200)
    assert found.explaining(["olt-1"], 150, 251) is None
    assert found.explaining(["olt-1"], 99, 150) is None
    assert found.explaining(["olt-1"], 201, 210) is None
    assert found.explaining(["olt-2"], 150, 150) is None


def test_of_two_windows_that_overlap_the_one_that_ends_last_counts() -> None:
    #       100 ├── a ──────┤ 200
    #             140 ├── b ──────┤ 300
    both = plans(
        ("a", Maintenance(("olt-1",), 100, 200, "planned")), ("b", Maintenance(("agg-1",), 140, 300, "planned"))
    )
    assert both.explaining(["olt-1", "agg-1"], 150, 150) == Work("b", None)
    assert both.explaining(["olt-1", "agg-1"], 120, 150) == Work("a", None)


def test_moved_work_explains_what_it_explained_before_only_once_it_goes_on() -> None:
    #       100 ├── m ──┤ 200          moved:  180 ├── m ──┤ 280
    found = plans(
        ("m", Maintenance(("olt-1",), 100, 200, "planned")), ("m", Maintenance(("olt-1",), 180, 280, "planned"))
    )
    assert found.explaining(["olt-1"], 110, 150, known="m") is None
    assert found.explaining(["olt-1"], 110, 190, known="m") == Work("m", None)
    assert found.explaining(["olt-1"], 110, 190) is None


def test_work_begins_when_it_is_said_to_and_ends_when_it_is_said_to() -> None:
    found, unit = Plans(OVERRUN), Unit({}, {}, 0)
    found.fold(unit, "m", Maintenance(("olt-1",), 100, 200, "started"), 80)
    assert found.explaining(["olt-1"], 90, 90) == Work("m", None)
    found.fold(unit, "m", Maintenance(("olt-1",), 100, 200, "completed"), 150)
    assert found.explaining(["olt-1"], 90, 160) == Work("m", 150)
    assert found.explaining(["olt-1"], 160, 160) is None


def test_cancelled_and_deleted_work_explains_nothing_and_a_repeated_word_is_no_news() -> None:
    found, unit = Plans(OVERRUN), Unit({}, {}, 0)
    planned, cancelled = (Maintenance(("olt-1",), 100, 200, status) for status in ("planned", "cancelled"))
    assert [found.fold(unit, "m", event, 1) for event in (planned, planned, cancelled)] == [True, False, True]
    assert found.explaining(["olt-1"], 150, 150) is None
    assert [found.fold(unit, "m", None, 1) for _ in range(2)] == [True, False]
    assert found.plans == {}


def test_plans_are_found_again_after_a_restart() -> None:
    found, unit = Plans(OVERRUN), Unit({}, {}, 0)
    found.fold(unit, "m", Maintenance(("olt-1",), 100, 200, "completed"), 150)
    again = Plans(OVERRUN)
    again.restore({key: value for key, value in unit.dirty.items() if value})
    assert again.plans == found.plans
    assert again.under_way(140, 160) == ["olt-1"]
