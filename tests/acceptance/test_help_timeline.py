"""Timelines of help that is looked for, of who is still out, and of questions afterwards. Seconds from 12:00 UTC."""

from __future__ import annotations

from typing import Any

import pytest

from tests.decide_desk import START, DecideDesk, agreed, impact, profile, table_of

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def ada(*, consent: bool = False) -> DecideDesk:
    desk = DecideDesk().push("customers.profiles", "ada", profile("onu-1"))
    return desk.push("customers.preferences", "ada", agreed(purpose="survey")) if consent else desk


def looks(desk: DecideDesk, number: int, topic: str = "wifi") -> DecideDesk:
    word = {"id": f"h{number}", "time": desk.core.now, "kind": "help_viewed", "topic": topic}
    return desk.push("customers.interactions", "ada", word)


def outage(desk: DecideDesk, revision: int, state: str, **more: Any) -> DecideDesk:
    elements = ["onu-1"] if revision == 1 else None
    if elements is None:
        more["elements_revision"] = 1
    return desk.push("outages.impact", "o1/0", impact("o1", revision, state, elements, **more))


def said(desk: DecideDesk) -> list[str]:
    return [f"{row.value['kind']}/{row.value['stage']}" for row in desk.out("notifications", "ada")]


def replies(desk: DecideDesk, text: str, kind: str = "reply", identity: str = "r1", **more: Any) -> DecideDesk:
    word = {"id": identity, "time": desk.core.now, "kind": kind, "channel": "sms", "text": text, **more}
    return desk.push("customers.interactions", "ada", word)


def answered(desk: DecideDesk) -> list[dict[str, Any]]:
    return [row.value for row in desk.out("customers.answers", "ada")]


# -- help: one look says nothing, two within a day are an offer


def test_help_looked_at_twice_is_answered_with_an_offer_once() -> None:
    desk = looks(ada(), 1)
    assert said(desk) == []
    desk = looks(looks(looks(desk.at(HOUR), 2).at(2 * HOUR), 3).at(3 * HOUR), 4)
    assert said(desk) == ["appointment/offered"]


def test_one_look_that_is_told_twice_is_one_look() -> None:
    assert said(looks(looks(ada(), 1).at(60), 1)) == []


def test_looks_at_two_topics_or_on_two_days_are_no_trouble() -> None:
    assert said(looks(looks(ada(), 1).at(60), 2, "bills")) == []
    assert said(looks(looks(ada(), 1).at(DAY + 60), 2)) == []


def test_a_yes_to_the_offer_reaches_the_operator() -> None:
    desk = replies(looks(looks(ada(), 1).at(60), 2).at(120), "Yes")
    (row,) = answered(desk)
    assert (row["kind"], row["stage"], row["reason"], row["incident"]) == ("appointment", "offered", "agreed", "h2")


def test_an_outage_that_explains_it_is_told_instead_of_an_offer() -> None:
    desk = outage(ada(), 1, "confirmed").at(60)
    assert said(desk) == ["outage/confirmed"]
    desk = looks(looks(desk, 1).at(120), 2).at(HOUR)
    assert said(desk) == ["outage/confirmed"]
    assert ("confirmed", "dropped", "duplicate") in desk.decisions("ada")


def test_a_suspected_outage_is_waited_for() -> None:
    desk = outage(ada(), 1, "suspected").at(60)
    desk = looks(looks(desk, 1).at(120), 2).at(180)
    assert said(desk) == []
    desk = outage(desk, 2, "confirmed").at(HOUR)
    assert said(desk) == ["outage/confirmed"]


def test_a_suspicion_that_proves_wrong_is_followed_by_the_offer() -> None:
    desk = outage(ada(), 1, "suspected").at(60)
    desk = looks(looks(desk, 1).at(120), 2).at(180)
    desk = outage(desk, 2, "dismissed").at(HOUR)
    assert said(desk) == ["appointment/offered"]


def test_an_offer_that_waited_for_the_morning_is_not_made_into_an_outage() -> None:
    desk = ada().push(
        "customers.subscriptions", "ada", {"alerts": [], "quiet_hours": {"start": "11:00", "end": "13:00"}}
    )
    desk = looks(looks(desk, 1).at(120), 2).at(180)
    assert desk.decisions("ada")[-1] == ("offered", "deferred", "quiet_hours")
    desk = outage(desk, 1, "confirmed").at(2 * HOUR)
    assert said(desk) == ["outage/confirmed"]
    assert ("offered", "dropped", "expired") in desk.decisions("ada")


def test_views_are_forgotten_after_a_day() -> None:
    desk = looks(ada(), 1).at(2 * DAY)
    assert not any(key.startswith(b"j/") or b"journey" in key for key in desk.core.table)


# -- still out: an answer to who says so, once


