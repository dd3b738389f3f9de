"""Cases and appointments in whatever order they come."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest

from forewarn.alerts.circumstances import Circumstances, held_until
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import Appointment, Interaction

POLICY = AlertPolicy()
HOUR = 3_600_000


def interaction(time: int, kind: str, **more: Any) -> Interaction:
    return msgspec.convert({"id": f"{kind}-{time}", "time": time, "kind": kind, **more}, Interaction)


def appointment(time: int, status: str, end: int = HOUR, kind: str = "technician") -> Appointment:
    said = {"appointment_id": "a1", "time": time, "kind": kind, "status": status, "start": end - 1, "end": end}
    return msgspec.convert(said, Appointment)


class Desk:
    def __init__(self) -> None:
        self.circumstances = Circumstances(POLICY)
        self.unit = Unit({}, {}, 10)

    def take(self, *events: Interaction | Appointment) -> list[bool]:
        return [self._take(event) for event in events]

    def _take(self, event: Interaction | Appointment) -> bool:
        if isinstance(event, Interaction):
            return self.circumstances.interaction(self.unit, "ada", event)
        return self.circumstances.appointment(self.unit, "ada", event)

    @property
    def situation(self) -> Any:
        return self.circumstances.get(self.unit, "ada")


@pytest.mark.parametrize("last", ["case_opened", "case_closed"])
def test_the_newest_word_about_a_case_counts(last: str) -> None:
    first = "case_closed" if last == "case_opened" else "case_opened"
    words = [interaction(20, first, case_id="c"), interaction(30, last, case_id="c")]
    for order in permutations(words):
        desk = Desk()
        desk.take(*order)
        assert bool(held_until(desk.situation.cases)) is (last == "case_opened")


def test_two_cases_hold_until_both_are_closed() -> None:
    desk = Desk()
    desk.take(interaction(20, "case_opened", case_id="c"), interaction(20, "case_opened", case_id="d"))
    desk.take(interaction(30, "case_closed", case_id="c"))
    assert held_until(desk.situation.cases)
    desk.take(interaction(31, "case_closed", case_id="d"))
    assert not held_until(desk.situation.cases)


def test_what_says_nothing_about_trouble_changes_nothing() -> None:
    desk = Desk()
    events = interaction(20, "help_viewed"), interaction(20, "survey", score=3), appointment(20, "booked", kind="store")
    assert desk.take(*events) == [False, False, False]
    assert desk.unit.empty


def test_an_appointment_that_moved_counts_at_its_new_time() -> None:
    for order in permutations([appointment(20, "booked"), appointment(30, "rescheduled", 5 * HOUR)]):
        desk = Desk()
        desk.take(*order)
        assert held_until(desk.situation.appointments) == 5 * HOUR


def test_a_bill_shock_holds_from_the_bill_on_and_never_shorter() -> None:
    desk = Desk()
    assert desk.circumstances.bill_shock(desk.unit, "ada", 50)
    assert not desk.circumstances.bill_shock(desk.unit, "ada", 20)
    assert desk.situation.bill_shock == 50 + ms(POLICY.bill_shock_s)
