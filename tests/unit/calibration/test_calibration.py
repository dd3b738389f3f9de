"""From revisions to records, from records to calibration, and what the command prints. Minutes from the start."""

from __future__ import annotations

import json
from math import log
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from forewarn.stream.calibration.kept import Record, Said, records
from forewarn.stream.calibration.show import show
from forewarn.stream.calibration.table import report
from forewarn.stream.cli import app
from forewarn.stream.score.output import Promise, Revision
from forewarn.topics.instants import to_rfc3339

START = 1_800_000_000_000
NORMAL_P90 = 1.2815515655446004


def at(minute: float) -> int:
    return START + round(minute * 60_000)


def promise(issued: float, earliest: float, likely: float, latest: float, source: str = "model") -> Promise:
    return Promise(at(earliest), at(likely), at(latest), source, at(issued))


def revision(number: int, state: Any, outage: str = "o1", **more: Any) -> Revision:
    return Revision(outage, number, at(number), state, "north", "olt-1", at(0), **more)


LIFE = [
    revision(1, "suspected"),
    revision(2, "confirmed", etr=promise(3, 10, 40, 90)),
    revision(3, "confirmed", etr=promise(3, 10, 40, 90), cause="fibre"),
    revision(4, "confirmed", etr=promise(12, 20, 50, 95)),
    revision(5, "confirmed", etr=promise(15, 60, 60, 60, "field")),
    revision(6, "monitoring", etr=promise(15, 60, 60, 60, "field"), restored=at(58)),
    revision(7, "restored", etr=promise(15, 60, 60, 60, "field"), restored=at(58)),
    revision(8, "closed", etr=promise(15, 60, 60, 60, "field"), restored=at(58)),
]


def test_a_record_holds_each_word_once_and_when_it_was_over() -> None:
    (record,) = records(LIFE)
    assert (record.cause, record.lasted_s) == ("fibre", 58 * 60)
    assert record.model == (Said(at(3), at(10), at(40), at(90)), Said(at(12), at(20), at(50), at(95)))
    assert record.field == (Said(at(15), at(60), at(60), at(60)),)


def test_order_and_repetition_of_revisions_do_not_matter() -> None:
    shuffled = [*LIFE, *LIFE[2:5]]
    Random(1).shuffle(shuffled)
    assert records(shuffled) == records(LIFE)


@pytest.mark.parametrize(
    "story",
    [
        LIFE[:5],  # it still lasts
        [revision(1, "suspected"), revision(2, "dismissed")],
        [*LIFE[:5], revision(6, "merged", merged_into="o2")],
        [revision(1, "planned"), revision(2, "confirmed"), revision(3, "closed", restored=at(9))],
        [revision(1, "suspected"), revision(2, "restored", restored=at(9))],  # never confirmed
    ],
)
def test_what_is_not_a_confirmed_outage_that_is_over_does_not_count(story: list[Revision]) -> None:
    assert records(story) == ()


def outage(number: int, lasted: float, *said: float, cause: str = "fibre", field: float | None = None) -> Record:
    """The `number`th outage, one a day; `said` are p10, p50, p90 in minutes from its start."""
    start = START + number * 86_400_000
    model = (Said(start + 180_000, *(start + round(minutes * 60_000) for minutes in said)),) if said else ()
    word = () if field is None else (Said(start, *[start + round(field * 60_000)] * 3),)
    end = start + round(lasted * 60_000)
    return Record(outage_id=str(number), cause=cause, started=start, restored=end, model=model, field=word)


def test_each_outage_falls_into_one_part_of_its_interval() -> None:
    #        p10 10      p50 20      p90 40
    #  5 ────┤   10, 15 ─┤  20.1, 40 ─┤   41
    found = report([outage(n, lasted, 10, 20, 40) for n, lasted in enumerate((5, 10, 15, 20.1, 40, 41))])
    assert found.first.parts == (1, 2, 2, 1)
    assert (found.first.coverage.n, found.first.coverage.value) == (6, 4 / 6)
    assert found.first.coverage.low < 4 / 6 < found.first.coverage.high


def test_the_part_a_time_falls_into_and_the_coverage_agree_at_the_edges() -> None:
    found = report([outage(n, lasted, 10, 20, 40) for n, lasted in enumerate((10, 40))])
    assert (found.first.coverage.value, sum(found.first.parts[1:3])) == (1.0, 2)


def test_a_calibrated_forecaster_is_found_calibrated_and_better_than_history() -> None:
    random, known = Random(5), list[Record]()
    for number in range(600):
        cause, median = random.choice((("fibre", 90.0), ("power", 20.0)))
        lasted = random.lognormvariate(log(median), 0.5)
        wide = 2.718281828 ** (0.5 * NORMAL_P90)
        known.append(outage(number, lasted, median / wide, median, median * wide, cause=cause))
    found = report(known)
    assert 0.76 < (found.first.coverage.value or 0) < 0.84
    assert [row.of for row in found.by_cause] == ["fibre", "power"]
    assert found.first.compared == 590
    assert (found.first.error_s or 0) < 0.85 * (found.first.history_error_s or 0)
    assert (found.first.score_s or 0) < 0.85 * (found.first.history_score_s or 0)


def test_a_crews_word_is_kept_when_it_is_over_by_then() -> None:
    found = report([outage(0, 50, field=60), outage(1, 60, field=60), outage(2, 90, field=60)])
    assert (found.crews.kept.n, found.crews.kept.value, found.crews.median_error_s) == (3, 2 / 3, 600)
    assert (found.first.coverage.value, found.first.median_error_s, found.by_cause) == (None, None, ())


def test_the_screen_shows_the_histogram_beside_what_it_should_be() -> None:
    console = Console(record=True, width=80, file=open("/dev/null", "w"))  # noqa: SIM115 closed with the process
    show(report([outage(n, 15, 10, 20, 40, field=12) for n in range(4)]), console)
    text = console.export_text()
    assert "p10 to p50" in text
    assert "100% of 40%" in text
    assert "kept 0%" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def lines(path: Path, rows: list[dict[str, Any]]) -> str:
    records = [
        {
            "topic": "outages.revisions",
            "partition": 0,
            "offset": n,
            "ts": START,
            "key": "o1",
            "payload": json.dumps(row),
        }
        for n, row in enumerate(rows)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def test_the_command_reads_a_replays_output(tmp_path: Path) -> None:
    etr = {
        name: to_rfc3339(at(minute))
        for name, minute in (("earliest", 10), ("likely", 20), ("latest", 40), ("issued", 3))
    }
    row = {"outage_id": "o1", "region": "north", "element": "olt-1", "started": to_rfc3339(at(0))}
    head = {"devices_down": 1, "devices_expected": 1, "elements_total": 1, "time": to_rfc3339(at(3))}
    confirmed = row | head | {"revision": 1, "state": "confirmed", "etr": etr | {"source": "model"}}
    restored = confirmed | {"revision": 2, "state": "restored", "restored": to_rfc3339(at(25))}
    name = lines(tmp_path / "out.jsonl", [confirmed, restored])
    answer = CliRunner().invoke(app, ["etr", "report", name, "--json"])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["outages"], found["first"]["coverage"]["n"], found["first"]["parts"]) == (1, 1, [0, 0, 1, 0])
    assert "Estimated times of restoration: 1 outages" in CliRunner().invoke(app, ["etr", "report", name]).stdout


def test_with_nothing_to_judge_it_says_so(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    answer = CliRunner().invoke(app, ["etr", "report", str(empty)])
    assert (answer.exit_code, answer.stdout) == (
        1,
        "There is no outage in outages.revisions: nothing was estimated yet.\n",
    )
