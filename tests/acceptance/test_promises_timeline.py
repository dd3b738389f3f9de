"""What customers hear about the time of restoration, on a timeline. Seconds from the desk's start, 12:00 UTC."""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.policy import AlertPolicy
from forewarn.stream.policy import Policy
from tests.decide_desk import DecideDesk, estimate, impact, profile, table_of

MINUTE, HOUR = 60.0, 3600.0


class Outage:
    """One outage of ada's line, revision by revision; deliver hands over at once what is decided."""

    def __init__(self, policy: Policy | None = None, *, hands_over: bool = True) -> None:
        self.desk = DecideDesk(policy).push("customers.profiles", "ada", profile("onu-1"))
        self.revision = 0
        self.hands_over = hands_over
        self.logged = 0

    def says(self, at: float, state: str = "confirmed", **more: Any) -> Outage:
        """A revision at `at`, without a change of the set after the first."""
        self.until(at)
        self.revision += 1
        elements = ["onu-1"] if self.revision == 1 else None
        if elements is None:
            more["elements_revision"] = 1
        self.desk.push("outages.impact", "o1/0", impact("o1", self.revision, state, elements, **more))
        return self.until(at)

    def until(self, at: float) -> Outage:
        at = round(at)
        while self.desk.seconds < at:
            self.desk.at(min(self.desk.seconds + 10, at))
            self._deliver()
        self._deliver()
        return self

    def _deliver(self) -> None:
        while self.hands_over and self.logged < len(self.desk.out("notifications", "ada")):
            sent = self.desk.out("notifications", "ada")[self.logged].value
            self.logged += 1
            word = {"notification_id": sent["notification_id"], "time": self.desk.core.now, "channel": sent["channel"]}
            self.desk.push("notifications.log", "ada", {**word, "outcome": "sent", "attempt": 1})

    @property
    def told(self) -> list[tuple[str, str | None]]:
        return [(row.value["stage"], row.value.get("class")) for row in self.desk.out("notifications", "ada")]

    @property
    def last(self) -> Any:
        return self.desk.out("notifications", "ada")[-1].value


def test_an_outage_of_usual_length_sends_two_messages() -> None:
    """Estimates move on with the outage, as those of correlate do; the promise still holds."""
    outage = Outage().says(0, etr=estimate(HOUR, 3 * HOUR))
    for minute, likely, latest in ((20, 1.2, 3.2), (50, 1.6, 3.9), (80, 2.1, 4.6), (100, 2.5, 5.2)):
        outage.says(minute * MINUTE, etr=estimate(likely * HOUR, latest * HOUR))
    outage.says(2 * HOUR, "restored")
    assert outage.told == [("confirmed", None), ("restored", None)]
    assert "3:00" in outage.desk.out("notifications", "ada")[0].value["text"]


def test_a_promise_that_will_probably_not_hold_is_corrected_before_it_passes() -> None:
    outage = Outage().says(0, etr=estimate(HOUR, 3 * HOUR))
    outage.says(2.2 * HOUR, etr=estimate(3.1 * HOUR, 6.02 * HOUR))
    assert outage.told == [("confirmed", None), ("re_estimated", "1")]
    assert "6:05" in outage.last["text"]
    assert "3:00" in outage.last["text"]
    assert outage.last["valid_until"] == "2026-11-22T18:05:00Z"


def test_a_time_that_becomes_known_later_is_told_once() -> None:
    outage = Outage().says(0).says(HOUR, etr=estimate(2 * HOUR, 2 * HOUR, "field"))
    outage.says(1.1 * HOUR, etr=estimate(2 * HOUR, 2 * HOUR, "field"))
    assert outage.told == [("confirmed", None), ("estimated", None)]


def test_a_crews_new_word_is_told_and_a_broken_one_is_owned_up_to_once() -> None:
    #  confirmed  crew: 14:00      crew: 14:10 (too little)   14:00:30 ...   crew: 16:00       16:00:30
    #  0 ├──────────10 min ├─────────60 min ├────────────────────────┤ re_estimated   ├──────────┤ overdue
    outage = Outage().says(0, etr=estimate(HOUR, 4 * HOUR))
    outage.says(10 * MINUTE, etr=estimate(2 * HOUR, 2 * HOUR, "field"))
    outage.says(HOUR, etr=estimate(130 * MINUTE, 130 * MINUTE, "field")).until(2 * HOUR - 1)
    assert outage.told == [("confirmed", None), ("re_estimated", "1")]
    outage.until(2 * HOUR + 31)
    assert outage.told[2:] == [("re_estimated", "2")]
    outage.until(130 * MINUTE + 29)
    assert len(outage.told) == 3
    outage.until(3 * HOUR)
    assert outage.told[3:] == [("overdue", "1")]
    assert "2:10" in outage.last["text"]
    outage.says(3 * HOUR, etr=estimate(4 * HOUR, 4 * HOUR, "field")).until(5 * HOUR)
    assert outage.told[4:] == [("re_estimated", "3"), ("overdue", "2")]
    outage.says(5 * HOUR, "restored")
    assert outage.told[6:] == [("restored", None)]


def test_overdue_is_said_even_when_nothing_more_is_heard_of_the_outage() -> None:
    outage = Outage().says(0, etr=estimate(HOUR, HOUR, "field")).until(HOUR + 29)
    assert outage.told == [("confirmed", None)]
    outage.until(5 * HOUR)
    assert outage.told == [("confirmed", None), ("overdue", "1")]


