"""`forewarn score`: exit codes, tables, JSON, and inputs that are wrong."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from forewarn.stream.cli import app
from forewarn.stream.score import output, truth
from tests.unit.score.handmade import Json, life, outage, output_file, truth_file, world

Pair = tuple[Path, Path]


def outages(count: int) -> list[Json]:
    return [outage(f"f{n}", f"r{n % 3 + 1}-olt-{n}", 20 * n + 10, 20 * n + 25) for n in range(count)]


def answers(count: int) -> list[Json]:
    return [line for n in range(count) for line in life(f"o{n}", f"r{n % 3 + 1}-olt-{n}", 20 * n + 10, 20 * n + 25)]


def pair(folder: Path, real: int, said: int, name: str = "a") -> Pair:
    folder.mkdir(exist_ok=True)
    return (
        truth_file(folder / f"{name}.truth.jsonl", world(), *outages(real)),
        output_file(folder / f"{name}.out.jsonl", answers(said)),
    )


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["score", *(str(argument) for argument in arguments)])


def test_all_met_or_too_small_is_0(tmp_path: Path) -> None:
    done = run(*pair(tmp_path, 60, 60))
    assert done.exit_code == 0
    assert "PASS" in done.stdout
    assert "n too small" in done.stdout
    assert "MISS" not in done.stdout


def test_any_miss_is_1_and_says_by_how_much_and_which(tmp_path: Path) -> None:
    done = run(*pair(tmp_path, 60, 30))
    assert done.exit_code == 1
    assert "MISS by 40.0 %" in done.stdout
    assert "nothing was said" in done.stdout


def test_pairs_are_pooled(tmp_path: Path) -> None:
    """Twenty outages are too few for a verdict on recall, forty are not."""
    one = pair(tmp_path, 20, 20)
    assert verdict(run(*one, "--json"), "recall") == "n too small"
    assert verdict(run(*one, *pair(tmp_path, 20, 20, "b"), "--json"), "recall") == "PASS"


def verdict(done: Result, key: str) -> str:
    (found,) = [target for target in orjson.loads(done.stdout)["targets"] if target["target"] == key]
    return str(found["verdict"])


def test_json_has_every_target_with_n_and_interval(tmp_path: Path) -> None:
    document = orjson.loads(run(*pair(tmp_path, 60, 59), "--json").stdout)
    assert len({target["target"] for target in document["targets"]}) == 14
    assert all({"value", "interval", "n", "verdict", "gap"} <= target.keys() for target in document["targets"])
    assert document["worst"][0]["what"] == "missed"


def test_a_truth_without_its_output_is_2(tmp_path: Path) -> None:
    assert run(pair(tmp_path, 1, 1)[0]).exit_code == 2


@pytest.mark.parametrize(
    ("true", "said", "word"),
    [
        (b"", b"", "no line of kind `world`"),
        (b'{"kind":"world"\n', b"", "line 1"),
        (None, b"nonsense\n", "line 1"),
        (None, b'{"topic":"outages","ts":1,"key":"o","payload":"{}"}\n', "line 1: outages"),
        (None, None, "No such file"),
    ],
)
def test_what_cannot_be_read_is_2_and_says_where(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], true: bytes | None, said: bytes | None, word: str
) -> None:
    truth_path, output_path = pair(tmp_path, 1, 1)
    if true is not None:
        truth_path.write_bytes(true)
    if said is None:
        output_path.unlink()
    else:
        output_path.write_bytes(said)
    done = run(truth_path, output_path)
    assert done.exit_code == 2
    assert word in done.stderr


def test_the_prefix_of_topics_is_taken_off(tmp_path: Path) -> None:
    true, said = pair(tmp_path, 60, 60)
    said.write_bytes(said.read_bytes().replace(b'"topic":"', b'"topic":"stage.'))
    assert run(true, said).exit_code == 1
    assert run(true, said, "--topic-prefix", "stage.").exit_code == 0


def test_truths_may_say_more_than_is_known_here(tmp_path: Path) -> None:
    more = outage("f", "r1-olt", 100, 160, weather="rain") | {"battery_s": 3}
    read = truth.read(truth_file(tmp_path / "t", world(), more, {"kind": "tide", "height": 3}))
    assert [fault.id for fault in read.faults] == ["f"]


def test_a_days_output_is_read_in_seconds(tmp_path: Path) -> None:
    """A thousand outages and as many revisions as a busy day has."""
    many = [line for n in range(1_000) for line in life(f"o{n}", f"r1-olt-{n}", n, n + 30)]
    path = output_file(tmp_path / "out.jsonl", many * 4)
    began = time.perf_counter()
    assert len(output.read(str(path)).outages) == 1_000
    assert time.perf_counter() - began < 5
