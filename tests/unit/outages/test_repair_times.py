"""What is learned of repair times: back-off, shrinkage, conditioning, bounds. Durations in seconds."""

from __future__ import annotations

from math import exp, log
from random import Random

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.etr_policy import EtrPolicy
from forewarn.stream.outages.repair_fit import Cell
from forewarn.stream.outages.repair_times import Kind, RepairTimes
from forewarn.stream.outages.survival import GRID

NIGHT, DAY_SHIFT, OFF = 1_800_230_400_000, 1_800_266_400_000, 1_800_297_000_000  # a Monday: 0:00, 10:00, 18:30 UTC
HOUR = 3600.0


def kind(
    cause: str = "fibre",
    size: int = 50,
    region: str = "north",
    started: int = DAY_SHIFT,
    place: str = "olt",
    longitude: float | None = None,
) -> Kind:
    return Kind(cause, place, size, region, started, longitude)


def taught(*seconds: float, policy: EtrPolicy | None = None, about: Kind | None = None) -> RepairTimes:
    times, unit = RepairTimes(policy or EtrPolicy()), Unit({}, {}, 0)
    for lasted in seconds:
        times.teach(unit, about or kind(), lasted)
    return times


def median(times: RepairTimes, about: Kind, elapsed: float = 0.0) -> float:
    (half,) = times.remaining_s(about, elapsed, 0.5)
    return half


def test_before_any_outage_the_policys_medians_speak() -> None:
    times = taught(policy=EtrPolicy(medians_s={"fibre": 5_000.0}))
    assert median(times, kind("fibre")) == pytest.approx(5_000, rel=0.01)
    assert median(times, kind("power")) == pytest.approx(5_600, rel=0.01)
    p10, p90 = times.remaining_s(kind("power"), 0.0, 0.1, 0.9)
    spread = (0.7**2 + 1.0**2 + 0.3**2 + 2 * 0.2**2 + 0.05**2 + 0.3**2) ** 0.5  # repairs, operators, causes … hours
    assert (p10, p90) == pytest.approx((5_600 * exp(-1.2816 * spread), 5_600 * exp(1.2816 * spread)), rel=0.02)


def test_many_outages_outweigh_what_was_assumed() -> None:
    random = Random(1)
    times = taught(*(random.lognormvariate(log(900), 0.3) for _ in range(150)))
    p10, p50, p90 = times.remaining_s(kind(), 0.0, 0.1, 0.5, 0.9)
    assert p50 == pytest.approx(900, rel=0.1)
    assert (p10, p90) == pytest.approx((900 * exp(-0.3845), 900 * exp(0.3845)), rel=0.2)


def test_one_outage_moves_the_estimate_towards_itself_and_not_all_the_way() -> None:
    before = median(taught(), kind())
    assert 2 * 600 < median(taught(600), kind()) < before


def test_a_cell_without_outages_speaks_as_its_cause_does() -> None:
    """Small outages at night are judged by large ones of the day, as far as size and hour are not known to matter."""
    times = taught(*[1_200] * 40, about=kind(size=5_000))
    assert 1_200 < median(times, kind(size=5, started=NIGHT)) < 2_400
    assert median(times, kind(size=5_000)) == pytest.approx(1_200, rel=0.1)


def test_size_and_hour_are_told_apart_when_there_is_enough_of_each() -> None:
    times, unit = RepairTimes(EtrPolicy()), Unit({}, {}, 0)
    random = Random(2)
    for _ in range(60):
        times.teach(unit, kind(size=5), random.lognormvariate(log(600), 0.2))
        times.teach(unit, kind(size=5, started=NIGHT), random.lognormvariate(log(2_400), 0.2))
        times.teach(unit, kind(size=5_000), random.lognormvariate(log(9_600), 0.2))
    assert median(times, kind(size=5)) == pytest.approx(600, rel=0.25)
    assert median(times, kind(size=5, started=NIGHT)) == pytest.approx(2_400, rel=0.25)
    assert median(times, kind(size=5_000)) == pytest.approx(9_600, rel=0.25)


def test_crews_hours_are_counted_in_their_own_zone() -> None:
    """18:30 UTC is the afternoon in New York: a working hour there, an evening at home."""
    times, unit = RepairTimes(EtrPolicy(time_zone="America/New_York")), Unit({}, {}, 0)
    times.teach(unit, kind(started=OFF), 600)
    assert b"etr/c/fibre/olt/2/day" in unit.dirty


@pytest.mark.parametrize(("longitude", "hours"), [(0.0, "off"), (-118.2, "day"), (116.4, "night"), (None, "off")])
def test_without_a_zone_crews_go_by_the_sun(longitude: float | None, hours: str) -> None:
    """18:30 UTC on a Monday is shortly before noon in Los Angeles, and past two at night in Beijing."""
    times, unit = RepairTimes(EtrPolicy()), Unit({}, {}, 0)
    times.teach(unit, kind(started=OFF, longitude=longitude), 600)
    assert f"etr/c/fibre/olt/2/{hours}".encode() in unit.dirty


def test_a_policy_with_an_unknown_zone_or_cause_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone 'Mars/North'"):
        EtrPolicy(time_zone="Mars/North")
    with pytest.raises(ValueError, match="no cause 'fiber'"):
        EtrPolicy(medians_s={"fiber": 60.0})


