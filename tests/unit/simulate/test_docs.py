"""The page about the simulator names every scenario that there is."""

from __future__ import annotations

import re
from pathlib import Path

from forewarn.stream.simulate.scenarios import NAMES

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"


def test_every_scenario_stands_in_the_table_and_no_other() -> None:
    table = PAGE.read_text().partition("| scenario |")[2].partition("\n\n")[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert sorted(re.findall(r"`(\w+)`", " ".join(first))) == sorted(NAMES)
