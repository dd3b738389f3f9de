"""Properties of planned work under random calendars, moves, choices and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decide_desk import table_of
from tests.works_world import HOUR, WorksWorld

CUSTOMERS = {"ada": "onu-1", "bob": "onu-3"}
ELEMENTS = ("onu-1", "onu-2", "onu-3")
OPENING, UNDER_WAY = ("announced", "moved", "started", "overrun"), ("started", "overrun")


class Word(NamedTuple):
    """Something that happens after a pause of so many hours."""

    pause: float
    what: str
    detail: Any


PLAN = st.tuples(
    st.just("plan"),
    st.tuples(
        st.sampled_from(("m-1", "m-2")),
        st.sampled_from((("olt-1",), ("olt-1", "olt-2"), ("onu-3",))),
        st.sampled_from((20, 40, 90)),
        st.sampled_from(("planned", "planned", "started", "completed", "cancelled")),
    ),
)
MOVE = st.tuples(st.just("move"), st.tuples(st.sampled_from(tuple(CUSTOMERS)), st.sampled_from(ELEMENTS)))
HEARD = st.tuples(st.just("heard"), st.tuples(st.sampled_from(tuple(CUSTOMERS)), st.sampled_from(("sent", "failed"))))
QUIET = st.tuples(
    st.just("quiet"), st.tuples(st.sampled_from(tuple(CUSTOMERS)), st.sampled_from(("22:00", "13:00", "07:00")))
)
PAUSES = st.sampled_from((0.0, 0.02, 0.5, 5.0, 17.0, 30.0))
STORIES = st.lists(
    st.builds(lambda pause, word: Word(pause, *word), PAUSES, st.one_of(PLAN, PLAN, PLAN, MOVE, HEARD, QUIET)),
    min_size=3,
    max_size=9,
)


class History:
    """Plays words. `twice`: every record comes twice; `kills`: both roles are killed after every word and work."""

    def __init__(self, *, twice: bool = False, kills: bool = False) -> None:
        self.world = WorksWorld(step=1200.0, kills=kills)
        self.times = 1 + twice
        self.kills = kills
        for customer, element in CUSTOMERS.items():
            self.world.home(customer, element)

    def play(self, story: Sequence[Word]) -> History:
        for word in story:
            self.world.at(self.world.desk.seconds + word.pause * HOUR)
            for _ in range(self.times):
                getattr(self, f"_{word.what}")(*word.detail)
            if self.kills:
                self.world.restart()
        self.world.at(self.world.desk.seconds + 30 * HOUR)
        return self

    def _plan(self, name: str, elements: Sequence[str], start: float, status: str) -> None:
        self.world.plan(name, elements, start * HOUR, (start + 4) * HOUR, status)

    def _move(self, customer: str, element: str) -> None:
        self.world.home(customer, element)

    def _heard(self, customer: str, outcome: str) -> None:
        if rows := self.world.desk.out("notifications", customer):
            self.world.desk.log(customer, outcome, rows[-1].value["stage"])

    def _quiet(self, customer: str, start: str) -> None:
        hours = {"start": start, "end": "08:00"}
        self.world.desk.push("customers.subscriptions", customer, {"alerts": [], "quiet_hours": hours})

    def notices(self) -> list[tuple[str, Any]]:
        return [(row.key, row.value) for row in self.world.desk.out("notifications")]


def lasting(history: History) -> tuple[list[Any], dict[bytes, bytes]]:
    """What was put out and is stored, but for the clock's own row: a kill forgets at which instants nothing was due."""
    desk = history.world.desk
    table = {key: value for key, value in table_of(desk).items() if key != b"p/progress"}
    return [row for row in desk.rows if row.topic != "progress"], table


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_kills_change_nothing(story: list[Word]) -> None:
    calm, killed = History().play(story), History(kills=True).play(story)
    assert lasting(killed) == lasting(calm)
    assert killed.world.outputs == calm.world.outputs


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_a_repeated_record_is_told_once(story: list[Word]) -> None:
    once, twice = History().play(story), History(twice=True).play(story)
    assert twice.notices() == once.notices()


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_every_message_is_sent_once_and_no_end_without_a_beginning(story: list[Word]) -> None:
    notices = History().play(story).notices()
    ids = [row["notification_id"] for _, row in notices]
    assert len(ids) == len(set(ids))
    told: dict[tuple[str, str], list[str]] = {}
    for customer, row in notices:
        before = told.setdefault((customer, row["incident"]), [])
        if row["stage"] in ("cancelled", "moved"):
            assert set(before) & set(OPENING)
        if row["stage"] == "completed":
            assert set(before) & set(UNDER_WAY)
        before.append(row["stage"])
