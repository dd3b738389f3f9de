"""Detector C: belief in small groups. Buckets of 5 s, W = 300 s, beats every 60 s."""

from __future__ import annotations

import pytest

from forewarn.stream.outages import liveness, sparse
from forewarn.stream.outages.groups import SPENT, Groups, Node
from forewarn.stream.outages.liveness import Finding, Rate
from forewarn.stream.outages.policy import OutagePolicy

POLICY = OutagePolicy()
CLOCK = 1_000_000


def group(devices: int) -> tuple[Groups, Node]:
    groups = Groups(5000)
    node = groups.node("pon-1", "north")
    groups.expect(groups.lineage(node), devices)
    node.slowest = 60_000
    return groups, node


def fall(groups: Groups, node: Node, count: int, second: int = 990) -> None:
    for _ in range(count):
        groups.fall(groups.lineage(node), second // 5)


def judge(node: Node, rate: float = 0.0) -> Finding | None:
    view, *_ = liveness.views(POLICY, Rate(average=rate), clock=CLOCK, width=5000)
    return sparse.judge(view, node)


def test_each_miss_multiplies_the_odds_by_its_likelihood_ratio() -> None:
    odds = [value / (1 - value) for value in (sparse.belief(POLICY, [missed], 0.0) for missed in (0, 1, 2))]
    assert odds[0] == pytest.approx(POLICY.belief_heard / (1 - POLICY.belief_heard))
    assert odds[1] / odds[0] == pytest.approx(1 / POLICY.miss_up)
    assert odds[2] / odds[1] == pytest.approx(1 / POLICY.miss_up)


def test_an_element_that_is_itself_the_group_is_believed_down_after_three_misses_and_not_after_two() -> None:
    assert sparse.belief(POLICY, [2], 0.0) < 0.5
    assert sparse.belief(POLICY, [3], 0.0) > POLICY.belief_down


def test_however_long_one_device_is_silent_it_may_just_be_switched_off() -> None:
    assert sparse.belief(POLICY, [1000], 300 / 86_400) < 0.1


def test_the_belief_of_many_misses_is_one_and_no_more() -> None:
    assert sparse.belief(POLICY, [1e6] * 9, 0.0) == 1.0


def test_a_group_that_fell_silent_as_a_whole_is_found() -> None:
    #     │          ●●●●│        4 of 4
    #  ───┼──────────────┼──> s
    #    700           1000
    groups, node = group(4)
    fall(groups, node, 4)
    finding = judge(node)
    assert finding is not None
    assert (finding.k, finding.n) == (4, 4)
    assert finding.p_value > 0.99


def test_a_group_that_one_device_is_heard_of_is_up() -> None:
    groups, node = group(4)
    fall(groups, node, 3)
    assert judge(node) is None


def test_devices_that_were_down_before_are_expected_no_more() -> None:
    #  ●  │          ●●● │        3 of the 3 that were up, so far
    #  ───┼──────────────┼──> s
    groups, node = group(4)
    fall(groups, node, 1, second=500)
    fall(groups, node, 3)
    assert judge(node) is not None


def test_two_homes_are_too_few_to_tell_an_outage_from_habits() -> None:
    groups, node = group(2)
    fall(groups, node, 2)
    assert judge(node) is None


def test_in_a_restless_region_more_is_asked() -> None:
    groups, node = group(3)
    fall(groups, node, 3)
    assert judge(node) is not None
    assert judge(node, rate=0.1) is None


def test_what_was_left_over_from_an_outage_raises_nothing() -> None:
    groups, node = group(4)
    for _ in range(4):
        groups.fall(groups.lineage(node), SPENT)
    assert judge(node) is None


def test_a_larger_group_is_left_to_the_binomial_test() -> None:
    groups, node = group(10)
    fall(groups, node, 10)
    assert judge(node) is None
