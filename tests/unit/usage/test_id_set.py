"""The set in a block of memory answers as a Python set does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forewarn.stream.usage.id_set import IdSet

#: Few low bits differ, so that many marks want the same slot.
MARKS = st.lists(st.integers(0, 40).map(lambda n: (n % 3) + (n << 40)), unique=True, max_size=30)


@given(st.lists(MARKS, max_size=6), MARKS)
def test_it_holds_what_was_added_and_nothing_else(runs: list[list[int]], asked: list[int]) -> None:
    ours, plain = IdSet(200), set[int]()
    for run in runs:
        new = [mark for mark in run if mark not in plain]
        ours.add(np.array(new, np.uint64))
        plain.update(new)
    assert ours.holds(np.array(asked, np.uint64)).tolist() == [mark in plain for mark in asked]
    assert len(ours) == len(plain)


def test_it_holds_as_many_as_it_was_made_for() -> None:
    many = np.random.default_rng(1).integers(0, 2**64, 5_000, np.uint64)
    ours = IdSet(5_000)
    ours.add(many)
    assert ours.holds(many).all()
