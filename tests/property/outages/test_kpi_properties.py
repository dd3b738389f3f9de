"""Indicators under disorder: late samples, repeats, and kills in between."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.policy import OutagePolicy
from tests.gauges_desk import Desk

#: A day of ten minutes, slots of one, so that a story of an hour has six days.
QUICK = OutagePolicy(
    kpi=KpiPolicy(season_s=600, slot_s=60, smooth_s=180, silent_s=600, learn_samples=10, frozen_s=1200, days_min=2)
)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Story = list[tuple[float, str, float]]

#: Spans of (first sample, length, share of the usual level) in which sessions fall and loss grows.
troubles = st.lists(
    st.tuples(st.integers(0, 110), st.integers(1, 30), st.sampled_from([0.0, 0.3, 0.6, 0.9])), max_size=4
)


def story(spans: list[tuple[int, int, float]]) -> Story:
    """An hour of samples every half minute, by event time."""
    found: Story = []
    for number in range(120):
        share = min((share for first, length, share in spans if first <= number < first + length), default=1.0)
        found.append((number / 2, "sessions", 200 * share))
        found.append((number / 2, "loss_ratio", min(1.0, 0.004 / max(share, 0.05))))
    return found


def ended(desk: Desk) -> tuple[dict[bytes, bytes], dict[str, Any]]:
    return desk.table, desk.gauges.told.open


@few
@given(troubles, st.integers(0, 2**32))
def test_order_and_repeats_within_the_lateness_end_in_the_same_bytes(
    spans: list[tuple[int, int, float]], seed: int
) -> None:
    order = random.Random(seed)
    samples = story(spans)
    shuffled = sorted([*samples, *order.choices(samples, k=60)], key=lambda one: one[0] + order.random() * 0.9)
    plain, mixed = Desk(QUICK), Desk(QUICK)
    for desk, feed in ((plain, samples), (mixed, shuffled)):
        desk.clock += 70 * 60_000
        for minute, name, value in feed:
            desk.sample(minute, value, name=name)
        desk.tick(70)
    assert ended(mixed) == ended(plain)


@few
@given(troubles, st.lists(st.integers(0, 239), min_size=1, max_size=4))
def test_kills_change_no_signal_and_no_byte(spans: list[tuple[int, int, float]], kills: list[int]) -> None:
    plain, killed = Desk(QUICK), Desk(QUICK)
    for number, (minute, name, value) in enumerate(story(spans)):
        for desk in (plain, killed):
            desk.sample(minute, value, name=name)
            if desk is killed and number in kills:
                desk.open()
            desk.tick(minute + 0.1)
    assert killed.signals == plain.signals
    assert killed.table == plain.table


@few
@given(troubles)
def test_what_is_raised_ends_when_all_is_well_again(spans: list[tuple[int, int, float]]) -> None:
    desk = Desk(QUICK)
    for minute, name, value in story([*spans]):
        desk.sample(minute, value, name=name)
        desk.tick(minute + 0.1)
    for number in range(240):
        for name, value in (("sessions", 200.0), ("loss_ratio", 0.004)):
            desk.sample(60 + number / 2, value, name=name)
        desk.tick(60 + number / 2 + 0.1)
    kinds = [signal["kind"] for _, signal in desk.signals]
    assert kinds.count("suspect") == kinds.count("clear")
    assert desk.gauges.told.open == {}
