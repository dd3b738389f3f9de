"""`make score`: which seeds, what is kept between runs, and the report that comes out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from forewarn.stream.score.sample import Sample, pool
from tests.score.run import LONG, QUIET, ROOT, Job, Runner, Size, code_digest, forget_others
from tests.score.seeds import FIXED, derived, seeds
from tests.unit.score.test_targets import GOOD, WRONG

TINY = Size(hours=0.5, regions=2, devices=60, customers=40)


def test_half_of_the_seeds_are_fixed_and_half_follow_from_the_commit() -> None:
    twenty = seeds("a" * 40, 20)
    assert twenty[::2] == FIXED
    assert twenty[1::2] == derived("a" * 40)
    assert len(set(twenty)) == 20
    assert not set(derived("a" * 40)) & set(derived("b" * 40))


def test_a_few_seeds_are_of_both_kinds() -> None:
    assert seeds("a" * 40, 2) == (1, derived("a" * 40)[0])


def test_only_what_an_output_depends_on_makes_another_digest(tmp_path: Path) -> None:
    for name in ("topics", "stream/score", "stream/outages", "alerts"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text("1")
    before = code_digest(tmp_path)
    (tmp_path / "stream/score/a.py").write_text("2")
    assert code_digest(tmp_path) == before
    (tmp_path / "stream/outages/a.py").write_text("2")
    assert code_digest(tmp_path) != before


def test_a_seed_is_run_once_and_scored_from_what_is_there(tmp_path: Path) -> None:
    said: list[str] = []
    runner = Runner(lambda _, what: said.append(what), tmp_path)
    (first,) = runner.all([Job(3, TINY)], at_a_time=1)
    assert first.pairs == 1
    assert said == ["simulating", "replaying", "scoring", "done"]
    assert sorted(path.name for path in (tmp_path / TINY.name / "3").iterdir()) == ["out.jsonl", "truth.jsonl"]
    said.clear()
    assert runner.all([Job(3, TINY)], at_a_time=1) == [first]
    assert said == ["scoring", "done"]


def test_worlds_of_different_kinds_are_kept_apart() -> None:
    names = {TINY.name, QUIET.name, Size().name, Size(scenario="quiet").name}
    assert len(names | {LONG.name}) == 5
    assert Job(3, LONG).name == "3 long"
    assert Job(3, QUIET).name == "3 quiet"


def test_what_other_code_left_is_dropped(tmp_path: Path) -> None:
    kept, older, other = (tmp_path / name for name in ("aaaa", "aaab", "bbbb"))
    for folder in (kept, older, other):
        folder.mkdir()
    forget_others(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aaaa"]


@pytest.mark.parametrize("sample", [pool([GOOD, WRONG["recall"], WRONG["silence"]]), Sample()], ids=["full", "empty"])
def test_the_report_says_every_target_and_its_plots_are_pictures(tmp_path: Path, sample: Sample) -> None:
    pytest.importorskip("matplotlib")
    from tests.score import report

    about = report.About(commit="a" * 40, dirty=False, size=Size(), seeds=(1, 2), long=2, quiet=3_000, minutes=3)
    report.write(sample, about, tmp_path)
    page = (tmp_path / "score.md").read_text()
    assert ("MISS by" in page) == bool(sample.pairs)
    pictures = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert pictures == ["score-delay.svg", "score-etr.svg", "score-size.svg"]
    for name in pictures:
        assert f"images/{name}" in page
        assert ElementTree.parse(tmp_path / "images" / name).getroot().tag.endswith("svg")


def test_the_same_sample_gives_the_same_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from tests.score.plots import draw

    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        draw(GOOD, folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_command_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.score", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--seeds" in done.stdout
