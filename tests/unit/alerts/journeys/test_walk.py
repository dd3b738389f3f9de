"""The walk of one course: a table of inputs, without desk or pipeline."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from forewarn.alerts.journeys import walk
from forewarn.alerts.journeys.builtin import builtin
from forewarn.alerts.journeys.course import Course
from forewarn.alerts.journeys.events import Happening, Value
from forewarn.alerts.journeys.journey import Journey, Step
from forewarn.alerts.journeys.walk import World

HOUR = 3_600_000
NOW = 1_795_348_800_000
VISIT = builtin()["appointment"]


def world(now: int = NOW, *told: str, **facts: Any) -> World:
    return World(now, ZoneInfo("UTC"), facts.get, lambda course, step: step.name in told)


def visit(status: str = "booked", *, at: int = NOW, start: int = NOW + 48 * HOUR) -> Happening:
    fields: dict[str, Value] = {"appointment_id": "a1", "kind": "technician", "status": status, "start": start}
    return Happening("appointment", "a1", "a1", at, fields | {"end": start + 2 * HOUR})


def begun(happening: Happening | None = None, now: int = NOW) -> tuple[Course, list[str]]:
    walked = walk.started("appointment", VISIT, happening or visit(), world(now))
    assert walked is not None
    return walked[0], names(walked[1])


def names(steps: tuple[Step, ...]) -> list[str]:
    return [step.name for step in steps]


def journey(text: str) -> Journey:
    return msgspec.toml.decode(text, type=Journey)


def test_a_booking_is_confirmed_and_waits_for_the_day_before() -> None:
    course, said = begun()
    assert said == ["confirm"]
    assert (course.step, course.due) == ("remind_24h", NOW + 24 * HOUR)


def test_reminders_follow_one_another_and_then_it_rests() -> None:
    course, _ = begun()
    course, said = walk.due(VISIT, course, world(NOW + 24 * HOUR))
    assert (names(said), course.step, course.due) == (["remind_24h"], "remind_2h", NOW + 46 * HOUR)
    course, said = walk.due(VISIT, course, world(NOW + 46 * HOUR))
    assert (names(said), course.step, course.due) == (["remind_2h"], "", 0)


@pytest.mark.parametrize(("ahead", "waits"), [(30, "remind_24h"), (24, "remind_24h"), (23, "remind_2h"), (1, "")])
def test_a_moment_that_has_passed_when_its_step_is_reached_is_left_out(ahead: int, waits: str) -> None:
    course, said = begun(visit(start=NOW + ahead * HOUR))
    reached = ["confirm", "remind_24h"] if ahead == 24 else ["confirm"]
    assert said == reached
    assert course.step == ("remind_2h" if ahead == 24 else waits)


def test_a_timer_that_fires_late_is_not_left_out() -> None:
    course, _ = begun()
    course, said = walk.due(VISIT, course, world(NOW + 25 * HOUR))
    assert (names(said), course.step) == (["remind_24h"], "remind_2h")


def test_nothing_is_due_before_its_time() -> None:
    course, _ = begun()
    assert walk.due(VISIT, course, world(NOW + 23 * HOUR)) == (course, ())


def test_a_visit_that_is_moved_is_reminded_of_anew_as_another_class() -> None:
    course, _ = begun()
    course, _ = walk.due(VISIT, course, world(NOW + 24 * HOUR))
    moved = visit("rescheduled", at=NOW + 30 * HOUR, start=NOW + 96 * HOUR)
    course, said = walk.happened(VISIT, course, moved, world(NOW + 30 * HOUR, "confirm", "remind_24h"))
    assert (names(said), course.step, course.due) == (["rescheduled"], "remind_24h", NOW + 72 * HOUR)
    assert [course.class_of(step) for step in VISIT.steps[:3]] == ["2", "24h/2", "2h"]
    assert course.before["start"] == NOW + 48 * HOUR


def test_what_was_not_told_keeps_its_class_when_the_visit_moves() -> None:
    course, _ = begun()
    moved = visit("rescheduled", at=NOW + 1, start=NOW + 96 * HOUR)
    course, _ = walk.happened(VISIT, course, moved, world(NOW + 1))
    assert course.class_of(VISIT.steps[1]) == "24h"


def test_an_event_that_is_older_or_the_same_changes_nothing() -> None:
    course, _ = begun(visit("confirmed", at=NOW))
    assert walk.happened(VISIT, course, visit("confirmed", at=NOW), world()) == (course, ())
    assert walk.happened(VISIT, course, visit("cancelled", at=NOW - 1), world()) == (course, ())


def test_of_two_events_of_one_time_the_later_word_counts() -> None:
    cancelled = visit("cancelled")
    course, _ = begun()
    after, said = walk.happened(VISIT, course, cancelled, world())
    assert names(said) == ["cancelled"]
    assert walk.happened(VISIT, after, visit("booked"), world()) == (after, ())


def test_a_cancelled_visit_is_over_and_an_old_booking_does_not_bring_it_back() -> None:
    course, _ = begun()
    course, said = walk.happened(VISIT, course, visit("cancelled", at=NOW + 1), world(NOW + 1))
    assert (names(said), course.over, course.due) == (["cancelled"], True, 0)
    assert walk.happened(VISIT, course, visit("booked", at=NOW), world(NOW + 2)) == (course, ())


def test_a_completed_visit_is_over_without_a_word() -> None:
    course, _ = begun()
    course, said = walk.happened(VISIT, course, visit("completed", at=NOW + 1), world(NOW + 1))
    assert (said, course.over, course.open) == ((), True, ())


def test_a_visit_whose_time_moves_without_a_word_waits_for_the_new_time() -> None:
    course, _ = begun()
    course, said = walk.happened(VISIT, course, visit("confirmed", at=NOW + 1, start=NOW + 72 * HOUR), world(NOW + 1))
    assert (said, course.step, course.due) == ((), "remind_24h", NOW + 48 * HOUR)


def test_a_no_ends_the_reminders_and_what_is_open() -> None:
    course, _ = begun()
    course = msgspec.structs.replace(course, question="confirm", asked=NOW)
    course, said = walk.answered(VISIT, course, "no", world(NOW + 1))
    assert (said, course.step, course.open, course.over) == ((), "", (), False)


def test_a_visit_long_past_starts_nothing() -> None:
    assert walk.started("appointment", VISIT, visit(start=NOW - 72 * HOUR), world()) is None


def test_an_event_that_the_trigger_does_not_ask_for_starts_nothing() -> None:
    assert walk.started("appointment", VISIT, visit("completed"), world()) is None


HELP = builtin()["help"]


def looked(outage: str, *, times: int = 2) -> walk.Walked | None:
    happening = Happening("help", "wifi", "h2", NOW, {"topic": "wifi", "times": times, "channel": ""})
    return walk.started("help", HELP, happening, world(outage=outage))


def test_help_that_is_looked_at_once_starts_nothing() -> None:
    assert looked("none", times=1) is None


@pytest.mark.parametrize(("outage", "said", "over"), [("none", ["offer"], False), ("confirmed", ["outage"], True)])
def test_help_twice_is_an_offer_unless_an_outage_explains_it(outage: str, said: list[str], over: bool) -> None:
    walked = looked(outage)
    assert walked is not None
    assert (names(walked[1]), walked[0].over) == (said, over)


def test_a_suspicion_is_looked_at_again_but_not_for_ever() -> None:
    walked = looked("suspected")
    assert walked is not None
    course, _ = walked
    looks = 0
    while course.due:
        looks += 1
        course, said = walk.due(HELP, course, world(course.due, outage="suspected"))
        assert said == ()
    assert looks == 6


CIRCLE = journey("""
trigger = { event = "bill" }
[[steps]]
name = "one"
say = "bill/hello"
then = "two"
[[steps]]
name = "two"
then = "one"
""")


def test_a_circle_that_was_never_checked_does_not_hang_a_partition() -> None:
    bill = Happening("bill", "b1", "b1", NOW, {"bill_id": "b1"})
    walked = walk.started("circle", CIRCLE, bill, world())
    assert walked is not None
    assert walked[0].step == ""


LATE = journey("""
trigger = { event = "contract" }
ends = "ends + 1d"
[[steps]]
name = "tell"
at = "ends - 40d"
late = true
say = "contract/ending"
until = "ends - 10d"
""")


@pytest.mark.parametrize(
    ("days", "said", "waits"), [(60, [], True), (40, ["tell"], False), (20, ["tell"], False), (9, [], False)]
)
def test_a_late_step_is_taken_while_it_is_worth_it(days: int, said: list[str], waits: bool) -> None:
    happening = Happening("contract", "x", "x", NOW, {"ends": NOW + days * 24 * HOUR})
    walked = walk.started("late", LATE, happening, world())
    assert walked is not None
    assert (names(walked[1]), bool(walked[0].due)) == (said, waits)
