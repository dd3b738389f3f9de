"""The marketing gate under random histories: one last answer each, the important ones first, caps kept."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decide_desk import DecideDesk, marketing
from tests.property.alerts.test_decide import (
    CASE,
    CONSENT,
    CUSTOMERS,
    DAY,
    HEARD,
    MOVE,
    OUTAGE,
    OVER,
    History,
    Word,
    customers,
    kind,
    words,
)

#: A request's number is its priority in tens; those with an odd one expire after ten minutes.
REQUEST = kind("request", customers, st.integers(0, 9))
GONE = kind("gone", customers, st.none())
PAUSE = kind("pause", st.sampled_from(("marketing", "*")), st.booleans())
UNREAD = kind("unread", st.just("impact"), st.booleans())
STORY = words(OUTAGE, OVER, MOVE, CONSENT, CASE, HEARD, REQUEST, REQUEST, REQUEST, GONE, PAUSE, UNREAD)


class Campaigns(History):
    """A history in which campaigns differ in priority and expiry, and in which customers may be deleted."""

    def play(self, story: list[Word], restarts: frozenset[int] = frozenset()) -> Campaigns:  # type: ignore[override]
        super().play(story, restarts)
        return self

    def end(self) -> Campaigns:
        self._unread("impact", False)
        self._pause("marketing", False)
        super().end()
        self.desk.at(self.desk.seconds + 8 * DAY)
        return self

    def _request(self, customer: str, number: int) -> None:
        expires = {"expires": self.now() + 600_000} if number % 2 else {}
        request = marketing(f"{customer}-{number}", self.desk.seconds, priority=10 * number, **expires)
        self.push("marketing.requests", customer, request)

    def _gone(self, customer: str, _: None) -> None:
        self.push("customers.profiles", customer, None)

    def _unread(self, _: str, unread: bool) -> None:
        topics = self.desk.idle | {"outages.impact"}
        self.desk.idle = topics - {"outages.impact"} if unread else topics


def answers(desk: DecideDesk) -> list[tuple[float, str, str, bool, int]]:
    """Every answer in order: when, whose, which request, whether it is the last, its priority if approved, else -1."""
    return [
        (
            row.at,
            row.key,
            row.value["request_id"],
            row.value["final"],
            row.value.get("priority", 0) if row.topic == "marketing.approved" else -1,
        )
        for row in desk.rows
        if row.topic in ("marketing.approved", "marketing.held")
    ]


def asked(story: list[Word]) -> set[str]:
    return {f"{word.who}-{word.detail}" for word in story if word.what == "request"}


@given(STORY, st.frozensets(st.integers(0, 15)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_request_gets_one_last_answer_whatever_happens(
    story: list[Word], restarts: frozenset[int], twice: bool
) -> None:
    gone = [n for n, word in enumerate(story) if word.what == "gone"]
    again = [n for n, word in enumerate(story) if word.what == "request" and gone and n > gone[0]]
    desk = Campaigns(twice=twice).play(story, restarts).end().desk
    final = Counter(request for _, _, request, last, _ in answers(desk) if last)
    assert set(final) == asked(story)
    if not again:  # a customer who was deleted is forgotten, with the requests that were made for them
        assert set(final.values()) <= {1}
    ended: set[str] = set()
    for _, _, request, last, _ in answers(desk) if not gone else []:
        assert request not in ended
        if last:
            ended.add(request)


@given(STORY)
@settings(max_examples=60, deadline=None)
def test_none_is_approved_before_a_more_important_one_of_the_same_customer_that_waits(story: list[Word]) -> None:
    desk = Campaigns().play(story).end().desk
    waiting: dict[str, dict[str, int]] = {customer: {} for customer in CUSTOMERS}
    for _, customer, request, last, priority in answers(desk):
        if not last:
            waiting[customer][request] = 10 * int(request.rpartition("-")[2])
            continue
        waiting[customer].pop(request, None)
        assert priority < 0 or priority >= max(waiting[customer].values(), default=0)


@given(STORY)
@settings(max_examples=60, deadline=None)
def test_no_more_are_approved_in_any_day_than_the_cap_allows(story: list[Word]) -> None:
    desk = Campaigns().play([word for word in story if word.what != "gone"]).end().desk
    for customer in CUSTOMERS:
        times = [at for at, who, _, _, priority in answers(desk) if who == customer and priority >= 0]
        assert all(later - earlier >= DAY for earlier, later in zip(times, times[3:], strict=False))
