"""Collectors that are silent, regions that fall silent together, lag; and what is kept of it over a restart."""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Blindness, Ear, listen
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.measures import measures
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.events.outages import Etr, Measures, StatusRow
from forewarn.topics.instants import to_rfc3339

POLICY = OutagePolicy()
CLOCK = 1_800_000_000_000


def collector(name: str, heard: int, patience: int = 0, veiled: int = 0) -> StatusRow:
    return StatusRow("collector", name, 10, 0, heard, patience=patience, veiled=veiled)


def region(name: str, heard: int, *collectors: str) -> StatusRow:
    return StatusRow("region", name, 10, 0, heard, patience=10_000, collectors=collectors)


def reported(rows: dict[int, list[StatusRow]], clock: int = CLOCK) -> tuple[Blindness, Unit]:
    unit, blindness = Unit({}, {}, clock), Blindness(POLICY, len(rows))
    for partition, of in rows.items():
        blindness.report(unit, partition, of, clock)
        blindness.reported(unit, partition, clock, 0)
    assert blindness.complete
    blindness.judge(unit)
    return blindness, unit


def test_an_ear_opens_anew_only_after_a_silence_that_was_noticed() -> None:
    #  heard   100 ─ 110            ─────── 400 ─ 410       since 100, then 400
    #  clock   100 110 ... 240 silent       400
    ear = listen(Ear(), heard=100_000, clock=100_000, patience=120_000)
    ear = listen(ear, heard=110_000, clock=229_000, patience=120_000)
    assert (ear.since, ear.silent) == (100_000, False)
    silent = listen(ear, heard=110_000, clock=231_000, patience=120_000)
    assert silent == Ear(100_000, 110_000, True)
    assert listen(silent, heard=400_000, clock=400_000, patience=120_000) == Ear(400_000, 400_000)
    assert listen(ear, heard=400_000, clock=400_000, patience=120_000) == Ear(100_000, 400_000)  # read late, at once


def test_beats_of_long_ago_that_come_late_open_no_ear() -> None:
    silent = Ear(100_000, 110_000, True)
    assert listen(silent, heard=200_000, clock=400_000, patience=120_000) == Ear(100_000, 200_000, True)


def test_a_collector_is_silent_when_no_partition_hears_it() -> None:
    old, new = CLOCK - 121_000, CLOCK - 1000
    blindness, _ = reported({0: [collector("c-1", old), collector("c-2", old)], 1: [collector("c-2", new)]})
    assert blindness.silent("c-1")
    assert not blindness.silent("c-2")
    assert not blindness.silent("never heard of")
    assert blindness.blind(["c-1"], "north")
    assert not blindness.blind(["c-1", "c-2"], "north")
    assert not blindness.blind([], "north")


def test_a_collector_of_devices_that_beat_seldom_is_given_two_of_their_beats() -> None:
    blindness, _ = reported({0: [collector("c-1", CLOCK - 1_000_000, patience=1_800_000)]})
    assert not blindness.silent("c-1")


def test_a_partition_that_sees_nothing_of_a_collector_is_told_what_others_hear() -> None:
    unseen = collector("c-1", CLOCK - 60_000, veiled=4)
    blindness, _ = reported({0: [unseen], 1: [collector("c-1", CLOCK - 1000)]})
    assert [(name, partition, ear.heard) for name, partition, ear in blindness.heard_elsewhere()] == [
        ("c-1", 0, CLOCK - 1000)
    ]


def test_more_than_three_in_ten_of_ten_regions_that_share_a_collector_are_blind_together() -> None:
    def verdict(silent: int, apart_ms: int, count: int = 10) -> frozenset[str]:
        rows = {
            number: [region(f"r{number}", CLOCK - 200_000 + number * apart_ms if number < silent else CLOCK, "c-1")]
            for number in range(count)
        }
        return reported(rows)[0].together

    assert verdict(4, 1000) == {"r0", "r1", "r2", "r3"}
    assert verdict(3, 1000) == frozenset()
    assert verdict(4, 6000) == frozenset()
    assert verdict(4, 1000, count=9) == frozenset()


def test_regions_that_share_nothing_are_not_blind_together() -> None:
    rows = {n: [region(f"r{n}", CLOCK - 200_000 if n < 5 else CLOCK, f"c-{n}")] for n in range(10)}
    assert reported(rows)[0].together == frozenset()
    assert len(reported({0: [row for of in rows.values() for row in of]})[0].together) == 5


def test_a_partition_that_is_read_late_says_nothing_of_now() -> None:
    blindness, unit = reported({0: [collector("c-1", CLOCK)]})
    blindness.reported(unit, 0, CLOCK, 5_001)
    assert blindness.sight(["c-1"], "north", 0) == "lag"
    blindness.reported(unit, 0, CLOCK, 5_000)
    assert blindness.sight(["c-1"], "north", 0) is None


def test_what_a_partition_no_longer_reports_is_gone() -> None:
    blindness, unit = reported({0: [collector("c-1", CLOCK - 200_000), region("north", CLOCK)]})
    blindness.report(unit, 0, [region("south", CLOCK)], CLOCK + 5000)
    blindness.reported(unit, 0, CLOCK + 5000, 0)
    assert set(blindness.regions) == {"south"}
    blindness.judge(unit)


def test_reports_and_verdicts_are_kept() -> None:
    rows = {n: [region(f"r{n}", CLOCK - 200_000 if n < 5 else CLOCK, "c-1")] for n in range(10)}
    rows[0].append(collector("c-1", CLOCK - 200_000))
    blindness, unit = reported(rows)
    again = Blindness(POLICY, 10)
    again.restore({key: value for key, value in unit.dirty.items() if value})
    assert again.complete
    assert (again.ears, again.together, again.regions) == (blindness.ears, blindness.together, blindness.regions)


def test_measures_count_from_the_onset_and_tell_of_the_end_when_it_is_the_end() -> None:
    late = to_rfc3339(CLOCK + 3_000_000)
    case = Case("o", "north", "olt-1", False, CLOCK, "monitoring", 0, detected=CLOCK + 180_000)
    assert measures(Case("o", "north", "olt-1", False, CLOCK, "planned", 0)) is None
    assert measures(case) == Measures(180.0)
    over = Case(
        *("o", "north", "olt-1", False, CLOCK, "restored", 0),
        detected=CLOCK + 180_000,
        confirmed=CLOCK + 270_000,
        noticed=CLOCK + 300_000,
        restored=CLOCK + 3_600_000,
        etr=Etr(late, late, late, "model", late),
    )
    assert measures(over) == Measures(180.0, 270.0, 300.0, 3600.0, 600.0)