def test_an_unknown_cause_is_judged_by_the_outages_that_were_unknown_at_first() -> None:
    """Fibre shows itself at once; power and equipment do not."""
    times, unit = RepairTimes(EtrPolicy()), Unit({}, {}, 0)
    for _ in range(60):
        times.teach(unit, kind("power"), 300, hidden=True)
        times.teach(unit, kind("equipment"), 3_000, hidden=True)
        times.teach(unit, kind("fibre"), 300_000)
    p10, p90 = times.remaining_s(kind("unknown"), 0.0, 0.1, 0.9)
    assert p10 < 400
    assert 2_500 < p90 < 20_000


def test_a_hidden_cause_teaches_of_itself_and_of_what_is_not_known_and_its_region_once() -> None:
    times, unit = RepairTimes(EtrPolicy()), Unit({}, {}, 0)
    times.teach(unit, kind("radio"), 600, hidden=True)
    times.teach(unit, kind("unknown"), 900, hidden=True)
    taught = {cell.cause: durations.seconds for cell, durations in times.cells.items()}
    assert taught == {"radio": (600,), "unknown": (600, 900)}
    assert {name: weight for name, (weight, _) in times.regions["north"].by_cell.items()} == {
        "radio/olt/2/day": 1.0,
        "unknown/olt/2/day": 1.0,
    }


def test_where_it_broke_says_how_long_it_takes_while_the_cause_is_not_known() -> None:
    """A core is mended while a cell site still waits for a crew."""
    times, unit, random = RepairTimes(EtrPolicy()), Unit({}, {}, 0), Random(5)
    for _ in range(30):
        times.teach(unit, kind("unknown", place="core"), random.lognormvariate(log(1_200), 0.3), hidden=True)
        times.teach(unit, kind("unknown", place="cell"), random.lognormvariate(log(4_800), 0.3), hidden=True)
    assert median(times, kind("unknown", place="core")) == pytest.approx(1_200, rel=0.3)
    assert median(times, kind("unknown", place="cell")) == pytest.approx(4_800, rel=0.3)
    between = median(times, kind("unknown", place="olt"))
    assert 1_500 < between < 3_800


def test_an_outage_that_the_fit_has_seen_does_not_make_it_surer_than_it_is() -> None:
    """Of lengths whose logarithms scatter by 0.5, p10 to p90 of what five taught hold four in five of those to come."""
    random, inside = Random(6), 0
    for _ in range(120):
        middle = random.uniform(7.0, 9.0)
        times = taught(*(exp(random.gauss(middle, 0.5)) for _ in range(5)))
        p10, p90 = times.remaining_s(kind(), 0.0, 0.1, 0.9)
        inside += p10 <= exp(random.gauss(middle, 0.5)) <= p90
    assert 0.72 < inside / 120 < 0.92


def test_the_operators_pace_reaches_causes_that_have_not_happened_yet() -> None:
    """Fibre is mended ten times as fast as assumed; so is, as far as anyone knows, a power failure."""
    slow = median(taught(), kind("power"))
    assert slow / 10 < median(taught(*[1_000] * 60), kind("power")) < slow / 4


def test_a_slow_region_is_slow_and_its_neighbours_are_not() -> None:
    times, unit = RepairTimes(EtrPolicy()), Unit({}, {}, 0)
    random = Random(3)
    for _ in range(100):
        times.teach(unit, kind(region="north"), random.lognormvariate(log(1_000), 0.3))
        times.teach(unit, kind(region="islands"), random.lognormvariate(log(3_000), 0.3))
    assert median(times, kind(region="islands")) > 2 * median(times, kind(region="north"))


def test_what_has_lasted_long_is_expected_to_last_longer() -> None:
    #   elapsed 0        elapsed 2 h: only what lasted longer counts
    #   ├──┬───────┬──> ············├─────┬───────────┬───>
    times = taught(*[600] * 50, *[14_400] * 50)
    assert median(times, kind(), 1_200) == pytest.approx(13_200, rel=0.15)
    assert median(times, kind(), 2 * HOUR) == pytest.approx(7_200, rel=0.15)


def test_beyond_everything_seen_the_lognormal_goes_on() -> None:
    times = taught(*[600] * 200)
    quantiles = [times.remaining_s(kind(), hours * HOUR, 0.1, 0.5, 0.9) for hours in (1, 10, 100, 1_000, 10_000)]
    assert all(0 <= p10 <= p50 <= p90 for p10, p50, p90 in quantiles)
    assert all(p50 > 0 for _, p50, _ in quantiles[:-1])
    assert times.remaining_s(kind(), float(GRID[-1]) * 2, 0.9) == (0.0,)


def test_a_cell_remembers_the_newest_outages_only() -> None:
    times = taught(*range(1_000, 1_300), policy=EtrPolicy(kept=100))
    assert times.cells[Cell("fibre", "olt", 2, "day")].seconds == tuple(range(1_200, 1_300))
    assert times.regions["north"].by_cell["fibre/olt/2/day"][0] == pytest.approx(100)


def test_what_was_learned_survives_a_restart() -> None:
    random, table = Random(4), dict[bytes, bytes]()
    times = RepairTimes(EtrPolicy())
    for _ in range(30):
        unit = Unit(table, {}, 0)
        times.teach(
            unit, kind(random.choice(["fibre", "power"]), size=random.randrange(2_000)), random.uniform(60, 9_000)
        )
        table.update(unit.dirty)
    again = RepairTimes(EtrPolicy())
    again.restore(table)
    assert again.remaining_s(kind(), 500, 0.1, 0.5, 0.9) == times.remaining_s(kind(), 500, 0.1, 0.5, 0.9)
