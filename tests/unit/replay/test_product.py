"""The replay of Forewarn itself: a small simulated world in, the same bytes out, and what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace
from rich.console import Console

from forewarn.stream.engine.role import Layout
from forewarn.stream.policy import Policy
from forewarn.stream.replay.command import Request, replay
from forewarn.stream.replay.compare import Heard, Told, difference, show
from forewarn.stream.replay.merge import RANK
from forewarn.stream.replay.product import INPUTS, INTERNAL, ONE_EACH, Replay
from forewarn.stream.simulate.command import Request as World
from forewarn.stream.simulate.command import simulate_to_file

HOURS = 2


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of a small network, as kcat lines, with `truth.jsonl` beside."""
    folder = tmp_path_factory.mktemp("world")
    size = World(seed=11, hours=HOURS, regions=4, devices=200, customers=300, policy=Policy())
    simulate_to_file(size, str(folder / "in.jsonl"), folder / "truth.jsonl")
    return folder / "in.jsonl"


@pytest.fixture(scope="module")
def whole(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a plain replay of that world writes."""
    out = tmp_path_factory.mktemp("whole") / "out.jsonl"
    assert replay(request(world, out=out)) == 0
    return out


def request(*inputs: Path | str, out: Path | None, **more: Any) -> Request:
    policies = more.pop("policies", (("policy", Policy()),))
    layout = more.pop("layout", ONE_EACH)
    names = tuple(str(one) for one in inputs)
    return Request(inputs=names, out=None if out is None else str(out), policies=policies, layout=layout, **more)


def rows(path: Path, topic: str) -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [orjson.loads(line["payload"]) for line in lines if line["topic"] == topic]


def test_the_same_input_gives_the_same_bytes_in_any_process(world: Path, tmp_path: Path) -> None:
    outs = []
    for hash_seed in ("1", "77"):
        out = tmp_path / f"{hash_seed}.jsonl"
        command = [sys.executable, "-m", "forewarn.stream.cli", "replay", str(world), "--out", str(out), "--internal"]
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": hash_seed}, check=True)
        outs.append(out.read_bytes())
    assert len(outs[0]) > 100_000
    assert outs[0] == outs[1]


def test_the_order_and_cut_of_the_input_files_changes_nothing(world: Path, whole: Path, tmp_path: Path) -> None:
    lines = world.read_bytes().splitlines(keepends=True)
    by_topic: dict[str, list[bytes]] = {}
    for line in lines:
        by_topic.setdefault(orjson.loads(line)["topic"], []).append(line)
    parts = []
    for topic, part in sorted(by_topic.items(), reverse=True):
        parts.append(tmp_path / f"{topic}.jsonl")
        parts[-1].write_bytes(b"".join(part))
    shuffled = tmp_path / "by-topic.jsonl"
    shuffled.write_bytes(b"".join(b"".join(part) for part in by_topic.values()))
    for name, inputs in (("parts", parts), ("shuffled", [shuffled])):
        assert replay(request(*inputs, out=tmp_path / f"{name}.out")) == 0
        assert (tmp_path / f"{name}.out").read_bytes() == whole.read_bytes()


def test_partitions_change_who_works_and_not_what_is_decided(world: Path, whole: Path, tmp_path: Path) -> None:
    four = tmp_path / "4.jsonl"
    assert replay(request(world, out=four, layout=Layout(region=2, customer=4))) == 0
    for topic, name in (
        ("notifications", "notification_id"),
        ("decisions", "decision_id"),
        ("usage.alerts", "alert_id"),
    ):
        decided = [sorted(row[name] for row in rows(path, topic)) for path in (whole, four)]
        assert decided[0]
        assert decided[0] == decided[1]


def test_every_message_counts_as_delivered_once(whole: Path) -> None:
    log = Counter((row["notification_id"], row["outcome"]) for row in rows(whole, "notifications.log"))
    for row in rows(whole, "notifications"):
        assert log[row["notification_id"], "sent"] == 1
        assert log[row["notification_id"], "delivered"] == 1


def test_internal_topics_come_out_only_when_asked_for(world: Path, whole: Path, tmp_path: Path) -> None:
    full = tmp_path / "full.jsonl"
    assert replay(request(world, out=full, internal=True)) == 0
    topics = [{orjson.loads(line)["topic"] for line in path.read_bytes().splitlines()} for path in (whole, full)]
    assert not topics[0] & INTERNAL
    assert topics[1] - topics[0] <= INTERNAL
    assert "outages.impact" in topics[1]


def test_time_goes_on_after_the_last_record_when_asked_to(world: Path, whole: Path, tmp_path: Path) -> None:
    """A silent network: after the last beat nothing comes, and time alone says that everything is down."""
    long = tmp_path / "long.jsonl"
    assert replay(request(world, out=long, drain_ms=20 * 60_000)) == 0
    assert long.read_bytes().startswith(whole.read_bytes())
    assert len(rows(long, "outages.revisions")) > len(rows(whole, "outages.revisions"))


def test_a_prefix_is_taken_off_on_the_way_in_and_put_back_on_the_way_out(
    world: Path, whole: Path, tmp_path: Path
) -> None:
    prefixed = tmp_path / "prefixed.jsonl"
    prefixed.write_bytes(world.read_bytes().replace(b'{"topic":"', b'{"topic":"acme.'))
    out = tmp_path / "prefixed.out"
    assert replay(request(prefixed, out=out, prefix="acme.")) == 0
    assert out.read_bytes() == whole.read_bytes().replace(b'{"topic":"', b'{"topic":"acme.')


def test_a_bad_line_is_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, out = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    bad.write_bytes(b'{"topic":"usage.records","ts":1,"key":"k","payload":"{}"}\nnonsense\n')
    out.write_text("what was there before")
    assert replay(request(bad, out=out)) == 2
    assert "bad.jsonl, line 2: not JSON" in capsys.readouterr().err
    assert out.read_text() == "what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "out.jsonl"]


def test_what_forewarn_wrote_itself_is_not_taken_in_again(
    world: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again.jsonl"
    assert replay(request(world, whole, out=again)) == 0
    assert again.read_bytes() == whole.read_bytes()
    assert "not replayed" in capsys.readouterr().err


def test_two_policies_are_compared_by_who_is_told(world: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    usual = Policy()
    eager = replace(usual, usage=replace(usual.usage, thresholds=(10.0, 50.0, 80.0, 100.0)))
    two = (("usual", usual), ("eager", eager))
    assert replay(request(world, out=None, policies=two, as_json=True)) == 0
    found = orjson.loads(capsysbinary.readouterr().out)
    assert found["policies"] == ["usual", "eager"]
    assert found["only_second"]
    assert {told["kind"] for told in found["only_second"]} == {"usage"}
    assert {told["otherwise"] for told in found["only_second"]} == {"not_considered"}
    assert sum(count["messages"] for count in found["counts_second"]) == len(found["only_second"])
    assert all("to" not in told and "text" not in told for told in found["only_second"])
    assert replay(request(world, out=None, policies=(("a", usual), ("b", usual)), as_json=True)) == 0
    same = orjson.loads(capsysbinary.readouterr().out)
    assert same["only_first"] == same["only_second"] == []
    assert same["both"] == found["both"] + len(found["only_first"])


def test_the_table_says_what_it_leaves_out() -> None:
    told = [
        Told(
            notification_id=str(n), customer=f"c{n}", kind="usage", stage="threshold", class_="80",
            incident="data/1", channel="email", time="2026-01-05T00:00:00Z",
        )
        for n in range(50)
    ]  # fmt: skip
    console = Console(file=StringIO(), width=120)
    show(difference(("A", "B"), Heard(told[:1]), Heard(told)), console)
    text = console.file.getvalue() if isinstance(console.file, StringIO) else ""
    assert "told under B, not under A: 49" in text
    assert "and 9 more" in text
    assert "told under both: 1" in text


def test_every_input_topic_has_its_place_in_the_order() -> None:
    assert set(RANK) == INPUTS


def test_replay_is_a_function_that_tests_can_drive() -> None:
    """
    beats   x x x x x ─ silence ──────────────────────
    s       0     240        420+    570
                             suspected  confirmed: one element alone is waited for longer than a group
    """
    run = Replay(Policy())
    base = 1_767_571_200_000
    run.push(
        "network.inventory", {"element": "olt", "region": "r", "kind": "olt", "interval_s": 60}, key="olt", ts=base
    )
    for at in range(0, 300, 60):
        run.push("network.heartbeats", {"element": "olt", "time": base + at * 1000}, key="r", ts=base + at * 1000)
    assert run.take("outages") == []
    run.advance(base + 900_000)
    states = {row.json["state"]: (row.ts - base) / 1000 for row in reversed(run.take("outages.revisions"))}
    assert 420 <= states["suspected"] <= 480
    assert states["suspected"] + 90 <= states["confirmed"] <= states["suspected"] + 150
    assert run.take("outages.revisions") == []