def test_nobody_is_late_whose_service_is_coming_back() -> None:
    outage = Outage().says(0, etr=estimate(HOUR, HOUR, "field")).says(HOUR - 60, "monitoring").until(HOUR + 240)
    outage.says(HOUR + 240, "restored")
    assert outage.told == [("confirmed", None), ("restored", None)]


def test_a_relapse_after_the_promised_time_is_late_at_once() -> None:
    etr = estimate(HOUR, HOUR, "field")
    outage = Outage().says(0, etr=etr).says(HOUR - 60, "monitoring", etr=etr).until(HOUR + 200)
    outage.says(HOUR + 200, etr=etr)
    assert outage.told == [("confirmed", None), ("overdue", "1")]


def test_news_waits_until_the_customer_has_heard_of_the_outage() -> None:
    outage = Outage(hands_over=False).says(0, etr=estimate(HOUR, HOUR, "field")).until(60)
    outage.says(70, etr=estimate(3 * HOUR, 3 * HOUR, "field"))
    assert outage.told == [("confirmed", None)]
    outage.desk.log("ada", "sent")
    assert outage.told == [("confirmed", None), ("re_estimated", "1")]


def test_who_was_never_told_of_the_outage_hears_nothing_of_its_length() -> None:
    off = {"alerts": [{"kind": "outage", "channels": [], "enabled": False}]}
    outage = Outage()
    outage.desk.push("customers.subscriptions", "ada", off)
    outage.says(0, etr=estimate(HOUR, HOUR, "field")).says(60, etr=estimate(9 * HOUR, 9 * HOUR, "field"))
    outage.until(10 * HOUR)
    assert outage.told == []


def test_a_muted_outage_says_nothing_more_until_it_is_over() -> None:
    outage = Outage().says(0, etr=estimate(HOUR, HOUR, "field")).until(60)
    outage.says(70, etr=estimate(4 * HOUR, 4 * HOUR, "field"), muted=True).until(5 * HOUR)
    outage.says(5 * HOUR, "restored", muted=True)
    assert outage.told == [("confirmed", None), ("restored", None)]


def test_a_customer_who_came_later_is_judged_by_what_they_were_told_themselves() -> None:
    outage = Outage().says(0, etr=estimate(2 * HOUR, 2 * HOUR, "field")).until(60)
    outage.says(HOUR, etr=estimate(124 * MINUTE, 124 * MINUTE, "field"))
    outage.desk.push("customers.profiles", "bob", profile("onu-1")).at(HOUR + 60).log("bob", "sent")
    outage.until(124 * MINUTE + 60)
    bob = [(row.value["stage"], row.value.get("class")) for row in outage.desk.out("notifications", "bob")]
    assert outage.told == [("confirmed", None), ("re_estimated", "1"), ("overdue", "1")]
    assert bob == [("confirmed", None), ("overdue", "1")]


def test_a_promise_moves_with_the_customer_into_the_outage_that_theirs_was_merged_into() -> None:
    outage = Outage().says(0, etr=estimate(HOUR, HOUR, "field")).until(60)
    outage.desk.push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-1"]))
    outage.says(70, "merged", merged_into="o2").until(2 * HOUR)
    assert outage.told == [("confirmed", None), ("overdue", "1")]
    assert outage.last["incident"] == "o2"


def test_a_time_that_has_passed_is_not_named_to_who_hears_of_the_outage_now() -> None:
    outage = Outage().says(0, etr=estimate(HOUR, HOUR, "field")).until(2 * HOUR)
    outage.desk.push("customers.profiles", "bob", profile("onu-1")).at(2 * HOUR + 60)
    (first,) = outage.desk.out("notifications", "bob")
    assert "1:00" not in first.value["text"]


def test_shadow_decides_the_whole_story_and_sends_none_of_it() -> None:
    outage = Outage(Policy(mode="shadow")).says(0, etr=estimate(HOUR, HOUR, "field")).until(2 * HOUR)
    outage.says(2 * HOUR, "restored")
    assert outage.told == []
    assert outage.desk.decisions("ada") == [
        (stage, "dropped", "shadow") for stage in ("confirmed", "overdue", "restored")
    ]


def test_a_long_outage_keeps_the_record_of_a_customer_small() -> None:
    outage = Outage(Policy(alerts=AlertPolicy(outage_valid_s=HOUR))).says(0, etr=estimate(HOUR, HOUR, "field"))
    for hour in range(1, 16):
        outage.says(hour * HOUR - 600, etr=estimate((hour + 1) * HOUR, (hour + 1) * HOUR, "field"))
    assert outage.told[-1] == ("re_estimated", "15")
    assert len(outage.told) == 16
    assert max(len(value) for key, value in table_of(outage.desk).items() if key.startswith(b"n/")) < 1_000


@pytest.mark.parametrize("killed", [35, 100, 600, 660, 3_620, 3_640, 7_300])
def test_a_restart_changes_nothing(killed: float) -> None:
    def play(restart: float | None) -> list[Any]:
        outage = Outage()
        story = [(0.0, HOUR), (600.0, 2 * HOUR)]
        for at, promised in story:
            if restart is not None and restart <= at and outage.desk.seconds < restart:
                outage.until(restart).desk.restart()
            outage.says(at, etr=estimate(promised, promised, "field"))
        if restart is not None and outage.desk.seconds < restart:
            outage.until(restart).desk.restart()
        outage.until(3 * HOUR).says(3 * HOUR, "restored")
        return [row.value for row in outage.desk.out("notifications") + outage.desk.out("decisions")]

    assert play(killed) == play(None)
