"""The baseline: the median of the same slot over seven days, and what does not teach it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.baseline import Baseline, Gathered, Level, gather
from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.suspicion import Suspicion
from tests.gauges_desk import DAY, MIDNIGHT, MINUTE, Desk


def gathered(number: int, *values: float) -> Gathered:
    slot = Gathered(number)
    for value in values:
        slot = gather(slot, value, mixed=False)
    return slot


def learned(days: Sequence[float], *, slot: int = 20) -> tuple[Baseline, Unit]:
    """A baseline that has seen one sample of 3 slots around `slot` on each day, oldest first."""
    baseline, unit = Baseline(KpiPolicy()), Unit({}, {}, 0)
    for day, value in enumerate(days):
        for number in (slot - 1, slot, slot + 1):
            baseline.learn(unit, "s", gathered(day * 288 + number, value))
    return baseline, unit


def level(baseline: Baseline, unit: Unit, slot: int = 20) -> Level | None:
    return baseline.level(unit, "s", slot * 5 * MINUTE)


def test_the_median_of_seven_days_is_not_moved_by_one_bad_day() -> None:
    #  day    1    2    3   4 (out)  5    6    7
    #        100  104   96    0     100  102   98
    found = level(*learned([100, 104, 96, 0, 100, 102, 98]))
    assert found is not None
    assert (found.value, found.scatter, found.days) == (100, 2, 7)


def test_the_eighth_day_pushes_the_first_one_out() -> None:
    found = level(*learned([1] * 7 + [500] * 4))
    assert found is not None
    assert found.value == 500


def test_neighbouring_slots_smooth_it_and_the_day_is_a_ring() -> None:
    #  slot   287  │  0    1
    #         40   │ 10   70        the median of three
    baseline, unit = Baseline(KpiPolicy()), Unit({}, {}, 0)
    for number, value in ((287, 40.0), (288, 10.0), (289, 70.0)):
        baseline.learn(unit, "s", gathered(number, value))
    found = level(baseline, unit, 0)
    assert found is not None
    assert found.value == 40


def test_scatter_within_a_slot_counts_as_that_between_days() -> None:
    baseline, unit = Baseline(KpiPolicy()), Unit({}, {}, 0)
    for day in range(3):
        baseline.learn(unit, "s", gathered(day * 288 + 20, 0, 100, 0, 100))
    found = level(baseline, unit)
    assert found is not None
    assert found.value == 50
    assert found.scatter == pytest.approx(0.6745 * 50, rel=0.01)


def test_three_digits_survive_the_table() -> None:
    for value in (0.00123, 0.5, 20, 123_456, 7e9):
        found = level(*learned([value]))
        assert found is not None
        assert found.value == pytest.approx(value, rel=0.004)


def test_nothing_learned_is_no_baseline() -> None:
    assert level(Baseline(KpiPolicy()), Unit({}, {}, 0)) is None


def usual(desk: Desk, minute: int) -> float:
    found = desk.gauges.baseline.level(Unit(desk.table, {}, 0), "north\0\0sessions", MIDNIGHT + minute * MINUTE)
    assert found is not None
    return found.value


def test_a_drop_does_not_teach_the_baseline_and_a_day_of_it_does() -> None:
    #  1000 ──┐ 10:00 of day 3                   frozen for a day; after that 300 is the new level,
    #   300   └───────────────────────────       and the median follows when it holds most days
    desk = Desk()
    end = desk.days(2, 1000)
    desk.feed({m: 1000.0 if m < end + 600 else 300.0 for m in range(end, end + 600 + DAY)})
    assert usual(desk, 660) == pytest.approx(1000, rel=0.01)
    desk.feed(dict.fromkeys(range(end + 600 + DAY, end + 600 + 5 * DAY), 300.0))
    assert usual(desk, 660) == pytest.approx(300, rel=0.01)
    assert [signal["kind"] for _, signal in desk.signals] == ["suspect", "clear"]


def test_the_baseline_is_frozen_while_devices_are_suspected_above() -> None:
    desk = Desk()
    end = desk.days(2, 1000)
    desk.watch.open["region/north"] = Suspicion("north", "north", True, 0, "liveness", 0, 0, 0, 0, 0, 0, 0, 0)
    for start in (end, end + DAY):
        desk.feed({m: 600.0 if 600 <= m - start < 660 else 1000.0 for m in range(start, start + DAY)})
    assert usual(desk, 630) == pytest.approx(1000, rel=0.01)


def test_a_row_of_the_table_is_small_and_a_page_is_written_once_a_slot() -> None:
    desk = Desk()
    desk.days(2, 1000)
    sizes = {key[:2]: len(value) for key, value in desk.table.items()}
    assert sizes[b"k/"] < 120
    assert sizes[b"kh"] < 350
    writes = 0
    for minute in range(2 * DAY, 2 * DAY + 60):
        before = dict(desk.table)
        desk.sample(minute, 1000)
        writes += sum(before.get(key) != value for key, value in desk.table.items() if key.startswith(b"kh/"))
    assert writes == 12
