"""A month in parts: each has the whole network, each customer is in one part, and the reports add up."""

from __future__ import annotations

from pathlib import Path

from tests.month import given, halves
from tests.month.check import check
from tests.month.month import POLICY
from tests.month.temptations import line


def test_what_the_network_says_is_in_every_part_and_each_customer_in_one(tmp_path: Path) -> None:
    network = line(1, "network.alarms", "north", {"alarm_id": "a"})
    people = [line(n, "billing.bills", f"c{n % 40}", {"bill_id": f'"{n}"'}) for n in range(200)]
    erased = line(300, "customers.profiles", "c7", None)
    whole, parts = tmp_path / "in.jsonl", [tmp_path / "0.jsonl", tmp_path / "1.jsonl"]
    whole.write_bytes(b"".join([network, *people, erased]))
    halves.cut(whole, parts)
    found = [part.read_bytes().splitlines(keepends=True) for part in parts]
    assert [part[0] for part in found] == [network, network]
    assert sorted(found[0][1:] + found[1][1:]) == sorted([*people, erased])
    keys = [{row.split(b'"key":"')[1].split(b'"')[0] for row in part[1:]} for part in found]
    assert all(keys)
    assert not keys[0] & keys[1]


def test_reports_add_up() -> None:
    asked = {"request_id": "m1", "time": 0, "channel": "email", "expires": 3_600_000}
    later = line(9_000_000, "customers.profiles", "c2", None)
    one = check(given.read(POLICY), [[line(0, "marketing.requests", "c1", asked), later]], [])
    two = check(given.read(POLICY), [[line(0, "marketing.requests", "c1", asked)]], [])
    whole = halves.together([one, two, one])
    answers = next(rule for rule in whole.rules if rule.name == "answers")
    assert (answers.tested, answers.violations, len(answers.examples)) == (3, 2, 2)
    assert whole.broken == {"answers"}
    assert whole.rows["marketing.requests"] == 3
