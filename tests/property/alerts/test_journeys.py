"""Properties of journeys under random histories of appointments, replies, help, outages, pauses and restarts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from forewarn.stream.engine.unit import Unit
from tests.decide_desk import START, DecideDesk, agreed, impact, profile, table_of

HOUR, DAY = 3600.0, 86_400.0
STATUSES = ("booked", "confirmed", "en_route", "delayed", "rescheduled", "completed", "cancelled", "missed")


class Word(NamedTuple):
    """Something that happens after a pause of so many seconds."""

    pause: float
    what: str
    detail: Any


pauses = st.sampled_from((0.0, 60.0, HOUR, 5 * HOUR, 26 * HOUR))
visits = st.tuples(st.sampled_from(("a1", "a2")), st.sampled_from(STATUSES), st.sampled_from((1, 5, 30, 60)))
words = st.one_of(
    st.builds(Word, pauses, st.just("visit"), visits),
    st.builds(Word, pauses, st.just("visit"), visits),
    st.builds(Word, pauses, st.just("reply"), st.sampled_from(("yes", "nein", "7", "still out", "hello"))),
    st.builds(Word, pauses, st.just("help"), st.sampled_from(("wifi", "tv"))),
    st.builds(Word, pauses, st.just("outage"), st.sampled_from(("suspected", "confirmed", "restored"))),
    st.builds(Word, pauses, st.just("pause"), st.booleans()),
    st.builds(Word, pauses, st.just("heard"), st.sampled_from(("sent", "failed"))),
    st.builds(Word, pauses, st.just("night"), st.sampled_from((("11:00", "13:00"), ("20:00", "12:30")))),
)
stories = st.lists(words, min_size=3, max_size=14)


class Killed(DecideDesk):
    """A desk that dies after every unit."""

    def commit(self, unit: Unit) -> None:
        super().commit(unit)
        self.restart()


class History:
    """Plays a story to a desk. `twice`: every record comes twice; `killed`: the desk dies after every unit."""

    def __init__(self, *, twice: bool = False, killed: bool = False) -> None:
        self.desk = Killed() if killed else DecideDesk()
        self.twice = twice
        self.revision = 0
        self.spoken = 0
        self.push(
            "customers.profiles", profile("onu-1", contacts={"email": "a@example.com", "phone": "+4915112345678"})
        )
        self.push("customers.preferences", agreed(purpose="survey"))

    def play(self, story: Sequence[Word]) -> History:
        for word in story:
            self.desk.at(self.desk.seconds + word.pause)
            self.spoken += 1
            getattr(self, f"_{word.what}")(word.detail)
        return self

    def push(self, topic: str, value: Any) -> None:
        for _ in range(2 if self.twice else 1):
            self.desk.push(topic, "ada", value)

    def end(self) -> DecideDesk:
        """Resumes sending, and lets everything run out."""
        self.desk.push("control", "appointment", None)
        return self.desk.at(self.desk.seconds + 60 * DAY)

    def _visit(self, detail: tuple[str, str, int]) -> None:
        name, status, ahead = detail
        begins = (self.desk.core.now // 3_600_000 + ahead) * 3_600_000
        fields = {"appointment_id": name, "time": self.desk.core.now, "kind": "install", "status": status}
        self.push("customers.appointments", {**fields, "start": begins, "end": begins + 7_200_000})

    def _reply(self, text: str) -> None:
        word = {"id": f"r{self.spoken}", "time": self.desk.core.now, "kind": "reply", "text": text}
        self.push("customers.interactions", word)

    def _help(self, topic: str) -> None:
        word = {"id": f"h{self.spoken}", "time": self.desk.core.now, "kind": "help_viewed", "topic": topic}
        self.push("customers.interactions", word)

    def _outage(self, state: str) -> None:
        self.revision += 1
        more: dict[str, Any] = {} if self.revision == 1 else {"elements_revision": 1}
        elements = ["onu-1"] if self.revision == 1 else None
        self.push("outages.impact", impact("o1", self.revision, state, elements, **more))

    def _pause(self, paused: bool) -> None:
        value = {"kind": "appointment", "paused": True, "time": START, "author": "noc"} if paused else None
        self.desk.push("control", "appointment", value)

    def _heard(self, outcome: str) -> None:
        sent = [row.value for row in self.desk.out("notifications", "ada")]
        if sent:
            word = {"notification_id": sent[-1]["notification_id"], "time": self.desk.core.now, "attempt": 1}
            self.push("notifications.log", {**word, "channel": sent[-1]["channel"], "outcome": outcome})

    def _night(self, hours: tuple[str, str]) -> None:
        quiet = {"start": hours[0], "end": hours[1]}
        self.push("customers.preferences", {"time": self.desk.core.now, "source": "page", "quiet_hours": quiet})


def outputs(desk: DecideDesk) -> list[tuple[str, Any]]:
    return [(row.topic, row.value) for row in desk.rows if row.topic != "progress"]


def lasting(desk: DecideDesk) -> dict[bytes, bytes]:
    """What is stored, but for the clock's own row."""
    return {key: value for key, value in table_of(desk).items() if key != b"p/progress"}


