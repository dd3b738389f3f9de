"""Job (e)'s own arithmetic: its input, its gate, and results added to what was measured before."""

from __future__ import annotations

import json

import msgspec

from forewarn.topics import partitioner
from tests.bench.delivery import judge, notices
from tests.bench.measure import Run
from tests.bench.other_side import Taken
from tests.bench.results import Results, add, differences
from tests.bench.tables import all_tables


def run(per_cpu_second: float, *, correct: bool = True) -> Run:
    return Run("forewarn", 1_000, 800, 1.0, 1.0, 1.0, per_cpu_second, 100.0, 50.0, correct, "")


def results(**found: object) -> Results:
    return msgspec.structs.replace(Results("now", "full", {"cpu": "x", "cores": "2"}, {}), **found)


def test_each_notice_is_a_customers_own_and_stands_where_its_key_belongs() -> None:
    made = [(number, key, json.loads(value)) for number, key, value, _ in notices("sms", 50, 4)]
    assert all(partition == partitioner.partition(key, 4) for partition, key, _ in made)
    for name in ("notification_id", "incident", "to"):
        assert len({value[name] for _, _, value in made}) == 50
    assert made[0][2]["text"]


def test_the_gate_finds_what_is_missing_and_what_came_twice() -> None:
    assert judge(10, Taken(10, 10)) == ""
    assert judge(10, Taken(10, 9)) == "1 messages missing, 1 taken twice"


def test_a_job_measured_later_is_put_beside_the_others() -> None:
    known = results(throughput={"usage": [run(9.0)]}, failures=["latency"])
    both = add(known, results(delivery={"email": [run(500.0)]}))
    assert both.throughput["usage"][0].per_cpu_second == 9.0
    assert both.delivery["email"][0].per_cpu_second == 500.0
    assert both.failures == ["latency"]


def test_results_of_another_machine_are_told_apart() -> None:
    assert differences(results(), {"cpu": "x", "cores": "2"}) == []
    assert differences(results(), {"cpu": "y", "cores": "2"}) == ["cpu"]


def test_a_run_with_a_message_missing_has_no_figure() -> None:
    wrong = run(900.0, correct=False)
    [table] = all_tables(results(delivery={"email": [run(500.0), wrong], "sms": [wrong]}))
    assert [row[:4] for row in table.rows] == [("email", "1,000", "1 of 2", "500"), ("sms", "", "wrong", "")]
    assert table.rows[0][5] == "2.00"
