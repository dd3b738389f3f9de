"""Timelines of appointments: confirmed, reminded of, moved, answered. Seconds from the desk's start, 12:00 UTC."""

from __future__ import annotations

from typing import Any

import pytest

from tests.decide_desk import START, DecideDesk, impact, profile, table_of

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def visit(status: str = "booked", start: float = 48 * HOUR, at: float = 0, **more: Any) -> dict[str, Any]:
    """An appointment of two hours that begins `start` seconds after the desk's start, as said at `at`."""
    begins = START + round(start * 1000)
    return {
        "appointment_id": "a1",
        "time": START + round(at * 1000),
        "kind": "technician",
        "status": status,
        "start": begins,
        "end": begins + 7_200_000,
        **more,
    }


def ada(**more: Any) -> DecideDesk:
    return DecideDesk().push("customers.profiles", "ada", profile("onu-1", **more))


def said(desk: DecideDesk, customer: str = "ada") -> list[tuple[float, str, str | None]]:
    """Hour, stage and class of each message."""
    rows = desk.out("notifications", customer)
    return [(round(row.at / HOUR, 2), row.value["stage"], row.value.get("class")) for row in rows]


def reply(desk: DecideDesk, text: str, identity: str = "r1", **more: Any) -> DecideDesk:
    word = {"id": identity, "time": desk.core.now, "kind": "reply", "channel": "sms", "text": text, **more}
    return desk.push("customers.interactions", "ada", word)


def answers(desk: DecideDesk) -> list[tuple[str, str, str]]:
    rows = [row.value for row in desk.out("customers.answers", "ada")]
    return [(row["incident"], row["stage"], row["reason"]) for row in rows]


# -- the usual course
#
#    0 h booked        24 h              46 h      48 h
#    ─┬────────────────┬─────────────────┬─────────┬──>
#     └ confirm        └ remind 24h      └ remind 2h


def test_a_visit_is_confirmed_and_reminded_of_a_day_and_two_hours_before() -> None:
    desk = ada().push("customers.appointments", "ada", visit()).at(60 * HOUR)
    assert said(desk) == [(0, "confirm", None), (24, "remind", "24h"), (46, "remind", "2h")]
    confirm = desk.out("notifications", "ada")[0].value
    assert (confirm["kind"], confirm["incident"]) == ("appointment", "a1")
    assert confirm["valid_until"] == "2026-11-23T12:00:00Z"  # a day; the reminders only until it is too late
    assert desk.out("notifications", "ada")[2].value["valid_until"] == "2026-11-24T12:00:00Z"
    assert "Tuesday, November 24" in confirm["text"]


def test_a_visit_booked_again_long_after_it_was_missed_is_told_as_another_one() -> None:
    """Its messages have ids of their own: who keeps ids, as webhooks do, would take the same ones for repetitions."""
    again = 20 * DAY
    desk = ada().push("customers.appointments", "ada", visit()).at(again)
    desk.push("customers.appointments", "ada", visit(start=again + 48 * HOUR, at=again)).at(again + 60 * HOUR)
    assert said(desk)[3:] == [(480, "confirm", "2"), (504, "remind", "24h/2"), (526, "remind", "2h/2")]
    assert len({row.value["notification_id"] for row in desk.out("notifications", "ada")}) == 6
    assert not [key for key in table_of(desk.at(again + 60 * DAY)) if key.startswith(b"j/")]


def test_the_window_is_told_in_the_customers_zone_and_language() -> None:
    desk = ada(time_zone="America/New_York", locale="es").push("customers.appointments", "ada", visit())
    assert "7:00" in desk.out("notifications", "ada")[0].value["text"]
    assert desk.out("notifications", "ada")[0].value["locale"].startswith("es")


def test_a_reminder_at_night_waits_for_the_morning() -> None:
    quiet = {"alerts": [], "quiet_hours": {"start": "11:00", "end": "13:00"}}
    desk = ada().push("customers.subscriptions", "ada", quiet)
    desk.push("customers.appointments", "ada", visit(start=50 * HOUR)).at(60 * HOUR)
    assert said(desk) == [(1, "confirm", None), (26, "remind", "24h"), (49, "remind", "2h")]


def test_every_record_twice_tells_everything_once() -> None:
    desk = ada()
    for status, at in (("booked", 0), ("confirmed", 10), ("en_route", 20)):
        desk.at(at).push("customers.appointments", "ada", visit(status, at=at), visit(status, at=at))
    assert [stage for _, stage, _ in said(desk)] == ["confirm", "en_route"]