def messages(desk: DecideDesk) -> list[tuple[Any, ...]]:
    names = ("kind", "incident", "stage", "class", "channel")
    return [tuple(row.value.get(name) for name in names) for row in desk.out("notifications", "ada")]


@given(stories)
@settings(max_examples=30, deadline=None)
def test_a_kill_after_every_unit_changes_nothing(story: list[Word]) -> None:
    whole, killed = History().play(story).end(), History(killed=True).play(story).end()
    assert outputs(whole) == outputs(killed)
    assert lasting(whole) == lasting(killed)


@given(stories)
@settings(max_examples=40, deadline=None)
def test_records_that_come_twice_say_nothing_twice(story: list[Word]) -> None:
    once, twice = History().play(story).end(), History(twice=True).play(story).end()
    assert messages(once) == messages(twice)


@given(stories)
@settings(max_examples=40, deadline=None)
def test_every_message_is_one_of_its_kind_and_has_its_row(story: list[Word]) -> None:
    desk = History().play(story).end()
    assert max(Counter(messages(desk)).values(), default=0) <= 1
    rows = {(row.value["subject_id"], row.value["outcome"]) for row in desk.out("decisions", "ada")}
    assert all((row.value["notification_id"], "sent") in rows for row in desk.out("notifications", "ada"))


@given(stories)
@settings(max_examples=40, deadline=None)
def test_no_message_asks_for_a_time_that_has_passed(story: list[Word]) -> None:
    desk = History().play(story).end()
    sent = [row.value for row in desk.out("decisions", "ada") if row.value["outcome"] == "sent"]
    for row in sent:
        if row["stage"] in ("remind", "confirm", "rescheduled"):
            assert row["time"] < row["evidence"]["start"]


@given(stories)
@settings(max_examples=40, deadline=None)
def test_when_all_is_over_nothing_of_journeys_is_left(story: list[Word]) -> None:
    desk = History().play(story).end()
    assert [key for key in desk.core.table if key.startswith(b"j/") or b"journey" in key] == []


@given(st.permutations([("booked", 0, 48), ("delayed", 30, 50), ("rescheduled", 60, 96), ("cancelled", 90, 96)]))
@settings(max_examples=24, deadline=None)
def test_in_whatever_order_words_of_a_visit_come_its_last_one_counts(order: list[tuple[str, int, int]]) -> None:
    history = History()
    for status, at, start in order:
        begins = START + round(start * HOUR * 1000)
        fields = {"appointment_id": "a1", "time": START + at * 1000, "kind": "install", "status": status}
        history.push("customers.appointments", {**fields, "start": begins, "end": begins + 7_200_000})
    desk = history.end()
    assert desk.stages("ada")[-1] == "cancelled"
    assert "remind" not in desk.stages("ada")
