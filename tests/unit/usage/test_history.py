"""The burn-rate history and its slots."""

from __future__ import annotations

from forewarn.stream.usage.history import add, added, flat, keep_all, keep_recent, resample, slots


def test_slots_are_stored_as_distances() -> None:
    pairs = [(165_201, 310), (165_202, 95), (165_204, 12)]

    assert flat(pairs) == (165_201, 310, 1, 95, 2, 12)
    assert slots(flat(pairs)) == pairs
    assert slots(()) == []


def test_usage_finds_its_slot_in_any_order() -> None:
    pairs: list[tuple[int, int]] = []
    for slot, units in ((5, 1), (9, 2), (5, 3), (7, 4), (1, 5)):
        add(pairs, slot, units)

    assert pairs == [(1, 5), (5, 4), (7, 4), (9, 2)]


def test_a_stored_history_takes_usage_in_any_order() -> None:
    pairs: list[tuple[int, int]] = []
    history: tuple[int, ...] = ()
    for slot, units in ((0, 1), (9, 2), (9, -3), (5, 3), (12, 4), (0, 5)):
        add(pairs, slot, units)
        history = added(history, slot, units)
        assert slots(history) == pairs


def test_a_known_customers_history_forgets_what_is_old() -> None:
    #   slots   1   5   7   9
    #               └─ kept ┘   3 widths before the end of slot 9
    assert slots(keep_recent(flat([(1, 5), (5, 4), (7, 4), (9, 2)]), 3)) == [(7, 4), (9, 2)]
    assert slots(keep_recent(flat([(7, 4), (9, 2)]), 3)) == [(7, 4), (9, 2)]
    assert keep_recent((), 3) == ()


def test_an_unknown_customers_history_merges_what_is_old() -> None:
    assert slots(keep_all(flat([(1, 5), (5, 4), (7, 4), (9, 2)]), 2)) == [(7, 13), (9, 2)]
    assert slots(keep_all(flat([(1, 5)]), 2)) == [(1, 5)]


def test_slots_change_their_width() -> None:
    assert resample([(0, 1), (11, 2), (12, 4)], 900, 10_800) == [(0, 3), (1, 4)]
