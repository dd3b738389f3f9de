"""Which reported outage answers which real one: drawn as time lines, minutes below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from forewarn.stream.score import output, truth
from forewarn.stream.score.observe import observe
from forewarn.stream.score.sample import Sample
from tests.unit.score.handmade import (
    Json,
    homes,
    life,
    notice,
    outage,
    output_file,
    said,
    silent,
    text,
    truth_file,
    world,
)


def scored(
    folder: Path, faults: Sequence[Json], revisions: Sequence[Json], notices: Sequence[tuple[str, Json]] = ()
) -> Sample:
    true = truth_file(folder / "truth.jsonl", world(), *faults)
    out = output_file(folder / "out.jsonl", revisions, notices)
    return observe(truth.read(true), output.read(str(out)))


def reasons(sample: Sample) -> list[str]:
    return [one.reason for one in sample.false]


def test_the_same_element_at_the_same_time_answers(tmp_path: Path) -> None:
    """100 ├── r1-olt ──┤ 160 and what is said of it."""
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], life("o", "r1-olt", 100, 160))
    (one,) = sample.sought
    assert one.found
    assert one.right
    assert (one.suspected_s, one.confirmed_s) == (180, 270)
    assert one.restored_late_s == 330
    assert reasons(sample) == []


def test_an_ancestor_answers_when_it_names_most_of_the_devices_and_little_else(tmp_path: Path) -> None:
    down = homes("r1-pon")
    fault = outage("f", "r1-pon", 100, 160, devices=down)
    close = life("o", "r1-olt", 100, 160, down=[*down, "r1-other"])
    wide = life("o", "r1-core", 100, 160, down=[*down, *homes("r1-far", 11)])
    assert [one.found for one in scored(tmp_path, [fault], close).sought] == [True]
    sample = scored(tmp_path, [fault], wide)
    assert [one.found for one in sample.sought] == [False]
    assert reasons(sample) == ["piece"]


def test_a_descendant_answers_only_with_half_of_the_devices(tmp_path: Path) -> None:
    down = homes("r1-olt")
    fault = outage("f", "r1-olt", 100, 160, devices=down)
    assert scored(tmp_path, [fault], life("o", "r1-pon", 100, 160, down=down[:5])).sought[0].found
    sample = scored(tmp_path, [fault], life("o", "r1-pon", 100, 160, down=down[:4]))
    assert not sample.sought[0].found
    assert reasons(sample) == ["piece"]


def test_a_second_answer_to_one_outage_counts_as_false(tmp_path: Path) -> None:
    """truth ├────── olt ──────┤     said ├── olt ──┤ and ├── pon ──┤, which was never merged."""
    down = homes("r1-olt")
    revisions = [*life("o1", "r1-olt", 100, 160), *life("o2", "r1-pon", 101, 160, down=down[:6])]
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160, devices=down)], revisions)
    assert [one.found for one in sample.sought] == [True]
    assert reasons(sample) == ["second"]


def test_children_that_were_merged_into_the_answer_are_no_second_one(tmp_path: Path) -> None:
    child = said("o2", "r1-pon", (102, "suspected"), (103, "confirmed"), (104, "merged"), merged_into="o1",
                 down=homes("r1-olt")[:5])  # fmt: skip
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], [*life("o1", "r1-olt", 100, 160), *child])
    assert reasons(sample) == []
    assert (sample.sought[0].suspected_s, sample.sought[0].confirmed_s) == (120, 180)  # the child was first


def test_a_merge_in_a_circle_is_no_way_to_hide(tmp_path: Path) -> None:
    one = said("o1", "r1-a", (10, "suspected"), (12, "confirmed"), (20, "merged"), merged_into="o2")
    other = said("o2", "r1-b", (10, "suspected"), (12, "confirmed"), (20, "merged"), merged_into="o1")
    assert sorted(reasons(scored(tmp_path, [], [*one, *other]))) == ["nothing", "nothing"]


def test_one_long_episode_does_not_answer_all_that_happens_meanwhile(tmp_path: Path) -> None:
    """truth   ├ a ┤    ├ b ┤    ├ c ┤     said ├─────────────── olt ───────────────────┤"""
    faults = [outage(name, "r1-olt", start, start + 20) for name, start in (("a", 100), ("b", 300), ("c", 500))]
    sample = scored(tmp_path, faults, life("o", "r1-olt", 100, 900))
    assert [one.found for one in sample.sought] == [True, False, False]


def test_what_was_confirmed_before_an_outage_began_is_not_about_it(tmp_path: Path) -> None:
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], life("o", "r1-olt", 80, 160))
    assert not sample.sought[0].found
    assert reasons(sample) == ["piece"]


def test_what_is_confirmed_after_the_end_is_too_late(tmp_path: Path) -> None:
    late = said("o", "r1-olt", (104, "suspected"), (112, "confirmed"), (113, "restored"))
    assert not scored(tmp_path, [outage("f", "r1-olt", 100, 110)], late).sought[0].found


def test_a_suspicion_that_was_dismissed_finds_nothing_and_is_not_false(tmp_path: Path) -> None:
    never = said("o", "r1-olt", (103, "suspected"), (104, "dismissed"))
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], never)
    assert not sample.sought[0].found
    assert "never confirmed" in sample.sought[0].story
    assert reasons(sample) == []


def test_an_outage_that_stays_unknown_is_missed(tmp_path: Path) -> None:
    blind = said("o", "r1-olt", (103, "suspected"), (104, "unknown"), (160, "dismissed"))
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], blind)
    assert [one.found for one in sample.sought] == [False]
    assert reasons(sample) == []


def test_another_region_is_another_outage(tmp_path: Path) -> None:
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], life("o", "r2-olt", 100, 160))
    assert not sample.sought[0].found
    assert reasons(sample) == ["nothing"]


def test_a_reopened_outage_answers_each_of_two_real_ones(tmp_path: Path) -> None:
    """truth ├─ a ─┤   ├─ b ─┤     said ├─ o ─┤restored  ├─ o again ─┤"""
    faults = [outage("a", "r1-olt", 100, 120), outage("b", "r1-olt", 140, 160)]
    twice = said("o", "r1-olt", (103, "suspected"), (104, "confirmed"), (120, "monitoring"), (125, "restored"),
                 (143, "suspected"), (144, "confirmed"), (165, "restored"))  # fmt: skip
    sample = scored(tmp_path, faults, twice)
    assert [one.found for one in sample.sought] == [True, True]
    assert [one.confirmed_s for one in sample.sought] == [240, 240]


def test_a_relapse_within_the_hysteresis_is_the_same_episode_and_one_after_restoration_is_a_second(
    tmp_path: Path,
) -> None:
    fault = outage("f", "r1-olt", 100, 160)
    within = said("o", "r1-olt", (103, "suspected"), (104, "confirmed"), (120, "monitoring"), (121, "confirmed"),
                  (160, "monitoring"), (165, "restored"))  # fmt: skip
    after = said("o", "r1-olt", (103, "suspected"), (104, "confirmed"), (120, "monitoring"), (125, "restored"),
                 (126, "confirmed"), (165, "restored"))  # fmt: skip
    assert reasons(scored(tmp_path, [fault], within)) == []
    assert reasons(scored(tmp_path, [fault], after)) == ["second"]


def test_outages_that_are_short_or_small_are_neither_asked_for_nor_held_against(tmp_path: Path) -> None:
    short = outage("s", "r1-olt", 100, 104.9)
    small = outage("m", "r2-olt", 100, 160, share=0.05, share_of_region=0.01)
    revisions = [*life("o1", "r2-olt", 100, 160), *said("o2", "r1-olt", (103, "suspected"), (104.5, "confirmed"))]
    sample = scored(tmp_path, [short, small], revisions)
    assert sample.sought == ()
    assert reasons(sample) == []


def test_an_outage_of_a_tenth_of_its_region_is_asked_for_though_it_is_little_of_its_element(tmp_path: Path) -> None:
    sample = scored(tmp_path, [outage("f", "r1-olt", 100, 160, share=0.05, share_of_region=0.1)], [])
    assert [one.found for one in sample.sought] == [False]
    assert sample.sought[0].story == "nothing was said"


@pytest.mark.parametrize("reason", ["blip", "flapping", "noise", "collector_loss", "demand"])
def test_what_must_stay_silent_and_does_not_is_false_and_loud(tmp_path: Path, reason: str) -> None:
    told = [notice("C1", 106, "o"), notice("C2", 106, "o")]
    sample = scored(tmp_path, [silent(reason, "r1-olt", 100, 130)], life("o", "r1-olt", 100, 130), told)
    assert reasons(sample) == [reason]
    assert [(one.what, one.told) for one in sample.hush] == [(reason, 2)]


def test_what_is_confirmed_but_told_to_nobody_is_false_yet_silent(tmp_path: Path) -> None:
    sample = scored(tmp_path, [silent("blip", "r1-olt", 100, 130)], life("o", "r1-olt", 100, 130))
    assert reasons(sample) == ["blip"]
    assert [one.told for one in sample.hush] == [0]


def test_planned_work_is_no_outage_to_customers(tmp_path: Path) -> None:
    work = silent("", "r1-olt", 100, 160, id="w", overrun_s=900.0) | {"kind": "planned"}
    kept = said("o", "r1-olt", (103, "planned"), (160, "closed"))
    loud = scored(tmp_path, [work], life("o", "r1-olt", 100, 160), [notice("C1", 106, "o")])
    assert reasons(scored(tmp_path, [work], kept)) == []
    assert reasons(loud) == ["planned"]
    assert [one.told for one in loud.hush] == [1]


def test_a_lost_collector_without_a_list_of_devices_answers_for_what_was_said_meanwhile(tmp_path: Path) -> None:
    """One of the devices is also switched off by its owner: that explains little of the sixty."""
    many = homes("r1-core", 60)
    loss: Json = {"kind": "silent", "reason": "collector_loss", "id": "l", "collector": "c1", "start": text(100),
                  "end": text(130)}  # fmt: skip
    off = silent("noise", many[0], 90, 140, devices=many[:1])
    sample = scored(tmp_path, [off, loss], life("o", "r1-core", 100, 130, down=many), [notice("C1", 105, "o")])
    assert reasons(sample) == ["collector_loss"]


def test_a_real_outage_behind_a_live_collector_is_found_during_a_loss(tmp_path: Path) -> None:
    loss: Json = {"kind": "silent", "reason": "collector_loss", "id": "l", "collector": "c1", "start": text(95),
                  "end": text(130)}  # fmt: skip
    told = [notice("C-r1-olt-onu-1", 106, "o")]
    sample = scored(tmp_path, [loss, outage("f", "r1-olt", 100, 160)], life("o", "r1-olt", 100, 160), told)
    assert sample.sought[0].found
    assert [one.told for one in sample.hush] == [0]


def test_a_degradation_may_be_suspected_and_not_be_announced(tmp_path: Path) -> None:
    slow: Json = {"kind": "degraded", "id": "d", "region": "r1", "element": "r1-olt", "start": text(100),
                  "end": text(400)}  # fmt: skip
    suspected = said("o", "r1-olt", (150, "suspected"), (400, "dismissed"))
    assert reasons(scored(tmp_path, [slow], suspected)) == []
    sample = scored(tmp_path, [slow], life("o", "r1-olt", 100, 400), [notice("C1", 106, "o")])
    assert reasons(sample) == ["degraded"]
    assert [(one.what, one.told) for one in sample.hush] == [("degraded", 1)]
    assert sample.sought == ()


def test_an_outage_swallowed_by_anothers_is_missed_and_a_false_merge(tmp_path: Path) -> None:
    """Two lines fall at once; one outage at the aggregation is said, which names both."""
    a, b = homes("r1-olt-1", 12), homes("r1-olt-2", 10)
    faults = [outage("a", "r1-olt-1", 100, 160, devices=a), outage("b", "r1-olt-2", 100, 160, devices=b)]
    sample = scored(tmp_path, faults, life("o", "r1-agg", 100, 160, down=[*a, *b]))
    assert [(one.found, one.swallowed) for one in sample.sought] == [(True, False), (False, True)]
    assert "announced as a part of a" in sample.sought[1].story


def test_who_was_told_is_told_apart_from_who_was_not_concerned(tmp_path: Path) -> None:
    down = homes("r1-olt")
    told = [notice(f"C-{device}", 106, "o") for device in down[:7]]
    told += [notice("C-stranger", 107, "o"), notice(f"C-{down[0]}", 108, "o2")]
    child = said("o2", "r1-pon", (102, "suspected"), (103, "confirmed"), (109, "merged"), merged_into="o", down=down)
    revisions = [*life("o", "r1-olt", 100, 160), *child]
    (one,) = scored(tmp_path, [outage("f", "r1-olt", 100, 160)], revisions, told).sought
    assert (one.affected, one.told, one.astray, one.twice) == (10, 7, 1, 1)
    assert one.told_s == 360


def test_quiet_time_leaves_out_real_outages_and_the_relapse_after(tmp_path: Path) -> None:
    """Three regions and a day each, less 100 to 160 and 30 min, less 150 to 200 and 30 min, in one of them."""
    faults = [outage("a", "r1-olt", 100, 160), outage("b", "r1-olt", 150, 200)]
    assert scored(tmp_path, faults, []).region_days == pytest.approx(3 - 130 / 1440)


def test_revisions_that_come_twice_or_out_of_order_change_nothing(tmp_path: Path) -> None:
    revisions = life("o", "r1-olt", 100, 160)
    fault = outage("f", "r1-olt", 100, 160)
    assert scored(tmp_path, [fault], [*reversed(revisions), *revisions]) == scored(tmp_path, [fault], revisions)


def test_an_output_without_lists_of_elements_is_judged_by_how_many_are_down(tmp_path: Path) -> None:
    plain = [revision | {"elements": None} for revision in life("o", "r1-pon", 100, 160)]
    assert scored(tmp_path, [outage("f", "r1-olt", 100, 160)], plain).sought[0].found
    few = [revision | {"devices_down": 4} for revision in plain]
    assert not scored(tmp_path, [outage("f", "r1-olt", 100, 160)], few).sought[0].found


def test_an_outage_may_go_by_any_name_that_says_the_same(tmp_path: Path) -> None:
    fault = outage("f", "r1-olt", 100, 160, alike=["r1-power"])
    (one,) = scored(tmp_path, [fault], life("o", "r1-power", 100, 160, down=homes("r1-olt"))).sought
    assert one.found
    assert one.right
    (other,) = scored(tmp_path, [fault], life("o", "r1-agg", 100, 160, down=homes("r1-olt"))).sought
    assert other.found
    assert not other.right


def test_one_outage_over_several_regions_may_be_said_in_any_of_them(tmp_path: Path) -> None:
    fault = outage("f", "r1-metro", 100, 160, shares={"r1": 0.3, "r2": 0.3})
    said_there = [revision | {"region": "r2"} for revision in life("o", "r1-metro", 100, 160)]
    sample = scored(tmp_path, [fault], said_there)
    assert sample.sought[0].found
    assert sample.region_days == pytest.approx(3 - 2 * 90 / 1440)


def test_one_announcement_answers_all_faults_of_one_cause(tmp_path: Path) -> None:
    """The power fails in two regions at once; either each region has its outage, or the grid has one."""
    a, b = homes("r1-core"), homes("r2-core")
    faults = [
        outage("a", "r1-core", 100, 160, devices=a, group="g"),
        outage("b", "r2-core", 100, 170, devices=b, group="g"),
    ]
    grid = [r | {"region": "r1"} for r in life("o", "grid", 100, 170, down=[*a, *b])]
    faults[1]["regions"] = ["r1", "r2"]
    assert [one.found for one in scored(tmp_path, faults, grid).sought] == [True, True]
    each = [*life("o1", "r1-core", 100, 160), *life("o2", "r2-core", 100, 170)]
    sample = scored(tmp_path, faults, each)
    assert [one.found for one in sample.sought] == [True, True]
    assert reasons(sample) == []


def test_what_is_still_out_after_the_end_may_be_announced_and_need_not_be(tmp_path: Path) -> None:
    dead = homes("r1-olt")[:3]
    rest: Json = {"kind": "still_out", "id": "s", "incident": "f", "region": "r1", "element": "r1-olt",
                  "start": text(160), "end": text(300), "devices": dead, "customers": []}  # fmt: skip
    fault = outage("f", "r1-olt", 100, 160)
    again = said("n", "r1-olt", (200, "suspected"), (202, "confirmed"), (301, "restored"), down=dead)
    assert reasons(scored(tmp_path, [fault, rest], [*life("o", "r1-olt", 100, 160), *again])) == []
    assert len(scored(tmp_path, [fault, rest], life("o", "r1-olt", 100, 160)).sought) == 1


def test_beats_handed_on_again_are_answered_for_when_they_come(tmp_path: Path) -> None:
    repeat: Json = {"kind": "silent", "reason": "replayed_beats", "id": "r", "collector": "c", "start": text(100),
                    "end": text(110), "at": text(500)}  # fmt: skip
    sample = scored(tmp_path, [repeat], life("o", "r1-olt", 502, 530), [notice("C1", 510, "o")])
    assert reasons(sample) == ["replayed_beats"]


def test_work_that_outlasts_its_window_may_be_announced_from_then_on(tmp_path: Path) -> None:
    """planned 100 ├───────┤ 160 ····· 200: late by 40 min."""
    work = silent("", "r1-olt", 100, 160, id="w", overrun_s=2_400.0) | {"kind": "planned"}
    late = said("o", "r1-olt", (103, "planned"), (165, "confirmed"), (201, "restored"))
    early = said("o", "r1-olt", (103, "planned"), (150, "confirmed"), (201, "restored"))
    after = said("o", "r1-olt", (103, "planned"), (210, "confirmed"), (230, "restored"))
    assert reasons(scored(tmp_path, [work], late)) == []
    assert reasons(scored(tmp_path, [work], early)) == ["planned"]
    assert reasons(scored(tmp_path, [work], after)) == ["planned"]


def test_an_outage_under_an_old_suspicion_is_found_and_was_not_suspected_late(tmp_path: Path) -> None:
    fault = outage("f", "r1-olt", 100, 160)
    older = said("o", "r1-olt", (85, "suspected"), (105, "confirmed"), (160, "restored"))
    (one,) = scored(tmp_path, [fault], older).sought
    assert one.found
    assert one.suspected_s == -900
    ancient = said("o", "r1-olt", (60, "suspected"), (105, "confirmed"), (160, "restored"))
    assert not scored(tmp_path, [fault], ancient).sought[0].found


def test_what_creeps_is_noticed_by_the_detector_that_is_made_for_it(tmp_path: Path) -> None:
    slow: Json = {"kind": "degraded", "id": "d", "region": "r1", "element": "r1-olt", "start": text(100),
                  "end": text(400)}  # fmt: skip
    evidence = [{"detector": "degradation", "value": 20, "threshold": 19, "window_s": 300}]
    noticed = said("o", "r1", (150, "suspected"), (400, "dismissed"), evidence=evidence)
    assert [one.after_s for one in scored(tmp_path, [slow], noticed).hints] == [3_000]
    other = said("o", "r1", (150, "suspected"), (400, "dismissed"))
    assert [one.after_s for one in scored(tmp_path, [slow], other).hints] == [None]


def test_what_falls_long_after_the_others_may_be_announced_by_itself(tmp_path: Path) -> None:
    """The power fails at 100; the battery of a cell is empty at 140."""
    down = homes("r1-olt")
    fault = outage("f", "r1-olt", 100, 200, devices=[*down, "r1-cell"], later={"r1-cell": text(140)})
    cell = life("o2", "r1-cell", 140, 200, down=["r1-cell"])
    assert reasons(scored(tmp_path, [fault], [*life("o", "r1-olt", 100, 200, down=down), *cell])) == []
    mixed = life("o2", "r1-cell", 140, 200, down=["r1-cell", down[0]])
    assert reasons(scored(tmp_path, [fault], [*life("o", "r1-olt", 100, 200, down=down), *mixed])) == ["piece"]


def test_a_real_failure_of_one_element_is_not_asked_for_and_no_false_alarm(tmp_path: Path) -> None:
    bare = silent("equipment", "r1-node", 100, 130, devices=["r1-node"])
    sample = scored(tmp_path, [bare], life("o", "r1-node", 100, 130, down=["r1-node"]))
    assert (reasons(sample), sample.sought, sample.hush) == ([], (), ())
