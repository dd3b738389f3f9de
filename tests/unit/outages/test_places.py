"""Places and their quarters: what is read off them each tick is what a walk over all devices would find."""

from __future__ import annotations

from random import Random

from forewarn.stream.outages.device import Place, Spec
from forewarn.stream.outages.groups import Groups, Node
from forewarn.stream.outages.places import Places

DEFAULT = 60_000


def network() -> tuple[Groups, Places]:
    groups = Groups(5_000)
    places = Places(DEFAULT, groups, groups.node)
    return groups, places


def place(
    places: Places, element: str, *, region: str = "r1", collector: str | None = "c1", interval: float = 30.0
) -> Place:
    return places.at(Spec(region, (element,)), element, collector, interval, None)


def test_the_same_spec_and_words_are_the_same_place() -> None:
    _, places = network()
    assert place(places, "olt-1") is place(places, "olt-1")
    assert place(places, "olt-1") is not place(places, "olt-1", interval=60.0)
    assert len(list(places)) == 2


def test_a_quarter_says_of_its_places_what_each_would_say() -> None:
    """Twenty places in two regions behind three collectors, or none that is known."""
    _, places = network()
    random = Random(7)
    for number in range(20):
        one = place(
            places,
            f"olt-{number}",
            region=random.choice(("r1", "r2")),
            collector=random.choice(("c1", "c2", "c3", None)),
            interval=random.choice((0.0, 30.0, 300.0)),
        )
        one.heard, one.expected, one.down = (random.randrange(100) for _ in range(3))
    for (region, behind), quarter in places.quarters.items():
        here = [one for one in places if (one.spec.region, one.behind) == (region, behind)]
        assert quarter.heard == max(one.heard for one in here)
        assert quarter.expected == sum(one.expected for one in here)
        assert quarter.down == sum(one.down for one in here)
        assert quarter.fastest == min(one.interval or DEFAULT for one in here)
        assert quarter.slowest == max(one.interval for one in here)
    assert sum(len(quarter.places) for quarter in places.quarters.values()) == 20


def test_what_is_heard_below_follows_the_topology_as_it_changes() -> None:
    """agg ── olt-1, then also olt-2."""
    groups, places = network()
    agg = groups.node("agg", "r1")
    first, second = place(places, "olt-1"), place(places, "olt-2")
    first.heard, second.heard = 100, 200
    hang(groups, "olt-1", agg)
    assert places.heard_below([agg]) == {agg: 100}
    hang(groups, "olt-2", agg)
    assert places.heard_below([agg]) == {agg: 200}
    third = place(places, "olt-2", interval=60.0)
    third.heard = 300
    assert places.heard_below([agg, groups.node("olt-1", "r1")]) == {agg: 300, groups.node("olt-1", "r1"): 100}


def test_a_group_with_nothing_beneath_was_never_heard() -> None:
    groups, places = network()
    lonely = groups.node("lonely", "r1")
    assert places.heard_below([lonely]) == {lonely: 0}
    assert places.heard_below([]) == {}


def hang(groups: Groups, element: str, parent: Node) -> None:
    groups.link(groups.node(element, "r1"), "r1", (parent,))
