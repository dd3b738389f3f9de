"""Whatever happens to a small network: order, repeats, kills, and that what was raised ends."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forewarn.stream.outages import device as devices
from forewarn.stream.outages import lifecycle
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.device import Device, Place, Spec
from forewarn.stream.outages.lifecycle import Cleared, Confirmed, Elapsed, Suspected
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.events.outages import Evidence
from tests.acceptance.outage_world import World

FAST = OutagePolicy(
    tick_s=1,
    lateness_s=3,
    interval_s=2,
    longest_silence_s=20,
    window_s=15,
    level_windows_s=(60,),
    confirm_s=8,
    hysteresis_s=10,
    reopen_s=30,
    blind_s=6,
    impact_s=2,
)
END = 200

#: (second, what, which): cuts and mends of line terminals and single devices in the first 120 s.
acts = st.lists(
    st.tuples(
        st.integers(15, 120),
        st.sampled_from(["cut", "mend"]),
        st.sampled_from(["olt-0", "olt-1", "olt-2", "onu-0-1", "onu-1-2", "onu-2-3"]),
    ),
    max_size=8,
)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def world_of(story: list[tuple[int, str, str]]) -> World:
    world = World(FAST)
    world.tree(3, 5, interval=2)
    for second, what, which in story:
        world.at(second, world.cut if what == "cut" else world.mend, which)
    for i in range(3):
        world.at(125, world.mend, f"olt-{i}")
    for device in list(world.devices):
        world.at(125, world.mend, device)
    return world


def revisions(world: World) -> list[tuple[float, object]]:
    return [(published.second, published.json) for published in world.of("outages.revisions")]


@few
@given(acts)
def test_when_all_beats_return_every_outage_ends_and_the_mark_never_goes_back(
    story: list[tuple[int, str, str]],
) -> None:
    world = world_of(story)
    world.run(until=END)
    assert {row["state"] for row in world.outages().values()} <= {"restored", "closed", "dismissed", "merged"}
    marks = [event_time for _, event_time in world.marks()]
    assert marks == sorted(marks)
    assert world.detects[0].fold.watch.open == {}  # type: ignore[attr-defined]


@few
@given(acts)
def test_revisions_of_an_outage_rise_one_by_one_and_confirmed_ones_are_restored(
    story: list[tuple[int, str, str]],
) -> None:
    world = world_of(story)
    world.run(until=END)
    seen: dict[str, int] = {}
    for _, row in revisions(world):
        assert row["revision"] == seen.get(row["outage_id"], 0) + 1  # type: ignore[index]
        seen[row["outage_id"]] = row["revision"]  # type: ignore[index]
    for row in world.outages().values():
        assert ("confirmed" in row) == (row["state"] in {"restored", "closed", "merged"}) or row["state"] == "merged"


@few
@given(acts, st.lists(st.integers(5, 180), min_size=1, max_size=3), st.booleans())
def test_kills_and_repeated_signals_change_no_revision(
    story: list[tuple[int, str, str]], kills: list[int], repeat: bool
) -> None:
    plain, killed = world_of(story), world_of(story)
    killed.repeat = repeat
    for second in kills:
        killed.at(second, killed.restart_detect)
        killed.at(second, killed.restart_correlate)
    plain.run(until=END)
    killed.run(until=END)
    assert revisions(killed) == revisions(plain)
    assert killed.impact() == plain.impact()


@few
@given(st.integers(0, 2**32))
def test_the_order_of_words_about_a_device_does_not_matter(seed: int) -> None:
    order = random.Random(seed)
    words = [(second, order.random() < 0.6) for second in order.sample(range(1000, 1170), 8)]
    words += order.choices(words, k=3)
    ends = set()
    for _ in range(4):
        order.shuffle(words)
        place = Place(Spec("north"), b"", parents=(), parent=None, collector=None, interval_s=60)
        device = Device("cpe", place, seen=990_000, slot=1)
        devices.start_learning(FAST, device)
        for second, up in words:
            if up:
                devices.beat(FAST, device, second * 1000, clock=1_170_000, arrival=1_170_000, learn=False)
            else:
                devices.said_down(device, second * 1000)
        ends.add((device.seen, device.down is None))
    assert len(ends) == 1


inputs = st.lists(
    st.one_of(
        st.builds(
            lambda n, c: Suspected(c, n, Evidence("liveness", 0, 0, 0)), st.integers(0, 99), st.sampled_from("ab")
        ),
        st.builds(lambda n, c, b: Confirmed(c, n, b), st.integers(0, 99), st.sampled_from("ab"), st.booleans()),
        st.builds(lambda n, c: Cleared(c, n), st.integers(0, 99), st.sampled_from("ab")),
        st.builds(lambda n, b: Elapsed(n * 10**5, b), st.integers(0, 99), st.booleans()),
    ),
    max_size=30,
)


@given(inputs)
def test_an_input_taken_twice_in_a_row_is_taken_once(story: list[lifecycle.Input]) -> None:
    case = Case("id", "north", "olt-1", False, 0, "suspected", 0)
    for what in story:
        case = lifecycle.step(FAST, case, what)
        again = lifecycle.step(FAST, case, what)
        assert again is case or isinstance(what, Elapsed)


@given(inputs)
def test_after_all_suspicions_are_cleared_time_ends_every_outage(story: list[lifecycle.Input]) -> None:
    case = Case("id", "north", "olt-1", False, 0, "suspected", 0)
    for what in (Suspected("a", 0, Evidence("liveness", 0, 0, 0)), *story, Cleared("a", 10**7), Cleared("b", 10**7)):
        case = lifecycle.step(FAST, case, what)
    for second in range(10):
        case = lifecycle.step(FAST, case, Elapsed(10**8 * (second + 1)))
    assert case.state in ("closed", "dismissed")