@pytest.mark.parametrize("status", ["en_route", "delayed", "rescheduled", "cancelled", "missed"])
def test_what_becomes_of_a_visit_is_told_at_once(status: str) -> None:
    desk = ada().push("customers.appointments", "ada", visit())
    desk.at(47 * HOUR).push("customers.appointments", "ada", visit(status, start=52 * HOUR, at=47 * HOUR))
    assert said(desk)[-1][:2] == (47, status)


def test_a_cancelled_visit_is_reminded_of_no_more() -> None:
    desk = ada().push("customers.appointments", "ada", visit())
    desk.at(HOUR).push("customers.appointments", "ada", visit("cancelled", at=HOUR)).at(60 * HOUR)
    assert [stage for _, stage, _ in said(desk)] == ["confirm", "cancelled"]


def test_a_visit_that_is_moved_twice_is_reminded_of_at_its_last_time() -> None:
    desk = ada().push("customers.appointments", "ada", visit())
    desk.at(25 * HOUR).push("customers.appointments", "ada", visit("rescheduled", 96 * HOUR, 25 * HOUR))
    desk.at(26 * HOUR).push("customers.appointments", "ada", visit("rescheduled", 120 * HOUR, 26 * HOUR))
    desk.at(130 * HOUR)
    assert said(desk) == [
        (0, "confirm", None),
        (24, "remind", "24h"),
        (25, "rescheduled", None),
        (26, "rescheduled", "2"),
        (96, "remind", "24h/2"),
        (118, "remind", "2h"),
    ]
    moved = desk.out("notifications", "ada")[2].value["text"]
    assert "November 26" in moved
    assert "November 24" in moved  # the time that it had before


def test_a_booking_that_comes_after_its_cancellation_brings_nothing_back() -> None:
    desk = ada().push("customers.appointments", "ada", visit("cancelled", at=60))
    desk.push("customers.appointments", "ada", visit("booked", at=0)).at(60 * HOUR)
    assert [stage for _, stage, _ in said(desk)] == ["cancelled"]


# -- answers


@pytest.mark.parametrize("text", ["YES", "Ja, passt", "sí", "Oui !"])
def test_a_yes_is_told_to_the_operator_and_reminders_go_on(text: str) -> None:
    desk = reply(ada().push("customers.appointments", "ada", visit()).at(HOUR), text).at(60 * HOUR)
    assert answers(desk) == [("a1", "confirm", "agreed")]
    assert [stage for _, stage, _ in said(desk)] == ["confirm", "remind", "remind"]


@pytest.mark.parametrize("text", ["NO", "Nein, leider nicht", "no puedo", "non"])
def test_a_no_asks_for_another_time_and_nothing_more_is_said_of_the_old_one(text: str) -> None:
    desk = reply(ada().push("customers.appointments", "ada", visit()).at(HOUR), text).at(30 * HOUR)
    assert answers(desk) == [("a1", "confirm", "declined")]
    assert [stage for _, stage, _ in said(desk)] == ["confirm"]
    row = desk.out("customers.answers", "ada")[0].value
    assert row["subject_id"] == desk.out("notifications", "ada")[0].value["notification_id"]
    assert text not in str(row)
    desk.push("customers.appointments", "ada", visit("rescheduled", 96 * HOUR, 30 * HOUR)).at(100 * HOUR)
    assert [stage for _, stage, _ in said(desk)] == ["confirm", "rescheduled", "remind", "remind"]


def test_a_reply_that_comes_twice_is_one_answer_and_a_second_one_answers_nothing() -> None:
    desk = ada().push("customers.appointments", "ada", visit()).at(HOUR)
    reply(reply(reply(desk, "yes"), "yes"), "no", "r2")
    assert answers(desk) == [("a1", "confirm", "agreed")]


def test_prose_is_no_answer() -> None:
    desk = reply(ada().push("customers.appointments", "ada", visit()).at(HOUR), "What should I prepare?")
    assert answers(desk) == []


def test_of_two_questions_the_newest_is_answered_unless_the_reply_names_one() -> None:
    desk = ada().push("customers.appointments", "ada", visit()).at(10)
    desk.push("customers.appointments", "ada", visit(appointment_id="a2", at=10))
    reply(desk, "yes", topic="a1")
    reply(desk, "no", "r2")
    assert answers(desk) == [("a1", "confirm", "agreed"), ("a2", "confirm", "declined")]


