"""When an estimate is issued, issued anew, overtaken by a crew's word, and overdue. Seconds of event time."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.etr import Estimates, instant
from forewarn.stream.outages.etr_policy import EtrPolicy
from forewarn.stream.outages.topology import Known, Topology
from forewarn.topics.events.outages import Etr, OutageState
from forewarn.topics.instants import to_rfc3339

#: 2027-01-18T10:00:00Z, a Monday.
START = 1_800_266_400_000
HOUR = 3600


def at(second: float) -> int:
    return START + round(second * 1000)


def case(state: OutageState = "confirmed", **more: object) -> Case:
    return replace(Case("o1", "north", "olt-1", False, START, state, at(180), confirmed=at(180), peak=50), **more)


def estimates_of(policy: EtrPolicy, *elements: tuple[str, Known]) -> Estimates:
    topology = Topology()
    for name, known in elements:
        topology.put(Unit({}, {}, 0), name, known)
    return Estimates(policy, topology)


def field(second: float, said: float = 0) -> Etr:
    word = to_rfc3339(at(second))
    return Etr(word, word, word, "field", to_rfc3339(at(said)))


def seconds(etr: Etr | None) -> tuple[float, float, float]:
    assert etr is not None
    earliest, likely, latest = ((instant(text) - START) / 1000 for text in (etr.earliest, etr.likely, etr.latest))
    return earliest, likely, latest


def test_a_confirmed_outage_has_an_estimate_at_once_and_others_have_none() -> None:
    estimates = estimates_of(EtrPolicy())
    states: tuple[OutageState, ...] = (
        "suspected",
        "unknown",
        "planned",
        "monitoring",
        "restored",
        "flapping",
        "merged",
    )
    for state in states:
        assert estimates.judged(case(state), at(180)).etr is None
    earliest, likely, latest = seconds(estimates.judged(case(), at(180)).etr)
    assert 180 < earliest < likely < latest
    assert 5_600 < likely < 10_000  # of a cause not known yet: between equipment and fibre


def test_public_times_lie_on_the_clock_the_finer_the_nearer() -> None:
    etr = estimates_of(EtrPolicy()).judged(case(), at(187)).etr
    earliest, likely, latest = seconds(etr)
    assert (earliest % 60, likely % 900, latest % 1_800) == (0, 0, 0)
    assert etr is not None
    assert instant(etr.issued) == at(187)


def test_it_is_issued_anew_when_earliest_passes_and_not_before() -> None:
    #  issued     earliest passed            earliest passed
    #  180 ├────────┤├──────────────────────────┤├──────────>
    estimates = estimates_of(EtrPolicy())
    first = estimates.judged(case(), at(180))
    earliest, likely, latest = seconds(first.etr)
    assert estimates.judged(first, at(earliest - 1)) is first
    second = estimates.judged(first, at(earliest))
    assert seconds(second.etr)[0] > earliest
    assert seconds(second.etr)[1:] >= (likely, latest)
    assert estimates.judged(second, at(earliest)) is second


def test_an_estimate_does_not_flap() -> None:
    """Ten hours of an outage: some thirty estimates, none of them earlier than the one before."""
    estimates, known, issued = estimates_of(EtrPolicy()), case(), []
    for second in range(180, 10 * HOUR, 5):
        after = estimates.judged(known, at(second))
        if after is not known:
            issued.append(seconds(after.etr))
        known = after
    assert 10 < len(issued) < 45
    for quantile in range(3):
        assert [times[quantile] for times in issued] == sorted(times[quantile] for times in issued)


def test_a_cause_that_changes_the_outlook_is_news() -> None:
    estimates = estimates_of(EtrPolicy(medians_s={"power": 1_500.0}))
    known = estimates.judged(case(), at(180))
    mended = estimates.judged(replace(known, cause="power"), at(200))
    assert seconds(mended.etr)[2] < seconds(known.etr)[2]
    same = replace(known, cause="a digger")
    assert estimates.judged(same, at(200)) is same


def test_a_crews_word_wins_until_it_passes() -> None:
    #  crew: 1 h                   overdue          + 15 min: estimated again
    #  ├──────────────────────────────┤├─────────────────┤├──────>
    estimates = estimates_of(EtrPolicy())
    known = replace(estimates.judged(case(), at(180)), etr=field(HOUR, 400))
    assert estimates.judged(known, at(HOUR - 1)) is known
    late = estimates.judged(known, at(HOUR))
    assert (late.overdue, late.etr) == (at(HOUR), known.etr)
    assert estimates.judged(late, at(HOUR + 899)) is late
    again = estimates.judged(late, at(HOUR + 900))
    assert again.etr is not None
    assert (again.etr.source, instant(again.etr.earliest) > at(HOUR + 900)) == ("model", True)


def test_a_new_word_after_a_broken_one_is_a_new_promise() -> None:
    estimates = estimates_of(EtrPolicy())
    late = estimates.judged(case(etr=field(HOUR)), at(HOUR))
    promised = replace(late, etr=field(2 * HOUR, HOUR + 60))
    assert estimates.judged(promised, at(HOUR + 2_000)) is promised
    assert estimates.judged(promised, at(2 * HOUR)).overdue == at(2 * HOUR)


def test_without_the_model_only_crews_promise_and_only_they_are_late() -> None:
    estimates = estimates_of(EtrPolicy(model=False))
    bare, promised = case(), case(etr=field(HOUR))
    assert estimates.judged(bare, at(9 * HOUR)) is bare
    late = estimates.judged(promised, at(HOUR))
    assert late.overdue == at(HOUR)
    assert estimates.judged(late, at(9 * HOUR)) is late


def test_an_estimate_that_nobody_renewed_in_time_is_overdue_too() -> None:
    estimates = estimates_of(EtrPolicy())
    known = estimates.judged(case(), at(180))
    latest = seconds(known.etr)[2]
    assert estimates.judged(known, at(latest + 5)).overdue == at(latest)


def test_a_clock_that_is_behind_changes_nothing() -> None:
    estimates = estimates_of(EtrPolicy())
    known = estimates.judged(case(), at(180))
    assert estimates.judged(known, 0) is known


@pytest.mark.parametrize(
    ("what", "teaches"),
    [
        ({"restored": at(HOUR)}, True),
        ({"restored": at(HOUR), "author": "ana"}, True),  # an operator resolved it
        ({"restored": at(HOUR), "maintenance_id": "m1"}, False),
        ({"restored": at(HOUR), "confirmed": None}, False),
        ({"restored": None}, False),
    ],
)
def test_only_outages_that_were_confirmed_and_ended_teach(what: dict[str, object], teaches: bool) -> None:
    estimates = estimates_of(EtrPolicy())
    estimates.learn(Unit({}, {}, 0), case("closed", cause="fibre", **what))
    taught = [durations.seconds for durations in estimates.times.cells.values()]
    assert taught == ([(HOUR,)] if teaches else [])


def test_an_outage_is_known_by_what_its_element_is_how_much_hangs_on_it_and_where_it_stands() -> None:
    #  r-core (no kind of its own told, -118.2°) ── olt-1 (olt) ── 800 devices, of which 3 are known to be down so far
    above = ("r-core", Known("north", longitude=-118.2))
    estimates = estimates_of(EtrPolicy(), above, ("olt-1", Known("north", ("r-core",), "olt")))
    few = case(peak=3, devices_expected=800, cause="fibre", restored=at(HOUR))
    estimates.learn(Unit({}, {}, 0), replace(few, state="closed"))
    assert list(estimates.times.cells) == [("fibre", "olt", 4, "night")]  # two in the morning by the sun


def test_an_outage_of_an_element_that_nobody_announced_is_of_no_kind_and_a_regions_is_its_own() -> None:
    estimates = estimates_of(EtrPolicy(), ("olt-1", Known("north", kind="a shed")))
    for about in (case(), case(element="olt-2"), case(whole_region=True)):
        estimates.learn(Unit({}, {}, 0), replace(about, state="closed", restored=at(HOUR)))
    assert sorted((cell.place, len(d.seconds)) for cell, d in estimates.times.cells.items()) == [
        ("other", 2),
        ("region", 1),
    ]


@pytest.mark.parametrize(
    ("kind", "cause", "presumed"),
    [
        ("pon", None, "fibre"),
        ("cell", "equipment", "radio"),
        ("core", None, "upstream"),
        ("olt", None, "unknown"),
        ("olt", "equipment", "equipment"),
        ("pon", "power", "power"),
        ("pon", "a digger", "fibre"),
    ],
)
def test_where_it_broke_says_what_can_have_broken(kind: str, cause: str | None, presumed: str) -> None:
    estimates = estimates_of(EtrPolicy(), ("x", Known("north", kind=kind)))
    confirmed = estimates.judged(case(element="x", cause=cause), at(180))
    assert confirmed.hidden is (presumed == "unknown")
    assert confirmed.cause == cause  # what is published of the cause stays what was found
    estimates.learn(Unit({}, {}, 0), replace(confirmed, state="closed", restored=at(HOUR)))
    assert [cell.cause for cell in estimates.times.cells] == [presumed]
