"""Detector A: tests of groups and the naming of the smallest one. Buckets of 1 s, W = 10 s unless said."""

from __future__ import annotations

import pytest

from forewarn.stream.outages import liveness
from forewarn.stream.outages.groups import Groups, Node
from forewarn.stream.outages.liveness import Rate, View
from forewarn.stream.outages.policy import OutagePolicy

POLICY = OutagePolicy(window_s=10, level_windows_s=(60,))


def network(olts: int, onus: int) -> Groups:
    groups = Groups(1000)
    for i in range(olts):
        node = groups.node(f"olt-{i}", "north")
        groups.expect(groups.lineage(node), onus)
    return groups


def fall(groups: Groups, olt: int, count: int, second: int = 95) -> None:
    for _ in range(count):
        groups.fall(groups.lineage(groups.nodes[f"olt-{olt}"]), second)


def view(groups: Groups, clock_s: int = 100, rate: float = 0.0) -> View:
    first, *_ = liveness.views(POLICY, Rate(average=rate), clock=clock_s * 1000, width=groups.width)
    return first


def names(groups: Groups, seen: View | None = None) -> list[str]:
    return [f.node.element for f in liveness.explain(seen or view(groups), groups.region("north"))]


def test_four_of_ten_within_the_window_are_a_surprise() -> None:
    #     │      ●●●●│
    #  ───┼──────────┼──> s
    #     90        100
    groups = network(1, 10)
    fall(groups, 0, 4)
    finding = liveness.test(view(groups), groups.nodes["olt-0"])
    assert finding is not None
    assert (finding.k, finding.n, finding.window) == (4, 10, 10_000)
    assert finding.p_value < 1e-6


def test_two_devices_are_too_few() -> None:
    groups = network(1, 10)
    fall(groups, 0, 2)
    assert names(groups) == []


def test_less_than_a_tenth_is_too_small_a_share() -> None:
    groups = network(1, 100)
    fall(groups, 0, 9)
    assert names(groups) == []
    fall(groups, 0, 1)
    assert names(groups) == ["olt-0"]


def test_what_went_down_before_the_window_leaves_both_k_and_n() -> None:
    #   ●●●●  │          │
    #  ──80───┼──────────┼──> s
    #         90        100
    groups = network(1, 10)
    fall(groups, 0, 4, second=80)
    assert names(groups) == []
    fall(groups, 0, 3, second=95)
    finding = liveness.test(view(groups), groups.nodes["olt-0"])
    assert finding is not None
    assert (finding.k, finding.n) == (3, 6)


def test_the_level_test_finds_what_comes_slowly() -> None:
    #   ●    ●    ●    ●    ●  │
    #  ──50──60──70──80──90────┼──> s     never 3 within 10 s, but 5 within 60 s
    groups = network(1, 20)
    for second in (50, 60, 70, 80, 90):
        fall(groups, 0, 1, second=second)
    seen = list(liveness.views(POLICY, Rate(), clock=100_000, width=1000))
    assert [names(groups, one) for one in seen] == [[], ["olt-0"]]


def test_a_restless_region_needs_more_to_be_surprised() -> None:
    groups = network(1, 30)
    fall(groups, 0, 4)
    assert names(groups) == ["olt-0"]
    assert names(groups, view(groups, rate=0.05)) == []


def test_one_child_that_holds_most_names_the_outage() -> None:
    groups = network(4, 10)
    fall(groups, 2, 10)
    fall(groups, 3, 1)
    assert names(groups) == ["olt-2"]


def test_most_children_hit_name_their_parent_and_few_name_themselves() -> None:
    groups = network(5, 10)
    for olt in (0, 1):
        fall(groups, olt, 10)
    assert sorted(names(groups)) == ["olt-0", "olt-1"]
    for olt in (2, 3):
        fall(groups, olt, 10)
    assert names(groups) == ["north"]


def test_what_no_child_explains_is_the_groups_own() -> None:
    groups = network(10, 10)
    for olt in range(10):
        fall(groups, olt, 2)
    assert names(groups) == ["north"]


def test_a_region_with_one_child_is_named_by_the_child() -> None:
    groups = network(1, 10)
    fall(groups, 0, 10)
    assert names(groups) == ["olt-0"]


def test_a_loop_in_the_topology_ends() -> None:
    groups = network(0, 0)
    a, b = groups.node("a", "north"), groups.node("b", "north")
    groups.link(a, "north", (b,))
    groups.link(b, "north", (a,))
    above = groups.lineage(a)
    assert [node.element for node in above] == ["a", "b", "north"]
    groups.expect(above, 5)
    for _ in range(5):
        groups.fall(above, 95)
    assert len(names(groups)) == 1


def test_a_device_below_two_parents_counts_once_in_their_common_parent() -> None:
    groups = Groups(1000)
    agg = groups.node("agg", "north")
    parents: tuple[Node, ...] = tuple(groups.node(name, "north") for name in ("olt-1", "olt-2"))
    for node in parents:
        groups.link(node, "north", (agg,))
    groups.expect(groups.above("onu", "north", parents), 1)
    assert [node.expected for node in (*parents, agg, groups.region("north"))] == [1, 1, 1, 1]


@pytest.mark.parametrize("downs", [0, 5])
def test_the_base_rate_moves_with_each_window_and_skips_those_with_an_outage(downs: int) -> None:
    #  window   1        2        3
    #           |●●●●●   |        |
    rate = Rate()
    step = {"window": 10_000, "expected": 100}
    rate = liveness.step(POLICY, rate, clock=10_000, downs=downs, open_=False, **step)
    rate = liveness.step(POLICY, rate, clock=15_000, downs=0, open_=False, **step)
    calm = liveness.step(POLICY, rate, clock=20_000, downs=1, open_=False, **step)
    assert calm.average == pytest.approx(0.05 * downs / 100)
    mixed = liveness.step(POLICY, rate, clock=19_000, downs=50, open_=True, **step)
    assert liveness.step(POLICY, mixed, clock=20_000, downs=0, open_=False, **step).average == 0


def test_quiet_windows_let_the_base_rate_decay() -> None:
    rate = Rate(average=0.5, window=1)
    later = liveness.step(POLICY, rate, clock=110_000, window=10_000, downs=1, expected=100, open_=False)
    assert later.average == pytest.approx(0.5 * 0.95**10)


def test_a_group_with_a_device_that_beats_seldom_has_a_longer_window_and_its_neighbours_have_not() -> None:
    #   W        ├──────────┤        10 s
    #   slow ├──────────────┤        40 s, one beat of its slowest device
    groups = network(2, 20)
    groups.nodes["olt-0"].slowest = 40_000
    for olt in (0, 1):
        for second in (62, 72, 82, 92):
            fall(groups, olt, 1, second=second)
    slow, fast = (liveness.test(view(groups), groups.nodes[f"olt-{olt}"]) for olt in (0, 1))
    assert slow is not None
    assert (slow.k, slow.window) == (4, 40_000)
    assert fast is None


def test_other_things_than_falls_are_counted_alike() -> None:
    groups = network(5, 20)
    seen = View(POLICY, 100_000, 1000, 10_000, counts={"element/olt-3": 6, "region/north": 6})
    (finding,) = liveness.explain(seen, groups.region("north"))
    assert (finding.node.element, finding.k, finding.n) == ("olt-3", 6, 20)
