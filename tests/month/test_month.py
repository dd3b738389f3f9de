"""Some days of a small operator, with every temptation: all rules hold, and each notices when its guard is gone.

simulate ──> tempt ──> replay, bounce some messages ──> replay ──> check     every rule holds
                                                    └─> replay with a stage deleted ──> check     its rule is broken
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.month import receipts
from tests.month.check import Report
from tests.month.lines import instant
from tests.month.month import Inputs, Size, judge, replayed, simulate, tempt
from tests.month.mutant import MUTATIONS
from tests.month.report import TEMPTATIONS

#: Two and a half days around the last Sunday of October, on which Europe's clocks go back.
SMALL = Size(days=2.0, customers=400, regions=2, devices=50, interval_s=180.0, usage_share=0.03, intensity=2.0,
             start="2026-10-24T00:00:00Z", partitions="region=1,customer=2", drain="28h")  # fmt: skip
DAY = 86_400_000

#: Mutations that are judged together, as each is another rule's.
GROUPS = (
    ("duplicate", "quiet_hours", "gate_lease", "gate_expiry"),
    ("pair", "frequency_cap", "gate_memory", "meter"),
    ("affected", "subscription", "gate_outage", "ledger"),
    ("digest", "inhibit", "gate_consent", "gate_caps"),
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    inputs = Inputs(tmp_path_factory.mktemp("month"), SMALL)
    simulate(inputs)
    tempt(inputs)
    with replayed(inputs) as output:
        until = instant(SMALL.start) + round(SMALL.days * DAY)
        receipts.write(output, inputs.folder / "receipts.jsonl", SMALL.seed, until)
    return inputs


@pytest.fixture(scope="module")
def report(world: Inputs) -> Report:
    return judge(world)


@pytest.fixture(scope="module")
def mutants(world: Inputs) -> dict[str, Report]:
    """What the checker says of each group of mutations; two groups are judged at a time."""
    with ThreadPoolExecutor(2) as pool:
        reports = pool.map(lambda group: judge(world, group), GROUPS)
        return {name: report for group, report in zip(GROUPS, reports, strict=True) for name in group}


def test_every_rule_holds(report: Report) -> None:
    assert [str(example) for rule in report.rules for example in rule.examples] == []


def test_every_rule_was_judged_often_enough_to_mean_something(report: Report) -> None:
    assert {rule.name: rule.tested for rule in report.rules if rule.tested < 20} == {}


def test_the_world_holds_every_temptation(report: Report) -> None:
    assert [kept for kept in TEMPTATIONS if not report.reasons[kept]] == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_deleted_guard_is_noticed_by_its_rule(name: str, mutants: dict[str, Report]) -> None:
    assert MUTATIONS[name].rule in mutants[name].broken


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_no_rule_cries_over_what_is_not_its_own(group: tuple[str, ...], mutants: dict[str, Report]) -> None:
    asked = {MUTATIONS[name].rule for name in group}
    assert mutants[group[0]].broken - asked <= {rule for name in group for rule in MUTATIONS[name].also}


def test_the_checker_imports_nothing_of_forewarn() -> None:
    folder = Path(__file__).parent
    checker = [folder / f"{name}.py" for name in ("check", "given", "lines", "outages", "people", "rule", "told")]
    for path in (*checker, *(folder / "rules").glob("*.py")):
        assert not re.search(r"^\s*(from|import) forewarn", path.read_text(), re.MULTILINE), path.name
