"""Alarms: raises and clears paired by id, what is severe, what tells a cause, and what is forgotten. Times in ms."""

from __future__ import annotations

from itertools import permutations

import pytest

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages import alarms
from forewarn.stream.outages.alarms import OpenAlarms
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.probable_cause import alarm_kind
from forewarn.topics.events.network import Alarm, Severity
from forewarn.topics.events.outages import AlarmRow

POLICY = OutagePolicy()
DAY = 86_400_000


def alarm(severity: Severity, at: int, **more: object) -> Alarm:
    return Alarm("a-1", "olt-1", at, severity, **more)  # type: ignore[arg-type]


def severe(severity: Severity, **more: object) -> bool:
    return alarms.step(None, alarm(severity, 1, **more), 1).severe


class Book:
    """Open alarms over one table."""

    def __init__(self) -> None:
        self.unit = Unit({}, {}, 0)
        self.open = OpenAlarms(POLICY)

    def fold(self, event: Alarm, clock: int = 0) -> list[AlarmRow]:
        return self.open.fold(self.unit, event, int(event.time), clock)  # type: ignore[arg-type]

    def again(self) -> OpenAlarms:
        """What a restart finds."""
        found = OpenAlarms(POLICY)
        found.restore({key: value for key, value in self.unit.dirty.items() if value})
        return found


def test_any_order_of_raises_and_clears_ends_in_the_same_state() -> None:
    #  time   1 critical   2 cleared   3 major and cleared
    story = [alarm("critical", 1), alarm("cleared", 2), alarm("major", 3), alarm("cleared", 3), alarm("cleared", 2)]
    ends = set()
    for order in permutations(story):
        state = None
        for event in order:
            state = alarms.step(state, event, int(event.time))  # type: ignore[arg-type]
        assert state is not None
        ends.add((state.time, state.open))
    assert ends == {(3, False)}


def test_critical_and_major_take_service_away_unless_they_say_that_they_do_not() -> None:
    assert severe("critical")
    assert severe("major", service_affecting=True)
    assert not severe("major", service_affecting=False)
    assert not severe("minor", service_affecting=True)
    assert not severe("warning")
    assert not severe("cleared")


def test_an_indeterminate_alarm_takes_service_away_only_where_it_says_so() -> None:
    assert severe("indeterminate", service_affecting=True)
    assert not severe("indeterminate")


def test_alarms_of_surroundings_and_security_take_service_away_only_where_they_say_so() -> None:
    assert not severe("critical", alarm_type="environmental")
    assert severe("critical", alarm_type="environmental", service_affecting=True)
    assert not severe("major", alarm_type="integrity_violation")


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("lossOfSignal", "signal"),
        ("LOSS_OF_SIGNAL", "signal"),
        ("los", "signal"),
        ("loss of frame", "signal"),
        ("Received optical power low", "signal"),
        ("fibre cut", "signal"),
        ("commercialPowerFailure", "power"),
        ("on battery", "power"),
        ("Battery discharging", "power"),
        ("powerProblem", "power"),
        ("dying gasp", "power"),
        ("equipmentMalfunction", "equipment"),
        ("replaceableUnitProblem", "equipment"),
        ("Line card failure", "equipment"),
        ("processorProblem", "equipment"),
        ("power supply hardware failure", "power"),
        ("communicationsSubsystemFailure", "service"),
        ("highTemperature", "service"),
        (None, "service"),
    ],
)
def test_the_class_of_an_alarm_is_told_from_its_cause_however_it_is_written(cause: str | None, kind: str) -> None:
    assert alarm_kind(alarm("major", 1, probable_cause=cause)) == kind


def test_the_specific_problem_tells_the_class_where_the_cause_does_not() -> None:
    event = alarm("major", 1, probable_cause="equipmentMalfunction", specific_problem="running on battery")
    assert alarm_kind(event) == "power"


def test_a_malfunction_that_takes_no_service_away_is_of_no_interest() -> None:
    book = Book()
    assert book.fold(alarm("minor", 5, service_affecting=False, probable_cause="equipmentMalfunction")) == []
    assert book.fold(alarm("critical", 6, service_affecting=True, probable_cause="equipmentMalfunction")) == [
        AlarmRow("olt-1", "equipment", True, 6)
    ]


def test_a_power_alarm_is_kept_though_it_takes_no_service_away() -> None:
    book = Book()
    on_battery = alarm("major", 5, service_affecting=False, probable_cause="commercialPowerFailure")
    assert book.fold(on_battery) == [AlarmRow("olt-1", "power", True, 5)]
    assert book.fold(on_battery) == []
    assert book.open.since("olt-1") is None
    assert book.again().telling("power") == ["olt-1"]
    assert book.fold(alarm("cleared", 9)) == [AlarmRow("olt-1", "power", False, 9)]


def test_many_alarms_of_one_element_and_class_are_one_row_until_the_last_is_cleared() -> None:
    book = Book()
    rows = [row for number in range(50) for row in book.fold(Alarm(f"a-{number}", "olt-1", 5, "major"))]
    rows += [row for number in range(50) for row in book.fold(Alarm(f"a-{number}", "olt-1", 7, "cleared"))]
    assert rows == [AlarmRow("olt-1", "service", True, 5), AlarmRow("olt-1", "service", False, 7)]


def test_open_alarms_are_found_again_after_a_restart() -> None:
    book = Book()
    for event in (alarm("critical", 5), alarm("critical", 5), Alarm("a-2", "olt-1", 4, "major")):
        book.fold(event)
    book.fold(Alarm("a-3", "olt-2", 4, "cleared"))
    again = book.again()
    assert again.look() == ["olt-1"] == book.open.look()
    assert again.look() == []
    assert (again.since("olt-1"), again.newest("olt-1")) == (4, 5)
    assert again.since("olt-2") is None


def test_an_alarm_whose_suspicion_is_over_raises_no_other_until_it_is_raised_anew() -> None:
    book = Book()
    book.fold(alarm("critical", 5))
    book.open.spend(book.unit, "olt-1")
    for found in (book.open, book.again()):
        found.look_again(["olt-1"])
        assert found.look() == []
    book.fold(alarm("critical", 5))
    assert book.open.look() == []
    book.fold(alarm("critical", 6))
    assert book.open.look() == ["olt-1"]


def test_an_alarm_that_is_never_cleared_ages_out_and_its_row_is_forgotten() -> None:
    #  5 raise ├──────── alarm_keep_s ────────┤ forgotten
    book = Book()
    book.fold(alarm("critical", 5))
    assert book.open.forget(book.unit, DAY) == []
    assert book.open.forget(book.unit, DAY + 1_200_000) == [AlarmRow("olt-1", "service", False, 5)]
    assert set(book.unit.dirty.values()) == {b""}
    assert book.fold(alarm("critical", 5), clock=DAY + 1_200_000) == []
    assert book.open.since("olt-1") is None
