"""Properties of estimates: bounds, order, restart, and intervals that hold in worlds whose truth is known."""

from __future__ import annotations

from math import log
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.etr_policy import EtrPolicy
from forewarn.stream.outages.repair_times import Kind, RepairTimes

START = 1_800_266_400_000
causes = st.sampled_from(("fibre", "power", "unknown"))
kinds = st.builds(
    Kind,
    causes,
    st.sampled_from(("olt", "pon", "other")),
    st.integers(0, 20_000),
    st.sampled_from(("north", "south")),
    st.integers(START, START + 10**9),
    st.none() | st.floats(-180, 180),
)
lengths = st.floats(0, 40 * 86_400, allow_nan=False)


def taught(
    outages: list[tuple[Kind, float]], policy: EtrPolicy | None = None
) -> tuple[RepairTimes, dict[bytes, bytes]]:
    times, table = RepairTimes(policy or EtrPolicy()), dict[bytes, bytes]()
    for kind, lasted in outages:
        unit = Unit(table, {}, 0)
        times.teach(unit, kind, lasted)
        table.update(unit.dirty)
    return times, table


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(kinds, lengths), max_size=30), kinds, lengths)
def test_quantiles_are_ordered_and_lie_ahead_whatever_was_seen(
    outages: list[tuple[Kind, float]], kind: Kind, elapsed: float
) -> None:
    times, _ = taught(outages)
    p10, p50, p90 = times.remaining_s(kind, elapsed, 0.1, 0.5, 0.9)
    assert 0 <= p10 <= p50 <= p90


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(kinds, lengths), max_size=30), kinds, lengths)
def test_a_restart_forgets_nothing(outages: list[tuple[Kind, float]], kind: Kind, elapsed: float) -> None:
    times, table = taught(outages)
    again = RepairTimes(EtrPolicy())
    again.restore(dict(reversed(table.items())))
    assert again.remaining_s(kind, elapsed, 0.1, 0.5, 0.9) == times.remaining_s(kind, elapsed, 0.1, 0.5, 0.9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(kinds, lengths), max_size=20), kinds, st.randoms(use_true_random=False))
def test_the_order_of_the_outages_does_not_matter(
    outages: list[tuple[Kind, float]], kind: Kind, random: Random
) -> None:
    times, _ = taught(outages)
    random.shuffle(outages)
    other, _ = taught(outages)
    assert other.remaining_s(kind, 300, 0.1, 0.5, 0.9) == pytest.approx(times.remaining_s(kind, 300, 0.1, 0.5, 0.9))


@given(st.lists(st.tuples(kinds, st.floats(1, 10_000)), min_size=20, max_size=60))
@settings(max_examples=20, deadline=None)
def test_memory_is_bounded(outages: list[tuple[Kind, float]]) -> None:
    times, table = taught(outages, EtrPolicy(kept=10))
    assert all(len(durations.seconds) <= 10 for durations in times.cells.values())
    assert all(weight <= 10.001 for sums in times.regions.values() for weight, _ in sums.by_cell.values())
    assert all(len(value) < 100 for key, value in table.items() if key.startswith(b"etr/c/"))


#: Medians (s) by cause, and spread, of worlds whose repair times are lognormal.
WORLDS = {
    "as assumed": ({"fibre": 10_000.0, "power": 4_500.0, "equipment": 4_500.0}, 1.0),
    "a fast operator": ({"fibre": 2_400.0, "power": 900.0, "equipment": 1_500.0}, 0.7),
    "a slow operator": ({"fibre": 40_000.0, "power": 20_000.0, "equipment": 30_000.0}, 0.9),
    "every cause alike": ({"fibre": 2_400.0, "power": 2_400.0, "equipment": 2_400.0}, 0.8),
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("elapsed", [200.0, 1_800.0])
def test_four_of_five_outages_end_within_their_interval(world: str, elapsed: float) -> None:
    """Seeded: 400 outages are learned from and forecast `elapsed` seconds after they began, if they last as long."""
    medians, spread = WORLDS[world]
    random, times = Random(7), RepairTimes(EtrPolicy())
    below = above = n = 0
    for number in range(400):
        cause = random.choice(list(medians))
        lasted = random.lognormvariate(log(medians[cause]), spread)
        kind = Kind(cause, "olt", random.choice((5, 50, 500)), f"r{random.randrange(8)}", START + number * 7_200_000)
        told = kind if random.random() < 0.7 else replace(kind, cause="unknown")
        if lasted > elapsed:
            early, late = times.remaining_s(told, elapsed, 0.1, 0.9)
            below, above, n = below + (lasted - elapsed < early), above + (lasted - elapsed > late), n + 1
        times.teach(Unit({}, {}, 0), kind, lasted, hidden=told is not kind)
    assert n >= 120
    assert 0.75 <= 1 - (below + above) / n <= 0.86
    assert max(below, above) / n <= 0.17
