"""Whatever partitions say, in whatever order: correlate leads the same outages, once, over restarts, and ends them."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.partitioner import partition as partition_of
from tests.acceptance.correlate_world import Teller

FAST = OutagePolicy(hysteresis_s=20, reopen_s=60, impact_s=5, root_window_s=30, root_polled_s=30, overrun_s=30)
A = "a"
B = next(name for name in "bcde" if partition_of(name.encode(), 2) != partition_of(b"a", 2))
OLTS = {A: [f"olt-a-{i}" for i in range(3)], B: [f"olt-b-{i}" for i in range(3)]}
PLACES = [*OLTS[A], *OLTS[B], "agg-a", "agg-b"]

#: (step of 5 s, what, where): suspicions of devices, with their devices down, and of KPIs; and their ends.
words = st.lists(
    st.tuples(
        st.integers(0, 12), st.sampled_from(["fall", "fall", "rise", "kpi", "kpi over"]), st.sampled_from(PLACES)
    ),
    max_size=14,
)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def region_of(place: str) -> str:
    return A if "-a" in place else B


def onus(place: str) -> list[str]:
    olts = OLTS[region_of(place)] if place.startswith("agg") else [place]
    return [f"onu-{olt}-{j}" for olt in olts for j in range(2)]


def network() -> Teller:
    """core-1 ── agg-a ── olt-a-0, 1, 2 and agg-b ── olt-b-0, 1, 2, two onus each."""
    teller = Teller(FAST, partitions=2)
    teller.inventory("core-1", region="core", kind="core")
    for region, agg in ((A, "agg-a"), (B, "agg-b")):
        teller.inventory(agg, region=region, kind="aggregation", parent="core-1")
        for olt in OLTS[region]:
            teller.inventory(olt, region=region, kind="olt", parent=agg)
            for onu in onus(olt):
                teller.inventory(onu, region=region, kind="onu", parent=olt)
            teller.beating(*onus(olt), region=region)
    return teller


class Tale:
    """What two partitions of detect say, as far as it is consistent: nothing is cleared that was not raised."""

    def __init__(self, story: list[tuple[int, str, str]]) -> None:
        self.steps: dict[int, list[tuple[str, str]]] = {}
        open_: set[tuple[str, str]] = set()
        for step, what, place in sorted(story, key=lambda word: word[0]):
            detector = "kpi" if what.startswith("kpi") else "liveness"
            begins = what in ("fall", "kpi")
            if begins == ((detector, place) in open_):
                continue
            (open_.add if begins else open_.remove)((detector, place))
            self.steps.setdefault(step, []).append((what, place))
        self.rest = sorted(open_)

    def tell(self, teller: Teller, order: random.Random | None = None, kills: tuple[int, ...] = ()) -> None:
        """Tells the tale, the partitions of one step in any order; then everything ends."""
        for step in range(13):
            said = self.steps.get(step, [])
            by_region = [[word for word in said if region_of(word[1]) == region] for region in (A, B)]
            if order is not None:
                order.shuffle(by_region)
            for words_ in by_region:
                for what, place in words_:
                    say(teller, what, place)
            if step in kills:
                teller.world.restart_correlate()
            teller.pass_time(5)

    def end(self, teller: Teller) -> None:
        for detector, place in self.rest:
            say(teller, "kpi over" if detector == "kpi" else "rise", place)
        teller.pass_time(120)


def say(teller: Teller, what: str, place: str) -> None:
    region = region_of(place)
    match what:
        case "fall":
            teller.down(*onus(place), region=region)
            teller.suspect(place, region=region)
        case "rise":
            teller.up(*onus(place), region=region)
            teller.clear(place, region=region)
        case "kpi":
            teller.suspect(place, region=region, detector="kpi")
        case _:
            teller.clear(place, region=region, detector="kpi")


def open_outages(teller: Teller) -> set[tuple[str, str]]:
    over = {"merged", "dismissed", "closed", "restored"}
    rows = teller.world.outages().values()
    return {(row["element"], row["state"]) for row in rows if row["state"] not in over}


def revisions(teller: Teller) -> list[Any]:
    return [found.json for found in teller.world.of("outages.revisions")]


@few
@given(words, st.integers(0, 2**16))
def test_the_order_in_which_partitions_are_read_does_not_matter(story: list[tuple[int, str, str]], seed: int) -> None:
    tale, ends = Tale(story), []
    for order in (None, random.Random(seed)):
        teller = network()
        tale.tell(teller, order)
        teller.pass_time(30)
        ends.append(open_outages(teller))
    assert ends[0] == ends[1]


@few
@given(words, st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_kills_change_no_revision(story: list[tuple[int, str, str]], kills: list[int]) -> None:
    tale, plain, killed = Tale(story), network(), network()
    tale.tell(plain)
    tale.tell(killed, kills=tuple(kills))
    for teller in (plain, killed):
        tale.end(teller)
    assert revisions(killed) == revisions(plain)


@few
@given(words)
def test_every_outage_ends_when_all_suspicions_do_and_no_revision_says_nothing_new(
    story: list[tuple[int, str, str]],
) -> None:
    tale, teller = Tale(story), network()
    tale.tell(teller)
    tale.end(teller)
    assert open_outages(teller) == set()
    last: dict[str, Any] = {}
    for row in revisions(teller):
        shown = {name: value for name, value in row.items() if name not in ("revision", "time")}
        assert last.get(row["outage_id"]) != shown
        assert row["revision"] == 1 + (last.get(f"n/{row['outage_id']}") or 0)
        last[row["outage_id"]], last[f"n/{row['outage_id']}"] = shown, row["revision"]


@few
@given(words)
def test_an_element_is_in_one_open_outage_at_most(story: list[tuple[int, str, str]]) -> None:
    tale, teller = Tale(story), network()
    tale.tell(teller)
    for place in PLACES:
        teller.confirm(place, region=region_of(place))
    teller.pass_time(30)
    states = {outage: row["state"] for outage, row in teller.world.outages().items()}
    held = [
        element
        for outage, (_, elements) in teller.world.impact().items()
        if states[outage] in ("suspected", "confirmed")
        for element in elements
    ]
    assert sorted(held) == sorted(set(held))


@few
@given(words, words)
def test_counts_below_each_element_follow_every_change_of_the_topology(
    before: list[tuple[int, str, str]], after: list[tuple[int, str, str]]
) -> None:
    teller = network()
    Tale(before).tell(teller)
    for number, (step, _, place) in enumerate(after):
        parent = PLACES[(number * 5 + step) % len(PLACES)]
        if place != parent and not place.startswith("agg"):
            teller.inventory(place, region=region_of(place), kind="olt", parents=sorted({parent, "agg-a"}))
    topology = teller.world.correlate.fold.topology  # type: ignore[attr-defined]
    for element in PLACES:
        below = {name for name in topology.below([element]) if name.startswith("onu-")}
        assert topology.beating.get(element, 0) == len(below)
        assert topology.fallen.get(element, 0) == len(below & topology.down.keys())
