"""The checker's rules by themselves: what breaks each, told in a few rows, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.month import given
from tests.month.check import Checker, Report
from tests.month.lines import Row, instant
from tests.month.month import POLICY

NOON = instant("2026-10-25T12:00:00+01:00")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PROFILE: dict[str, Any] = {
    "name": "Anna",
    "time_zone": "Europe/Berlin",
    "services": [{"service_id": "s1", "kind": "fixed", "element": "onu-1", "region": "north"}],
    "plan": {"cycle_day": 31},
    "contacts": {"email": "a@example.com", "phone": "+491"},
}
CONSENT = {"consents": [{"purpose": "marketing", "channel": "email", "granted": True, "source": "crm", "time": 0}]}


class Story:
    """A month in a few rows; times are minutes after noon on the day on which clocks go back."""

    def __init__(self) -> None:
        self._checker = Checker(given.read(POLICY))
        self._count = 0
        self.row(-60 * 24, "customers.profiles", PROFILE, given=True)
        self.row(-60 * 24, "customers.subscriptions", CONSENT, given=True)

    def row(self, minute: float, topic: str, value: Any, key: str = "c1", *, given: bool = False) -> Story:
        self._checker.take(Row(NOON + round(minute * MINUTE), topic, key, value, given))
        return self

    def outage(self, minute: float, state: str, *elements: str, name: str = "o1", **more: Any) -> Story:
        value = {"state": state, "elements": list(elements)} | more
        return self.row(minute, "outages.revisions", value, name)

    def notice(self, minute: float, stage: str, kind: str = "outage", incident: str = "o1", on: str = "email",
               class_: str = "", decided: bool = True, critical: bool = False) -> Story:  # fmt: skip
        name = f"{kind}/{incident}/{stage}/{class_}/{on}"
        value = {"notification_id": name, "kind": kind, "stage": stage, "incident": incident, "channel": on,
                 "class": class_, "to": PROFILE["contacts"]["email" if on == "email" else "phone"],
                 "critical": critical}  # fmt: skip
        if decided:
            self.row(minute, "decisions", value | {"subject": "notification", "subject_id": name, "outcome": "sent",
                                                   "reason": "passed", "policy": "p"})  # fmt: skip
        return self.row(minute, "notifications", value)

    def asked(self, minute: float, name: str = "m1", hours: float = 24) -> Story:
        time = NOON + round(minute * MINUTE)
        value = {"request_id": name, "time": time, "channel": "email", "expires": time + round(hours * HOUR)}
        return self.row(minute, "marketing.requests", value, given=True)

    def answered(self, minute: float, name: str = "m1", *, final: bool = True, approved: bool = True) -> Story:
        time = str(NOON + round(minute * MINUTE))
        outcome = "approved" if approved else "held"
        value = {"request_id": name, "channel": "email", "decided": time, "reason": "clear", "final": final}
        why = {"subject": "marketing", "subject_id": name, "outcome": outcome, "reason": "clear", "rule": "gate",
               "policy": "p", "time": time, "kind": "marketing"}  # fmt: skip
        return self.row(minute, f"marketing.{outcome}", value).row(minute, "decisions", why)

    def end(self, days: float = 20) -> Report:
        return self.row(days * 24 * 60, "outages.revisions", {"state": "closed"}, "o9")._checker.report()


def told() -> Story:
    return Story().outage(0, "confirmed", "onu-1", confirmed="2026-10-25T11:00:00Z").notice(1, "confirmed")


def test_a_plain_outage_breaks_nothing() -> None:
    story = told().outage(60, "restored", restored=NOON + HOUR).notice(61, "restored")
    assert story.end().broken == set()


def test_once() -> None:
    assert told().notice(2, "confirmed").outage(3, "closed").notice(4, "restored").end().broken >= {"once"}


def test_a_second_channel_needs_a_failure_of_the_first() -> None:
    bounced = {"notification_id": "outage/o1/confirmed//email", "status": "bounced", "channel": "email"}
    end = ("restored",)
    sound = told().row(2, "delivery.receipts", bounced, given=True).notice(3, "confirmed", on="sms")
    assert sound.outage(4, "closed").notice(5, *end, on="sms").end().broken == set()
    hasty = told().notice(3, "confirmed", on="sms").outage(4, "closed").notice(5, *end)
    assert "once" in hasty.end().broken


def test_restored_to_someone_who_was_not_told() -> None:
    assert Story().outage(0, "confirmed", "onu-1").outage(9, "restored").notice(9, "restored").end().broken == {"pairs"}


def test_told_and_never_of_the_end() -> None:
    assert told().outage(60, "restored").end().broken == {"pairs"}


def test_who_is_erased_or_refuses_every_channel_is_owed_no_end() -> None:
    assert told().row(5, "customers.profiles", None, given=True).outage(60, "restored").end().broken == set()
    refused = [{"purpose": "*", "channel": "*", "granted": False, "source": "page", "time": NOON + 5 * MINUTE}]
    patch = {"time": NOON + 5 * MINUTE, "consents": refused}
    assert told().row(5, "customers.preferences", patch, given=True).outage(60, "restored").end().broken == set()


def test_the_end_of_the_whole_is_the_end_of_what_became_a_part_of_it() -> None:
    story = told().outage(5, "confirmed", "onu-1", name="o2").outage(6, "merged", merged_into="o2")
    story.outage(60, "restored", name="o2")
    assert story.notice(61, "restored", incident="o2").end().broken == set()


def test_whose_element_is_back_is_owed_the_end_before_the_outage_ends() -> None:
    assert told().outage(60, "confirmed", "onu-2").end().broken == {"pairs"}


@pytest.mark.parametrize("state", ["suspected", "confirmed", "monitoring"])
def test_marketing_in_an_outage(state: str) -> None:
    story = Story().asked(0).outage(1, state, "onu-1").answered(2).outage(9, "dismissed")
    assert story.end().broken == {"in_outage"}


@pytest.mark.parametrize(("hours", "broken"), [(23.9, {"lease"}), (24.1, set[str]())])
def test_marketing_in_the_lease(hours: float, broken: set[str]) -> None:
    story = Story().asked(0, hours=48).outage(1, "confirmed", "onu-1").outage(9, "restored", restored=NOON + 9 * MINUTE)
    assert story.answered(9 + hours * 60).end().broken == broken


def test_requests_without_answer_with_two_and_with_none_asked() -> None:
    assert Story().asked(0).end().broken == {"answers"}
    assert Story().asked(0).answered(1).answered(2).end().broken == {"answers"}
    assert Story().answered(1).end().broken == {"answers"}
    assert Story().asked(0, hours=1).answered(61).end().broken == {"answers"}
    assert Story().asked(0).answered(1).asked(2).end().broken == set()


def test_a_notification_without_decision() -> None:
    assert Story().notice(1, "explained", "bill", "b1", decided=False).end().broken == {"reasons"}


@pytest.mark.parametrize(
    ("time", "quiet"),
    [
        ("2026-10-24T23:30:00+02:00", True),
        ("2026-10-25T02:30:00+02:00", True),
        ("2026-10-25T02:30:00+01:00", True),
        ("2026-10-25T05:59:00+01:00", True),
        ("2026-10-25T06:00:00+01:00", False),
        ("2026-10-25T22:59:00+01:00", False),
    ],
)
def test_quiet_hours_by_the_clock_on_the_wall(time: str, quiet: bool) -> None:
    minute = (instant(time) - NOON) / MINUTE
    assert Story().notice(minute, "explained", "bill", "b1").end().broken == ({"quiet"} if quiet else set())


def test_what_calls_itself_critical_must_be() -> None:
    assert Story().notice(0, "explained", "bill", "b1", critical=True).end().broken == {"quiet"}


@pytest.mark.parametrize(("hours", "broken"), [(23.9, {"caps"}), (24.0, set[str]())])
def test_a_cap_rolls(hours: float, broken: set[str]) -> None:
    """Two usage notices a day: the third comes when the first is a day old."""
    story = Story()
    for number, minute in enumerate((0, 60, hours * 60)):
        story.notice(minute, "threshold", "usage", "data/2026-09-30", class_=str(50 + number))
    assert story.end().broken == broken


def test_a_lower_threshold_after_a_higher_and_a_cycle_that_is_none() -> None:
    story = Story().notice(0, "threshold", "usage", "data/2026-09-30", class_="80")
    assert story.notice(1, "threshold", "usage", "data/2026-09-30", class_="50").end().broken == {"thresholds"}
    assert Story().notice(0, "threshold", "usage", "data/2026-09-29", class_="80").end().broken == {"thresholds"}


def test_stop_counts_at_once() -> None:
    stop = {"id": "r1", "kind": "reply", "channel": "sms", "text": "Stop", "time": NOON}
    story = Story().row(0, "customers.interactions", stop, given=True)
    assert story.notice(1, "explained", "bill", "b1", on="sms").end().broken == {"consent"}


def test_an_outage_of_others_and_one_that_another_access_carries() -> None:
    assert Story().outage(0, "confirmed", "onu-9").notice(1, "confirmed").outage(2, "closed").notice(
        3, "restored"
    ).end().broken == {"affected"}
    two = PROFILE | {"services": [*PROFILE["services"], PROFILE["services"][0] | {"element": "onu-2"}]}
    story = Story().row(-1, "customers.profiles", two, given=True).outage(0, "confirmed", "onu-1")
    assert "affected" in story.notice(1, "confirmed").outage(2, "closed").notice(3, "restored").end().broken


def test_a_deferral_that_vanishes() -> None:
    waits = {"subject": "notification", "subject_id": "n1", "kind": "outage", "stage": "confirmed", "incident": "o1",
             "outcome": "deferred", "reason": "quiet_hours", "rule": "quiet_hours", "policy": "p"}  # fmt: skip
    assert Story().row(0, "decisions", waits).end().broken == {"ends"}
