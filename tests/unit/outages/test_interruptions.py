"""Planned work on its way to the customers: what it takes down, and what is told of it. Times in ms as they stand."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.interruptions import Interruption, Interruptions, revised
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.topology import Known, Topology
from forewarn.topics.events.network import Maintenance

KEEP = 10_000
Status = Literal["planned", "started", "completed", "cancelled"]
PLANNED = Interruption(("olt-1",), 100, 200, "planned")
STARTED = Interruption(("olt-1",), 100, 200, "started")


def event(status: Status, start: int = 100, end: int = 200, *elements: str) -> Maintenance:
    return Maintenance(elements or ("olt-1",), start, end, status)


@pytest.mark.parametrize(
    ("was", "said", "shown"),
    [
        (None, event("planned"), ("planned", 0, 0)),
        (None, event("started"), ("started", 0, 0)),
        (PLANNED, event("planned"), ("planned", 0, 0)),
        (PLANNED, event("planned", 300, 400), ("planned", 1, 0)),
        (PLANNED, event("started", 90, 200), ("started", 0, 0)),
        (PLANNED, event("cancelled"), ("cancelled", 0, 0)),
        (PLANNED, None, ("cancelled", 0, 0)),
        (STARTED, event("started", 100, 300), ("started", 0, 1)),
        (STARTED, event("started", 100, 150), ("started", 0, 0)),
        (STARTED, event("planned", 300, 400), ("planned", 1, 0)),
        (STARTED, event("completed"), ("completed", 0, 0)),
        (STARTED, None, ("completed", 0, 0)),
        (Interruption(("olt-1",), 100, 200, "cancelled", ended=50), event("planned"), ("planned", 1, 0)),
        (Interruption(("olt-1",), 100, 200, "completed", ended=50), event("cancelled"), ("completed", 0, 0)),
    ],
)
def test_what_becomes_of_a_work(
    was: Interruption | None, said: Maintenance | None, shown: tuple[str, int, int]
) -> None:
    now = revised(was, said, 150, KEEP)
    assert now is not None
    assert (now.status, now.turn, now.late) == shown


@pytest.mark.parametrize("said", [event("completed"), event("cancelled"), event("started", 100, 149 - KEEP), None])
def test_what_is_over_when_it_is_first_heard_of_concerns_nobody(said: Maintenance | None) -> None:
    assert revised(None, said, 150, KEEP) is None


def test_a_work_remembers_the_window_that_was_announced_before_and_the_end_that_was_promised() -> None:
    moved = revised(PLANNED, event("planned", 300, 400), 150, KEEP)
    assert moved is not None
    assert moved.previous == (100, 200)
    again = revised(moved, event("planned", 500, 600), 150, KEEP)
    assert again is not None
    assert (again.turn, again.previous) == (2, (300, 400))
    late = revised(STARTED, event("started", 100, 300), 150, KEEP)
    assert late is not None
    assert late.promised == 200


class Told:
    """Interruptions over a network, tick by tick; times in seconds."""

    def __init__(self) -> None:
        self.topology, self.table = Topology(), dict[bytes, bytes]()
        unit = Unit({}, {}, 0)
        for element, parents in {
            "agg-1": (),
            "olt-1": ("agg-1",),
            "olt-2": ("agg-1",),
            "onu-1": ("olt-1",),
            "onu-2": ("olt-2",),
            "ring-1": ("olt-1", "olt-2"),
        }.items():
            self.topology.put(unit, element, Known("north", parents))
        self.works = self.fresh()

    def fresh(self) -> Interruptions:
        return Interruptions(OutagePolicy(), self.topology, 3)

    def restart(self) -> None:
        self.works = self.fresh()
        self.works.restore(self.table)

    def do(self, second: float, act: Any) -> list[dict[str, Any]]:
        """The records that an act emits, chunks that were on their way included."""
        unit = Unit(self.table, {}, round(second * 1000))
        act(unit)
        while self.works.work(unit):
            pass
        for key, value in unit.dirty.items():
            self.table.pop(key, None)
            if value:
                self.table[key] = value
        assert all(output.partitions == (0, 1, 2) for output in unit.outputs)
        return [json.loads(output.value or b"") for output in unit.outputs]

    def say(self, second: float, said: Maintenance | None, name: str = "m") -> list[dict[str, Any]]:
        return self.do(second, lambda unit: self.works.fold(unit, name, said))

    def tick(self, second: float, *dark: str) -> list[dict[str, Any]]:
        return self.do(second, lambda unit: self.works.tick(unit, lambda: set(dark)))


def window(status: Status, *elements: str, end: float = 200.0) -> Maintenance:
    return Maintenance(elements or ("olt-1",), 100_000, round(end * 1000), status)


def test_work_takes_down_what_hangs_on_it_alone() -> None:
    told = Told()
    (one,) = told.say(1, window("planned"))
    assert one["elements"] == ["olt-1", "onu-1"]
    (both,) = told.say(1, window("planned", "olt-1", "olt-2"), "n")
    assert both["elements"] == ["olt-1", "olt-2", "onu-1", "onu-2", "ring-1"]
    (all_,) = told.say(1, window("planned", "north"), "o")
    assert set(all_["elements"]) == {"north", *told.topology.elements}
    assert one["region"] == all_["region"] == "north"


def test_what_changes_nothing_is_not_told_and_what_leaves_the_set_alone_is_a_header() -> None:
    told = Told()
    first = told.say(1, window("planned"))
    assert told.say(2, window("planned")) == []
    (header,) = told.say(3, window("started"))
    assert "elements" not in header
    assert header["elements_revision"] == first[0]["revision"] < header["revision"]


def test_what_is_hung_below_the_work_later_is_told_within_the_time_for_sets() -> None:
    told = Told()
    told.say(1, window("planned"))
    told.topology.put(Unit({}, {}, 0), "onu-3", Known("north", ("olt-1",)))
    told.works.moved("onu-3", "north")
    assert told.tick(5) == []
    (chunk,) = told.tick(20)
    assert chunk["elements"] == ["olt-1", "onu-1", "onu-3"]
    assert told.tick(60) == []


def test_an_end_that_passes_without_a_word_is_told_once() -> None:
    #  100 ├── started ──┤ 200 ── overdue_s ──┤ 500
    told = Told()
    told.say(100, window("started"))
    assert told.tick(499) == []
    (late,) = told.tick(500)
    assert (late["late"], late["promised"]) == (1, 200_000)
    assert told.tick(505) == []
    assert told.works.late() == ["m"]
    (again,) = told.say(510, window("started", end=900))
    assert again["late"] == 2
    (more,) = told.tick(1200)
    assert (more["late"], more["promised"]) == (3, 900_000)
    told.say(1300, window("completed", end=900))
    assert told.works.late() == []


def test_work_of_which_nobody_said_that_it_began_is_late_only_when_something_is_down() -> None:
    told = Told()
    told.say(1, window("planned"))
    assert told.tick(600) == []
    (late,) = told.tick(605, "m")
    assert late["late"] == 1


def test_a_large_set_is_sent_chunk_by_chunk_and_a_restart_goes_on_where_it_was() -> None:
    told = Told()
    unit = Unit({}, {}, 0)
    for number in range(9_000):
        told.topology.put(unit, f"cpe-{number}", Known("north", ("onu-1",)))
    chunks = list[dict[str, Any]]()
    unit = Unit(told.table, {}, 1000)
    told.works.fold(unit, "m", window("planned"))
    told.table.update(unit.dirty)
    assert unit.outputs == []
    while True:
        unit = Unit(told.table, {}, 1000)
        more = told.works.work(unit)
        told.table.update(unit.dirty)
        chunks += [json.loads(output.value or b"") for output in unit.outputs]
        assert len(unit.outputs) == 1
        told.restart()
        if not more:
            break
    assert [chunk["chunk"] for chunk in chunks] == [0, 1, 2]
    assert max(len(chunk["elements"]) for chunk in chunks) <= 5000
    assert len({element for chunk in chunks for element in chunk["elements"]}) == 9_002


def test_a_restart_says_nothing_again_and_what_is_long_over_is_forgotten() -> None:
    told = Told()
    told.say(1, window("planned"))
    told.restart()
    assert told.tick(60) == []
    told.say(61, window("cancelled"))
    assert told.tick(200 + 6 * 86_400) == []
    assert told.works.works.keys() == {"m"}
    told.tick(201 + 7 * 86_400)
    assert (told.works.works, told.table) == ({}, {})