# -- paused, failed, without a profile, deleted


def test_what_was_paused_is_said_when_sending_resumes_as_far_as_it_is_still_true() -> None:
    desk = ada().push("control", "appointment", {"kind": "appointment", "paused": True, "time": START, "author": "noc"})
    desk.push("customers.appointments", "ada", visit(), visit(appointment_id="a2"))
    desk.push("customers.appointments", "ada", visit("completed", at=5, appointment_id="a2"))
    assert said(desk) == []
    desk.restart().at(HOUR).push("control", "appointment", None)
    assert [row.value["incident"] for row in desk.out("notifications", "ada")] == ["a1"]


def test_what_was_told_is_remembered_for_as_long_as_the_visit_is_though_it_was_moved() -> None:
    desk = ada().push("customers.appointments", "ada", visit(start=HOUR))
    desk.at(10).push("customers.appointments", "ada", visit("cancelled", 30 * HOUR, 10))
    desk.at(52 * HOUR).push("customers.appointments", "ada", visit(appointment_id="a2", start=90 * HOUR, at=52 * HOUR))
    desk.push("customers.profiles", "ada", profile("onu-1", locale="de"))
    assert [stage for _, stage, _ in said(desk)] == ["confirm", "cancelled", "confirm"]


def test_a_message_that_bounces_goes_by_the_next_channel() -> None:
    contacts = {"email": "ada@example.com", "phone": "+4915112345678"}
    desk = ada(contacts=contacts).push("customers.appointments", "ada", visit())
    desk.at(5).log("ada", "failed", "confirm")
    assert [row.value["channel"] for row in desk.out("notifications", "ada")] == ["email", "sms"]


def test_who_becomes_known_after_the_booking_is_told_then() -> None:
    desk = DecideDesk().push("customers.appointments", "ada", visit())
    assert desk.decisions("ada") == [("confirm", "dropped", "unknown_customer")]
    desk.at(10).push("customers.profiles", "ada", profile("onu-1"))
    assert [stage for _, stage, _ in said(desk)] == ["confirm"]


def test_a_deleted_customer_leaves_nothing() -> None:
    desk = reply(ada(contract_end="2027-06-01").push("customers.appointments", "ada", visit()).at(5), "yes")
    desk.push("customers.interactions", "ada", {"id": "h1", "time": START, "kind": "help_viewed", "topic": "wifi"})
    desk.push("customers.profiles", "ada", None).at(60 * HOUR)
    assert not any(b"ada" in key for key in desk.core.table)
    assert [stage for _, stage, _ in said(desk)] == ["confirm"]


def test_when_it_is_over_nothing_is_kept_of_it() -> None:
    desk = ada().push("customers.appointments", "ada", visit("booked", 2 * HOUR))
    desk.push("customers.appointments", "ada", visit("completed", 2 * HOUR, 10)).at(40 * DAY)
    assert not any(key.startswith((b"j/", b"t/")) and b"journey" in key for key in desk.core.table)


def test_who_has_no_journey_costs_no_row() -> None:
    desk = ada().push("outages.impact", "o1/0", impact("o1", 1, "confirmed", ["onu-1"])).at(HOUR)
    assert not any(key.startswith((b"j/", b"l/")) for key in desk.core.table)


# -- restarts


def rows(desk: DecideDesk) -> list[tuple[str, Any]]:
    """All that is put out but the clock's own rows."""
    return [(row.topic, row.value) for row in desk.rows if row.topic != "progress"]


def test_a_restart_at_any_moment_changes_nothing() -> None:
    def played(*, restarts: bool) -> DecideDesk:
        desk = ada()
        words = [("booked", 0, 48), ("delayed", 45, 50), ("rescheduled", 46, 96), ("en_route", 95, 96)]
        for status, hour, start in words:
            for step in range(4):
                desk.at(max(desk.seconds, (hour - 1) * HOUR + step * 900))
                desk = desk.restart() if restarts else desk
            desk.at(hour * HOUR).push("customers.appointments", "ada", visit(status, start * HOUR, hour * HOUR))
            desk = desk.restart() if restarts else desk
        return desk.at(99 * HOUR)

    whole, killed = played(restarts=False), played(restarts=True)
    assert rows(whole) == rows(killed)
    assert table_of(whole) == table_of(killed)
