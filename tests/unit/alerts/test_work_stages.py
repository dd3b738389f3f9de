"""What a customer of planned work is to be told, as a table. Hours as they stand; the work is from 100 to 104."""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.told import Entry, Message, Status
from forewarn.alerts.turns import turn_of
from forewarn.alerts.work_schedule import schedule
from forewarn.alerts.work_stages import class_of, concerned, gone, owed
from forewarn.alerts.works import Work

HOUR = 3_600_000
SCHEDULE = schedule(AlertPolicy())


def work(status: Any = "planned", turn: int = 0, **more: Any) -> Work:
    return Work("m", 1, status, 100 * HOUR, 104 * HOUR, turn, **more)


def entry(*told: str, status: Status = Status.TOLD, at: float = 0) -> Entry:
    """What was told, as stage or stage/class, in order."""
    messages = []
    for one in told:
        stage, _, class_ = one.partition("/")
        messages.append(Message(stage, class_ or None, "email", one, int(status), round(at * HOUR)))
    return Entry("maintenance", "m", tuple(messages))


MOVED: dict[str, Any] = {"turn": 1, "previous": (10 * HOUR, 14 * HOUR)}


@pytest.mark.parametrize(
    ("now", "found", "known", "expected"),
    [
        # -- announcements
        (27, work(), entry(), None),
        (28, work(), entry(), "announced/72h"),
        (75, work(), entry(), "announced/72h"),
        (76, work(), entry(), "announced/24h"),
        (99, work(), entry("announced/72h", "announced/24h"), "announced/1h"),
        (99, work(), entry("announced/1h"), None),
        (100, work(), entry(), None),
        (80, work(), entry("announced/24h", status=Status.FAILED), "announced/24h"),
        (80, work(), entry("announced/24h", status=Status.PENDING), None),
        (80, work(), entry("announced/24h", status=Status.DEFERRED), "announced/24h"),
        # -- moved: to those who knew, and announced anew unless the move itself came later
        (20, work(**MOVED), entry("announced/72h"), "moved/moved-1"),
        (20, work(**MOVED), entry(), None),
        (20, work(**MOVED), entry("announced/72h", status=Status.DROPPED), None),
        (20, work(**MOVED), entry("announced/72h", "moved/moved-1", at=20), None),
        (28, work(**MOVED), entry("announced/72h", "moved/moved-1", at=20), "announced/72h/moved-1"),
        (80, work(**MOVED), entry("announced/72h", "moved/moved-1", at=79), None),
        (99, work(**MOVED), entry("announced/72h", "moved/moved-1", at=79), "announced/1h/moved-1"),
        (99, work(**MOVED), entry(), "announced/1h/moved-1"),
        # -- under way, late, over
        (100, work("started"), entry(), "started"),
        (100, work("started", 1), entry(), "started/moved-1"),
        (101, work("started"), entry("started"), None),
        (105, work("started", late=1), entry("started"), "overrun"),
        (105, work("started", late=1), entry("overrun"), None),
        (106, work("started", late=2), entry("overrun"), "overrun/2"),
        (104, work("completed"), entry("started"), "completed"),
        (104, work("completed"), entry("overrun"), "completed"),
        (104, work("completed"), entry("announced/1h"), None),
        (104, work("completed"), entry("started", "completed"), None),
        (90, work("cancelled"), entry("announced/72h"), "cancelled"),
        (90, work("cancelled"), entry(), None),
        (90, work("cancelled"), entry("announced/72h", "cancelled"), None),
        # -- taken up again
        (80, work(turn=1), entry("announced/72h", "cancelled"), "announced/24h/moved-1"),
        (90, work("cancelled", 1), entry("announced/72h", "cancelled"), None),
        (90, work("cancelled", 1), entry("announced/72h", "cancelled", "announced/24h/moved-1"), "cancelled/moved-1"),
    ],
)
def test_what_is_owed(now: float, found: Work, known: Entry, expected: str | None) -> None:
    answer = owed(found, known, SCHEDULE, round(now * HOUR))
    assert (None if answer is None else "/".join(filter(None, (answer.stage, answer.class_)))) == expected


@pytest.mark.parametrize(
    ("known", "waits", "expected"),
    [
        (entry("announced/72h"), True, "cancelled"),
        (entry("announced/72h", "started"), True, "completed"),
        (entry("overrun"), True, "completed"),
        (entry("announced/72h", "cancelled"), False, None),
        (entry(), False, None),
    ],
)
def test_who_is_concerned_no_more_is_told_the_end(known: Entry, waits: bool, expected: str | None) -> None:
    answer = gone(work(), known)
    assert concerned(known) is waits
    assert (answer.stage if answer is not None else None) == expected


def test_a_class_tells_the_announcement_and_the_turn() -> None:
    assert [class_of(0), class_of(0, "24h"), class_of(2), class_of(2, "24h")] == [None, "24h", "moved-2", "24h/moved-2"]
    assert [turn_of(class_) for class_ in (None, "24h", "moved-2", "24h/moved-2", "reopened-1/3")] == [0, 0, 2, 2, 1]
