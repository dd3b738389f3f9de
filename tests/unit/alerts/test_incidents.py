"""Sets of elements in chunks, revisions, what left, and what is left in the table.

revision   1      2/chunk 0   2/chunk 1          3/chunk 0
set        a b    a b         (whole) b c         b c
index      a b    a b c       b c, a left         b c d
"""

from __future__ import annotations

from typing import Any

import msgspec

from forewarn.alerts.incidents import Incidents
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.outages import ImpactChunk
from tests.decide_desk import impact


class Table:
    """Incidents and their table."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.incidents = Incidents()

    def take(self, revision: int, state: str = "confirmed", elements: list[str] | None = None, **more: Any) -> Any:
        unit = Unit(self.rows, {}, 1)
        chunk = msgspec.convert(impact("o1", revision, state, elements, **more), ImpactChunk)
        change = self.incidents.take(unit, chunk)
        self.install(unit)
        return change

    def install(self, unit: Unit) -> None:
        for key, value in unit.dirty.items():
            if value:
                self.rows[key] = value
            else:
                self.rows.pop(key, None)

    def down(self) -> str:
        return "".join(sorted(self.incidents.elements("o1")))

    def indexed(self) -> str:
        return "".join(sorted(element for element, outages in self.incidents.by_element.items() if "o1" in outages))

    def reborn(self) -> Incidents:
        incidents = Incidents()
        incidents.restore(self.rows)
        return incidents


def test_an_element_counts_from_its_first_chunk_and_leaves_when_the_new_set_is_whole() -> None:
    table = Table()
    assert table.take(1, elements=["a", "b"]).resized
    assert not table.take(2, elements=["b"], chunks=2).resized
    assert (table.down(), table.indexed()) == ("ab", "ab")
    assert table.take(2, elements=["c"], chunk=1, chunks=2, time=77).resized
    assert (table.down(), table.indexed(), dict(table.incidents.left("o1"))) == ("bc", "abc", {"a": 77})
    table.take(3, elements=["d"], chunks=2)
    assert (table.down(), table.indexed()) == ("bcd", "abcd")


def test_chunks_that_a_newer_revision_overtook_are_forgotten() -> None:
    table = Table()
    table.take(1, elements=["a"])
    table.take(2, elements=["x"], chunks=2)
    table.take(3, elements=["a", "b"])
    assert (table.down(), table.indexed()) == ("ab", "ab")
    assert sum(key.startswith(b"o/e/") for key in table.rows) == 1
    assert table.take(2, elements=["y"], chunk=1, chunks=2) is None
    assert table.indexed() == "ab"


def test_a_chunk_that_comes_twice_says_nothing_new() -> None:
    table = Table()
    table.take(1, elements=["a"], chunks=2)
    assert table.take(1, elements=["a"], chunks=2) is None
    table.take(1, elements=["b"], chunk=1, chunks=2)
    assert table.take(1, elements=["b"], chunk=1, chunks=2) is None


def test_an_older_revision_does_not_undo_a_newer_one() -> None:
    table = Table()
    table.take(1, elements=["a"])
    table.take(3, "restored", elements_revision=1)
    assert table.take(2, "confirmed", elements_revision=1) is None
    assert table.incidents.by_id["o1"].state == "restored"


def test_what_left_a_mere_suspicion_leaves_no_trace() -> None:
    table = Table()
    table.take(1, "suspected", ["a", "b"])
    table.take(2, "suspected", ["b"])
    assert (table.indexed(), dict(table.incidents.left("o1"))) == ("b", {})


def test_an_element_that_comes_back_into_the_set_has_not_left() -> None:
    table = Table()
    table.take(1, elements=["a"])
    table.take(2, elements=[])
    table.take(3, elements=["a"])
    assert (table.down(), dict(table.incidents.left("o1"))) == ("a", {})
    assert table.incidents.broken("a")


def test_a_restart_restores_headers_sets_chunks_under_way_and_what_left() -> None:
    table = Table()
    table.take(1, elements=["a", "b"])
    table.take(2, elements=["b"])
    table.take(3, elements=["c"], chunks=2)
    reborn = table.reborn()
    assert reborn.by_id == table.incidents.by_id
    assert reborn.by_element == table.incidents.by_element
    assert reborn.elements("o1") == {"b", "c"}
    assert dict(reborn.left("o1")) == dict(table.incidents.left("o1"))


def test_an_outage_that_is_over_and_was_not_known_is_not_taken_up() -> None:
    table = Table()
    assert table.take(5, "closed", elements_revision=1) is None
    assert table.rows == {}


def test_forgetting_leaves_nothing() -> None:
    table = Table()
    table.take(1, elements=["a", "b"])
    table.take(2, elements=["b"])
    table.take(3, elements=["c"], chunks=2)
    unit = Unit(table.rows, {}, 1)
    table.incidents.forget(unit, "o1")
    table.install(unit)
    assert (table.rows, table.incidents.by_element, table.incidents.by_id) == ({}, {}, {})
    assert table.incidents.concerning(["a", "b", "c"]) == []
