"""Walks over many customers: bounded, resumed, restarted, ended."""

from __future__ import annotations

from forewarn.alerts.fanout import BYTES_A_UNIT, FanOut, Purpose
from forewarn.stream.engine.unit import Unit

CROWD = {f"c{number}" for number in range(10)}


class Desk:
    """A fan-out of four customers a unit, with its table."""

    def __init__(self, *, weight: int = 0) -> None:
        self.table: dict[bytes, bytes] = {}
        self.visited: list[tuple[str, str]] = []
        self.done: list[str] = []
        self.weight = weight
        self.fan_out = self.fresh()

    def fresh(self) -> FanOut:
        fan_out = FanOut(4)
        fan_out.add(
            "first", Purpose(lambda subject: CROWD, self.visit, lambda unit, subject: self.done.append(subject))
        )
        fan_out.add("second", Purpose(lambda subject: {"z"}, self.visit))
        return fan_out

    def visit(self, unit: Unit, subject: str, customer: str) -> None:
        self.visited.append((subject, customer))
        if self.weight:
            unit.emit("notifications", b"k", b"x" * self.weight)

    def start(self, purpose: str, subject: str) -> None:
        unit = Unit(self.table, {}, 1)
        self.fan_out.start(unit, purpose, subject)
        self.install(unit)

    def work(self) -> bool:
        unit = Unit(self.table, {}, 1)
        more = self.fan_out.work(unit)
        self.install(unit)
        return more

    def install(self, unit: Unit) -> None:
        for key, value in unit.dirty.items():
            if value:
                self.table[key] = value
            else:
                self.table.pop(key, None)

    def restart(self) -> None:
        self.fan_out = self.fresh()
        self.fan_out.restore(self.table)


def test_nobody_is_left_out_and_each_unit_is_bounded() -> None:
    desk = Desk()
    desk.start("first", "o1")
    assert [desk.work() for _ in range(3)] == [True, True, False]
    assert desk.visited == [("o1", customer) for customer in sorted(CROWD)]
    assert (desk.done, desk.table) == (["o1"], {})
    assert not desk.work()


def test_a_restart_goes_on_after_the_last_customer_committed() -> None:
    desk = Desk()
    desk.start("first", "o1")
    desk.work()
    desk.restart()
    while desk.work():
        desk.restart()
    assert desk.visited == [("o1", customer) for customer in sorted(CROWD)]


def test_a_walk_that_is_started_again_begins_at_the_beginning() -> None:
    desk = Desk()
    desk.start("first", "o1")
    desk.work()
    desk.start("first", "o1")
    desk.work()
    assert desk.visited[4:] == desk.visited[:4]


def test_purposes_go_in_the_order_they_were_added_and_subjects_by_name() -> None:
    desk = Desk()
    for purpose, subject in (("second", "a"), ("first", "o2"), ("first", "o1")):
        desk.start(purpose, subject)
    while desk.work():
        pass
    assert list(dict.fromkeys(subject for subject, _ in desk.visited)) == ["o1", "o2", "a"]


def test_stopping_ends_all_walks_of_a_subject() -> None:
    desk = Desk()
    desk.start("first", "o1")
    desk.start("second", "o1")
    unit = Unit(desk.table, {}, 1)
    desk.fan_out.stop(unit, "o1")
    desk.install(unit)
    assert not desk.work()
    assert (desk.visited, desk.table) == ([], {})


def test_a_unit_ends_early_when_it_has_written_much() -> None:
    desk = Desk(weight=BYTES_A_UNIT)
    desk.start("first", "o1")
    desk.work()
    assert len(desk.visited) == 2
    while desk.work():
        pass
    assert desk.visited == [("o1", customer) for customer in sorted(CROWD)]
