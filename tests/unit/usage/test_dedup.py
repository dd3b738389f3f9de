"""Duplicates are recognised within the horizon, also across a restart."""

from __future__ import annotations

import numpy as np

from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.dedup import PREFIX, Fingerprints
from forewarn.stream.usage.policy import UsagePolicy
from tests.usage_desk import DAY, HOUR, Desk, ms

T = ms("2026-07-10")


def fingerprint_keys(desk: Desk) -> list[bytes]:
    return sorted(key for key in desk.core.table if key.startswith(PREFIX))


def test_a_repeated_record_counts_once() -> None:
    desk = Desk()
    record = desk.record(T, 5)
    desk.take([record, record])
    desk.take([record])
    desk.restart()
    desk.take([record], [record])

    assert desk.used(T) == 5
    assert desk.meters.duplicates == 2


def test_two_customers_may_use_one_record_id() -> None:
    desk = Desk()
    desk.use(T, 5, id="x")
    desk.use(T, 7, id="x", customer="c2")

    assert [desk.used(T), desk.used(T, "c2")] == [5, 7]


def test_a_duplicate_is_known_for_one_horizon_at_least_and_two_at_most() -> None:
    #    ──┬── 1 h ──┬── 1 h ──┬──
    #      x         y    x?     x again
    desk = Desk()
    desk.use(T, 5, id="x")
    desk.use(T + HOUR + 1, 1, id="y")
    desk.use(T, 5, id="x", seen=T + 2 * HOUR - 1)
    assert desk.used(T) == 6
    desk.use(T + 2 * HOUR + 2, 1, id="z")
    desk.use(T, 5, id="x", seen=T + 2 * HOUR + 3)

    assert desk.used(T) == 12


def test_after_a_long_silence_nothing_is_remembered() -> None:
    desk = Desk()
    desk.use(T, 5, id="x")
    desk.use(T + DAY, 5, id="x")

    assert desk.used(T) == 10
    desk.tick()
    assert len(fingerprint_keys(desk)) == 1


def test_the_number_of_ids_is_bounded() -> None:
    desk = Desk(UsagePolicy(duplicate_ids=20))
    for number in range(100):
        desk.use(T + number, 1, id=f"x{number}")
    desk.restart()
    desk.use(T + 100, 1, id="x95")
    desk.use(T + 100, 1, id="x0")

    assert desk.used(T) == 101
    assert desk.meters.duplicates == 1
    assert sum((len(desk.core.table[key]) - 9) // 8 for key in fingerprint_keys(desk)) <= 20


def test_a_batch_larger_than_the_bound_is_taken_whole() -> None:
    desk = Desk(UsagePolicy(duplicate_ids=4))
    batch = [desk.record(T, 1) for _ in range(10)]
    desk.take([*batch, *batch])

    assert desk.used(T) == 10


def test_a_unit_adds_one_key_however_often_it_is_fed() -> None:
    desk = Desk()
    desk.take(*([desk.record(T, 1) for _ in range(300)] for _ in range(3)))
    desk.take([desk.record(T, 1)])

    assert [len(value) for key, value in desk.written[0].items() if key.startswith(PREFIX)] == [9 + 8 * 900]
    assert [len(value) for key, value in desk.written[1].items() if key.startswith(PREFIX)] == [9 + 8]


def test_small_units_share_a_key() -> None:
    desk = Desk()
    for number in range(200):
        desk.use(T + number, 1)
        if number == 150:
            desk.restart()

    assert len(fingerprint_keys(desk)) == 2
    assert len(desk.meters._seen) == 200


def test_ended_generations_are_deleted_a_part_at_a_time_also_after_a_restart() -> None:
    seen, table = Fingerprints(HOUR, 2_000_000), dict[bytes, bytes]()
    seen.turn(T, 1)
    for number in range(2500):
        unit = Unit(table, {}, T)
        seen.note(unit, np.arange(number * 128, number * 128 + 128, dtype=np.uint64))
        table.update(unit.dirty)
    seen.turn(T + HOUR, 1)
    seen.turn(T + 2 * HOUR, 1)
    swept: list[int] = []
    for _ in range(4):
        unit = Unit(table, {}, T)
        seen.note(unit, np.array([7 + len(swept)], np.uint64))
        seen.sweep(unit)
        swept.append(sum(not value for value in unit.dirty.values()))
        table = {key: value for key, value in {**table, **unit.dirty}.items() if value}
        seen = Fingerprints(HOUR, 2_000_000)
        seen.restore(table)

    assert swept == [1000, 1000, 500, 0]
    assert seen.seen(np.arange(7, 12, dtype=np.uint64)).tolist() == [True, True, True, True, False]
