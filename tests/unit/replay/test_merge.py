"""The order in which records are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.stream.replay.inputs import InputError, Inputs
from forewarn.stream.replay.merge import Merge, Placed, Survey

COUNTS = {"network.inventory": 1, "usage.records": 2, "marketing.requests": 2, "customers.profiles": 2}


def line(topic: str, ts: int, value: str, **more: Any) -> dict[str, Any]:
    return {"topic": topic, "ts": ts, "key": "k", "payload": value, "partition": 0, **more}


def written(folder: Path, *files: list[dict[str, Any]]) -> list[str]:
    names = []
    for number, lines in enumerate(files):
        path = folder / f"{number}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in lines))
        names.append(str(path))
    return names


def merged(names: list[str]) -> tuple[Survey, list[Placed]]:
    with Inputs(names) as inputs:
        merge = Merge(inputs, COUNTS)
        survey = merge.survey()
        return survey, list(merge.records(survey))


def values(placed: list[Placed]) -> list[str]:
    return [(one.record.value or b"").decode() for one in placed]


def test_at_one_instant_what_is_known_comes_before_what_is_asked(tmp_path: Path) -> None:
    names = written(
        tmp_path,
        [
            line("marketing.requests", 5, "may I"),
            line("usage.records", 5, "used, partition 1", partition=1),
            line("usage.records", 5, "used, partition 0"),
            line("customers.profiles", 5, "who"),
            line("network.inventory", 5, "what"),
            line("network.inventory", 6, "later"),
        ],
    )
    survey, placed = merged(names)
    assert survey.ordered
    assert values(placed) == ["what", "who", "used, partition 0", "used, partition 1", "may I", "later"]


def test_files_are_merged_by_time(tmp_path: Path) -> None:
    names = written(
        tmp_path,
        [line("usage.records", 1, "a"), line("usage.records", 5, "d")],
        [line("usage.records", 2, "b"), line("usage.records", 5, "e")],
        [line("usage.records", 3, "c")],
    )
    survey, placed = merged(names)
    assert survey.ordered
    assert values(placed) == ["a", "b", "c", "d", "e"]
    assert [one.record.offset for one in placed] == [0, 1, 2, 3, 4]


def test_order_inside_a_partition_is_kept_when_its_timestamps_go_back(tmp_path: Path) -> None:
    names = written(
        tmp_path,
        [
            line("usage.records", 10, "first", offset=0),
            line("usage.records", 4, "second, says an earlier time", offset=1),
            line("usage.records", 7, "of the other partition", partition=1, offset=0),
        ],
    )
    survey, placed = merged(names)
    assert not survey.ordered
    assert values(placed) == ["of the other partition", "first", "second, says an earlier time"]
    assert [(one.ts, one.record.timestamp) for one in placed] == [(7, 7), (10, 10), (10, 4)]


def test_offsets_say_the_order_inside_a_partition(tmp_path: Path) -> None:
    names = written(tmp_path, [line("usage.records", 3, "b", offset=8), line("usage.records", 3, "a", offset=7)])
    survey, placed = merged(names)
    assert not survey.ordered
    assert values(placed) == ["a", "b"]


def test_what_two_dumps_share_counts_once(tmp_path: Path) -> None:
    first = [line("usage.records", 1, "a", offset=0), line("usage.records", 2, "b", offset=1)]
    second = [line("usage.records", 2, "b", offset=1), line("usage.records", 3, "c", offset=2)]
    assert values(merged(written(tmp_path, first, second))[1]) == ["a", "b", "c"]


def test_two_records_at_one_offset_are_refused(tmp_path: Path) -> None:
    names = written(tmp_path, [line("usage.records", 1, "a", offset=3), line("usage.records", 1, "b", offset=3)])
    with pytest.raises(InputError, match=r"0\.jsonl, line 2: another record has this offset of usage\.records.*line 1"):
        merged(names)


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"topic":"usage.records","ts":1,"key":"k","payload":null}\n\n{"topic":\n')
    with pytest.raises(InputError, match=r"in\.jsonl, line 3: not JSON"):
        merged([str(path)])


def test_a_partition_that_is_not_there_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 1: partition 2, but usage\.records has 2 partitions.*--partitions"):
        merged(written(tmp_path, [line("usage.records", 1, "a", partition=2)]))


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        merged([str(tmp_path / "none.jsonl")])


def test_topics_that_are_not_read_are_counted(tmp_path: Path) -> None:
    survey, placed = merged(written(tmp_path, [line("outages", 1, "a"), line("usage.records", 1, "b")]))
    assert survey.ignored == {"outages": 1}
    assert values(placed) == ["b"]


@given(
    st.lists(st.tuples(st.sampled_from(sorted(COUNTS)), st.integers(0, 5), st.integers(0, 1)), min_size=1, max_size=30)
)
def test_any_input_keeps_the_order_of_each_partition(rows: list[tuple[str, int, int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        lines = [
            line(topic, ts, str(number), partition=0 if topic == "network.inventory" else partition)
            for number, (topic, ts, partition) in enumerate(rows)
        ]
        survey, placed = merged(written(Path(folder), lines))
    assert survey.records == len(placed) == len(rows)
    assert [one.ts for one in placed] == sorted(one.ts for one in placed)
    for place in {(one.topic, one.partition) for one in placed}:
        log = [one for one in placed if (one.topic, one.partition) == place]
        assert [one.record.offset for one in log] == list(range(len(log)))
        numbers = [int(value) for value in values(log)]
        assert numbers == sorted(numbers)
