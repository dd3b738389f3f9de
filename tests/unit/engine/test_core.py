"""One partition without IO: timers, time, and what a unit leaves in the table."""

from __future__ import annotations

from typing import Any, cast

from forewarn.stream.engine.core import TIMERS_A_UNIT, Core
from forewarn.stream.engine.unit import Timer, Unit
from tests.unit.engine.records import AsIs, Counting, count_of, run


def partition() -> tuple[Core, Counting]:
    fold = Counting()
    core = Core(fold, cast(Any, {"in": AsIs()}), 0)
    core.restore(0)
    return core, fold


def commit(core: Core, unit: Unit) -> None:
    core.install(core.seal(unit))


def armed(core: Core, *timers: Timer, now: int = 0) -> None:
    unit = core.begin(now)
    for timer in timers:
        unit.arm(timer.due, timer.subject, timer.name)
    commit(core, unit)


def test_timers_fire_by_due_time_then_by_key() -> None:
    core, fold = partition()
    armed(core, Timer(200, "a", "x"), Timer(100, "b", "x"), Timer(100, "a", "y"), Timer(100, "a", "x"))
    unit = core.begin(200)
    core.fire_due(unit)
    assert [(t.due, t.subject, t.name) for _, t in fold.fired] == [
        (100, "a", "x"), (100, "a", "y"), (100, "b", "x"), (200, "a", "x"),
    ]  # fmt: skip


def test_a_timer_does_not_fire_before_it_is_due() -> None:
    core, fold = partition()
    armed(core, Timer(100, "a", "x"))
    core.fire_due(core.begin(99))
    assert fold.fired == []
    assert core.next_due == 100


def test_a_fired_timer_is_gone_from_the_table() -> None:
    core, _ = partition()
    armed(core, Timer(100, "a", "x"))
    unit = core.begin(100)
    core.fire_due(unit)
    commit(core, unit)
    assert core.table == {}
    assert core.next_due is None


def test_a_disarmed_timer_does_not_fire() -> None:
    core, fold = partition()
    armed(core, Timer(100, "a", "x"))
    unit = core.begin(50)
    unit.disarm(100, "a", "x")
    commit(core, unit)
    core.fire_due(core.begin(100))
    assert fold.fired == []


def test_a_timer_set_twice_fires_once() -> None:
    core, fold = partition()
    armed(core, Timer(100, "a", "x"), Timer(100, "a", "x"))
    armed(core, Timer(100, "a", "x"))
    core.fire_due(core.begin(100))
    assert len(fold.fired) == 1


def test_a_timer_that_sets_itself_again_at_once_fires_in_the_same_unit() -> None:
    core, fold = partition()
    fold.rearm["x"] = 101
    armed(core, Timer(100, "a", "x"))
    core.fire_due(core.begin(101))
    assert [timer.due for _, timer in fold.fired] == [100, 101]


def test_many_due_timers_are_spread_over_units() -> None:
    core, fold = partition()
    armed(core, *(Timer(100, f"{number:04d}", "x") for number in range(TIMERS_A_UNIT + 1)))
    unit = core.begin(100)
    core.fire_due(unit)
    assert len(fold.fired) == TIMERS_A_UNIT
    commit(core, unit)
    core.fire_due(core.begin(100))
    assert len(fold.fired) == TIMERS_A_UNIT + 1


def test_timers_come_back_from_the_table() -> None:
    core, _ = partition()
    armed(core, Timer(100, "a/b", "x"), Timer(50, "c", "y"))
    again, fold = partition()
    again.table = dict(core.table)
    again.restore(60)
    again.fire_due(again.begin(100))
    assert [timer for _, timer in fold.fired] == [Timer(50, "c", "y"), Timer(100, "a/b", "x")]


def test_time_never_goes_back() -> None:
    core, _ = partition()
    assert core.begin(1_000).now == 1_000
    assert core.begin(400).now == 1_000
    core.restore(2_000)
    assert core.begin(0).now == 2_000


def test_installing_writes_and_deletes() -> None:
    core, _ = partition()
    unit = core.begin(0)
    unit.put(b"a", b"1")
    unit.put(b"b", b"1")
    commit(core, unit)
    unit = core.begin(0)
    unit.delete(b"a")
    unit.put(b"b", b"2")
    assert unit.get(b"a") is None
    commit(core, unit)
    assert core.table == {b"b": b"2"}


def test_a_key_written_and_deleted_in_one_unit_is_not_there() -> None:
    core, _ = partition()
    unit = core.begin(0)
    unit.put(b"a", b"1")
    commit(core, unit)
    unit = core.begin(0)
    unit.put(b"a", b"2")
    unit.delete(b"a")
    commit(core, unit)
    assert core.table == {}


def test_the_next_unit_sees_what_is_still_being_appended() -> None:
    core, _ = partition()
    first = core.begin(0)
    core.take(first, "in", run(0, b"", b""))
    core.seal(first)
    second = core.begin(0)
    core.take(second, "in", run(2, b""))
    core.install(first)
    commit(core, second)
    assert count_of(core.table, b"k") == 3


def test_deletions_that_are_still_being_appended_are_seen_too() -> None:
    core, _ = partition()
    unit = core.begin(0)
    unit.put(b"a", b"1")
    commit(core, unit)
    deleting = core.begin(0)
    deleting.delete(b"a")
    core.seal(deleting)
    assert core.begin(0).get(b"a") is None
    assert core.begin(0).get_many([b"a"]) == [None]


def test_many_keys_are_read_as_each_of_them() -> None:
    unit = Unit({b"a": b"1", b"b": b"1", b"c": b"1"}, {b"b": b"2", b"c": b"2", b"d": b""}, 0)
    unit.put(b"c", b"3")
    unit.delete(b"a")
    keys = [b"a", b"b", b"c", b"d", b"e"]
    assert unit.get_many(keys) == [None, b"2", b"3", None, None] == [unit.get(key) for key in keys]
