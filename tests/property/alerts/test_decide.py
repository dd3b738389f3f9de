"""Properties of a customer partition under random histories of outages, moves, choices, outcomes and requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.policy import Policy
from tests.decide_desk import DecideDesk, agreed, estimate, impact, marketing, profile

CUSTOMERS = ("ada", "bob", "eve")
ELEMENTS = ("onu-1", "onu-2", "onu-3")
OUTAGES = ("o1", "o2")
DAY = 86_400.0

customers = st.sampled_from(CUSTOMERS)
elements = st.lists(st.sampled_from(ELEMENTS), unique=True, max_size=3)


class Word(NamedTuple):
    """Something that happens after a pause of so many seconds."""

    pause: float
    what: str
    who: str
    detail: Any


def words(*kinds: st.SearchStrategy[tuple[str, str, Any]]) -> st.SearchStrategy[list[Word]]:
    pauses = st.sampled_from((0.0, 1.0, 20.0, 40.0, 200.0, 400.0, 2000.0))
    return st.lists(
        st.builds(lambda pause, word: Word(pause, *word), pauses, st.one_of(*kinds)), min_size=4, max_size=16
    )


def kind(
    name: str, who: st.SearchStrategy[str], detail: st.SearchStrategy[Any]
) -> st.SearchStrategy[tuple[str, str, Any]]:
    return st.tuples(st.just(name), who, detail)


#: A time of restoration: its source, and in how many seconds service is likely, and at the latest, back.
ETR = st.sampled_from((None, ("field", 30, 30), ("field", 1800, 1800), ("model", 900, 7200), ("model", 9000, 20000)))
OUTAGE = kind(
    "outage",
    st.sampled_from(OUTAGES),
    st.tuples(st.sampled_from(("suspected", "confirmed", "confirmed", "monitoring")), elements, ETR),
)
OVER = kind("over", st.sampled_from(OUTAGES), st.sampled_from(("restored", "dismissed", "closed")))
MOVE = kind("move", customers, elements)
CHOICE = kind("choice", customers, st.booleans())
HEARD = kind("heard", customers, st.sampled_from(("sent", "delivered", "ambiguous", "failed", "bounced")))
CONSENT = kind("consent", customers, st.booleans())
REQUEST = kind("request", customers, st.integers(0, 5))
CASE = kind("case", customers, st.sampled_from(("case_opened", "case_closed")))
QUIET = kind("quiet", customers, st.sampled_from((("12:10", "13:00"), ("11:00", "12:05"), ("20:00", "12:30"))))
PAUSE = kind("pause", st.sampled_from(("outage", "*")), st.booleans())

#: What makes and ends messages comes more often.
DAYTIME = (OUTAGE, OUTAGE, OVER, MOVE, HEARD, HEARD, REQUEST, REQUEST, CHOICE, CONSENT, CASE, PAUSE)
EVERYTHING = words(*DAYTIME, QUIET)


#: What was told is remembered for longer than anything waits.
KEPT = Policy(alerts=AlertPolicy(told_kept_s=3 * DAY))


class History:
    """Plays words to a desk. `twice`: every record is delivered twice; `restarts`: kills after each of these words."""

    def __init__(self, *, twice: bool = False) -> None:
        self.desk = DecideDesk(KEPT)
        self.twice = twice
        self.revisions: Counter[str] = Counter()
        self.sets: dict[str, int] = {}
        for customer, element in zip(CUSTOMERS, ELEMENTS, strict=True):
            self.push("customers.profiles", customer, profile(element))
            self._consent(customer, True)
        self._outage("o1", ("confirmed", ["onu-1", "onu-2"], None))

    def play(self, story: Sequence[Word], restarts: frozenset[int] = frozenset()) -> History:
        for number, word in enumerate(story):
            self.desk.at(self.desk.seconds + word.pause)
            getattr(self, f"_{word.what}")(word.who, word.detail)
            if number in restarts:
                self.desk.restart()
        return self

    def end(self) -> History:
        """Every outage ends, nothing is paused, and all that was held is settled."""
        for what in ("outage", "*"):
            self._pause(what, False)
        for outage in sorted(self.revisions):
            self._over(outage, "restored")
        self.desk.at(self.desk.seconds + DAY)
        return self

    def push(self, topic: str, key: str, value: Any) -> None:
        self.desk.push(topic, key, value)
        if self.twice:
            self.desk.push(topic, key, value)

    def now(self) -> int:
        return self.desk.core.now

    def _outage(self, outage: str, detail: tuple[str, list[str], tuple[str, int, int] | None]) -> None:
        state, down, etr = detail
        self.revisions[outage] += 1
        revision = self.sets[outage] = self.revisions[outage]
        more: dict[str, Any] = {"time": self.now()}
        if etr is not None:
            source, likely, latest = etr
            more["etr"] = estimate(self.desk.seconds + likely, self.desk.seconds + latest, source)
        self.push("outages.impact", f"{outage}/0", impact(outage, revision, state, down, **more))

    def _over(self, outage: str, state: str) -> None:
        if outage in self.revisions:
            self.revisions[outage] += 1
            more: dict[str, Any] = {"elements_revision": self.sets[outage], "time": self.now()}
            self.push("outages.impact", f"{outage}/0", impact(outage, self.revisions[outage], state, **more))

    def _move(self, customer: str, where: list[str]) -> None:
        self.push("customers.profiles", customer, profile(*where))

    def _choice(self, customer: str, enabled: bool) -> None:
        alerts = [{"kind": "outage", "channels": ["email"], "enabled": enabled}]
        self.push("customers.preferences", customer, {"time": self.now(), "source": "page", "alerts": alerts})

    def _quiet(self, customer: str, hours: tuple[str, str]) -> None:
        quiet = {"start": hours[0], "end": hours[1]}
        self.push("customers.preferences", customer, {"time": self.now(), "source": "page", "quiet_hours": quiet})

    def _consent(self, customer: str, granted: bool) -> None:
        self.push("customers.preferences", customer, agreed(self.desk.seconds, granted=granted))

    def _request(self, customer: str, number: int) -> None:
        self.push("marketing.requests", customer, marketing(f"{customer}-{number}", self.desk.seconds))

    def _case(self, customer: str, what: str) -> None:
        self.push("customers.interactions", customer, {"id": "i", "case_id": "c", "time": self.now(), "kind": what})

    def _pause(self, what: str, paused: bool) -> None:
        self.push("control", what, {"kind": what, "paused": paused, "time": self.now(), "author": "noc"})

    def _heard(self, customer: str, outcome: str) -> None:
        sent = [row.value for row in self.desk.out("notifications", customer) if row.value["stage"] == "confirmed"]
        restored = {
            row.value["incident"]
            for row in self.desk.out("notifications", customer)
            if row.value["stage"] == "restored"
        }
        for message in [message for message in sent if message["incident"] not in restored][-1:]:
            word = {"notification_id": message["notification_id"], "time": self.now(), "attempt": 1}
            self.push("notifications.log", customer, {**word, "channel": message["channel"], "outcome": outcome})


def written(desk: DecideDesk) -> list[tuple[str, str, Any]]:
    """Everything that was written, apart from how far the partition was."""
    return [(row.topic, row.key, row.value) for row in desk.rows if row.topic != "progress"]


@given(EVERYTHING)
@settings(max_examples=40, deadline=None)
def test_no_message_is_sent_twice(story: list[Word]) -> None:
    desk = History().play(story).end().desk
    ids = Counter(row.value["notification_id"] for row in desk.out("notifications"))
    assert set(ids.values()) <= {1}
    parts = ("incident", "stage", "class", "channel")
    told = Counter((row.key, *(row.value.get(part) for part in parts)) for row in desk.out("notifications"))
    assert set(told.values()) <= {1}


@given(EVERYTHING)
@settings(max_examples=40, deadline=None)
def test_a_time_of_restoration_is_news_between_confirmed_and_restored_alone(story: list[Word]) -> None:
    desk = History().play(story).end().desk
    for customer in CUSTOMERS:
        begun, over = set[str](), set[str]()
        for row in desk.out("notifications", customer):
            incident, stage = row.value["incident"], row.value["stage"]
            if stage in ("estimated", "re_estimated", "overdue"):
                assert incident in begun - over
            elif row.value["kind"] == "outage":
                (begun if stage == "confirmed" else over).add(incident)


@given(EVERYTHING)
@settings(max_examples=40, deadline=None)
def test_records_that_come_twice_say_nothing_new(story: list[Word]) -> None:
    once, twice = History().play(story).end().desk, History(twice=True).play(story).end().desk
    for topic in ("notifications", "marketing.approved", "marketing.held", "customers.standing"):
        assert [row.value for row in once.out(topic)] == [row.value for row in twice.out(topic)]


@given(EVERYTHING, st.frozensets(st.integers(0, 13), min_size=1))
@settings(max_examples=40, deadline=None)
def test_a_restart_changes_nothing(story: list[Word], restarts: frozenset[int]) -> None:
    through, killed = History().play(story).end().desk, History().play(story, restarts).end().desk
    assert written(through) == written(killed)
    assert through.core.table == killed.core.table


@given(EVERYTHING)
@settings(max_examples=40, deadline=None)
def test_restored_is_told_to_exactly_those_who_were_told_confirmed(story: list[Word]) -> None:
    desk = History().play(story).end().desk
    for customer in CUSTOMERS:
        confirmed = {
            (entry.incident, message.id)
            for entry in desk.core.fold.desk.told.entries(desk.core.begin(desk.core.now), customer)  # type: ignore[attr-defined]
            for message in entry.messages
            if message.stage == "confirmed" and message.owed
        }
        restored = [
            row.value["incident"] for row in desk.out("notifications", customer) if row.value["stage"] == "restored"
        ]
        assert sorted(incident for incident, _ in confirmed) == sorted(restored)


@given(EVERYTHING)
@settings(max_examples=40, deadline=None)
def test_every_request_gets_exactly_one_final_answer(story: list[Word]) -> None:
    history = History().play(story).end()
    asked = {f"{word.who}-{word.detail}" for word in story if word.what == "request"}
    desk = history.desk.at(history.desk.seconds + 8 * DAY)
    final = [
        row.value["request_id"]
        for row in (*desk.out("marketing.approved"), *desk.out("marketing.held"))
        if row.value["final"]
    ]
    assert sorted(final) == sorted(asked)
    assert not any(key.startswith((b"m/", b"o/", b"f/")) for key in desk.core.table)


@given(words(*DAYTIME))
@settings(max_examples=40, deadline=None)
def test_marketing_is_approved_only_where_no_outage_is_and_none_was_for_a_day(story: list[Word]) -> None:
    history = History().play(story).end()
    desk = history.desk.at(history.desk.seconds + 3 * DAY)
    standing: dict[str, dict[str, Any]] = {}
    for row in desk.rows:
        if row.topic == "customers.standing":
            standing[row.key] = row.value
        if row.topic == "marketing.approved":
            assert not standing[row.key].get("outages")
            assert "no_consent" not in standing[row.key].get("reasons", ())
            ends = [
                r.at
                for r in desk.rows
                if r.topic == "notifications" and r.key == row.key and r.value["stage"] == "restored"
            ]
            dismissed = any(word.detail == "dismissed" for word in story if word.what == "over")
            assert dismissed or all(end > row.at or row.at - end >= DAY for end in ends)


@given(EVERYTHING)
@settings(max_examples=40, deadline=None)
def test_every_notification_and_answer_has_its_row_in_the_ledger(story: list[Word]) -> None:
    desk = History().play(story).end().desk
    rows = [(row.value["subject_id"], row.value["outcome"]) for row in desk.out("decisions")]
    for row in desk.out("notifications"):
        assert (row.value["notification_id"], "sent") in rows
    for topic, outcome in (("marketing.approved", "approved"), ("marketing.held", "held")):
        for row in desk.out(topic):
            assert (row.value["request_id"], outcome) in rows
    ids = [row.value["decision_id"] for row in desk.out("decisions")]
    assert len(ids) == len(set(ids))