def test_who_says_that_service_is_not_back_is_told_what_to_do() -> None:
    desk = outage(ada(), 1, "confirmed").at(60).log("ada", "sent")
    desk = outage(desk.at(500), 2, "restored", restored=START + 500_000).at(600)
    desk = replies(replies(desk, "still out!"), "immer noch kein Internet", identity="r2")
    assert said(desk) == ["outage/confirmed", "outage/restored", "outage/still_out"]
    assert answered(desk) == []


def test_who_was_not_told_of_the_outage_is_not_told_of_its_aftermath() -> None:
    desk = ada().push("customers.subscriptions", "ada", {"alerts": [{"kind": "outage", "enabled": False}]})
    desk = outage(outage(desk, 1, "confirmed").at(60), 2, "restored", restored=START).at(600)
    assert said(replies(desk, "still out")) == []


def test_someone_who_is_out_again_is_told_of_that_alone() -> None:
    desk = outage(ada(), 1, "confirmed").at(60).log("ada", "sent")
    desk = outage(desk.at(500), 2, "restored", restored=START + 500_000).at(600)
    desk.push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-1"])).at(700)
    assert said(replies(desk, "still out")) == ["outage/confirmed", "outage/restored", "outage/confirmed"]


# -- surveys: only who agreed, two hours after the end


def over(desk: DecideDesk) -> DecideDesk:
    desk = outage(desk, 1, "confirmed").at(60).log("ada", "sent")
    return outage(desk.at(HOUR), 2, "restored", restored=START + 3_600_000).at(HOUR + 60)


def test_who_agreed_is_asked_two_hours_after_an_outage() -> None:
    desk = over(ada(consent=True)).at(2 * HOUR)
    assert "survey/asked" not in said(desk)
    desk.at(4 * HOUR)
    assert said(desk) == ["outage/confirmed", "outage/restored", "survey/asked"]
    assert desk.out("notifications", "ada")[-1].value["incident"] == "o1"


def test_who_did_not_agree_is_asked_nothing_and_has_no_row() -> None:
    desk = over(ada()).at(4 * HOUR)
    assert said(desk) == ["outage/confirmed", "outage/restored"]
    assert not any(key.startswith(b"j/") for key in desk.core.table)


def test_nobody_is_asked_while_service_is_out_again() -> None:
    desk = over(ada(consent=True)).push("outages.impact", "o2/0", impact("o2", 1, "confirmed", ["onu-1"])).at(5 * HOUR)
    assert "survey/asked" not in said(desk)


def test_a_survey_does_not_make_the_outage_forgotten() -> None:
    desk = over(ada(consent=True)).at(4 * HOUR)
    outage(desk, 3, "confirmed", reopened=1).at(5 * HOUR)
    assert said(desk).count("outage/confirmed") == 2


@pytest.mark.parametrize(
    ("kind", "more"), [("reply", {"text": "9"}), ("survey", {"text": "", "score": 9, "topic": "outage"})]
)
def test_a_number_is_recorded_with_what_it_is_about_and_nothing_of_the_customers(
    kind: str, more: dict[str, Any]
) -> None:
    desk = over(ada(consent=True)).at(4 * HOUR)
    (row,) = answered(replies(desk, kind=kind, **more))
    assert (row["reason"], row["evidence"]["score"], row["evidence"]["about"]) == ("scored", 9, "outage")


def test_a_score_from_a_page_counts_though_nobody_asked_here() -> None:
    desk = replies(ada(), "", "survey", score=3, topic="outage")
    (row,) = answered(desk)
    assert (row["evidence"]["score"], row["evidence"]["asked"]) == (3, False)


def test_a_visit_is_followed_by_the_question_how_easy_it_was() -> None:
    begins = START + 3_600_000
    done = {
        "appointment_id": "a1",
        "time": START + 7_200_000,
        "kind": "technician",
        "status": "completed",
        "start": begins,
        "end": begins + 3_600_000,
    }
    desk = ada(consent=True).at(2 * HOUR).push("customers.appointments", "ada", done).at(6 * HOUR)
    assert said(desk) == ["survey/asked"]
    assert "appointment" in desk.out("notifications", "ada")[0].value["text"]


def rows(desk: DecideDesk) -> list[tuple[str, Any]]:
    """All that is put out but the clock's own rows."""
    return [(row.topic, row.value) for row in desk.rows if row.topic != "progress"]


def test_a_restart_at_any_moment_changes_nothing() -> None:
    def played(*, restarts: bool) -> DecideDesk:
        desk = ada(consent=True)
        for hour in range(8):
            desk = looks(desk, hour, "wifi" if hour % 2 else "tv").at(hour * HOUR + 60)
            desk = desk.restart() if restarts else desk
            if hour in (2, 3):
                desk = outage(desk, hour - 1, "confirmed" if hour == 2 else "restored", restored=START).at(
                    hour * HOUR + 90
                )
            desk = desk.restart() if restarts else desk
        return replies(desk, "10").at(10 * HOUR)

    whole, killed = played(restarts=False), played(restarts=True)
    assert rows(whole) == rows(killed)
    assert table_of(whole) == table_of(killed)
