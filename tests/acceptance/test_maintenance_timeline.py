"""Planned work as its customers hear of it: announced, moved, begun, late, done or called off.

0 h            8 h        56 h        79 h  80 h ── window ── 84 h
├─ known ──────┬──────────┬───────────┬─────┬─────────────────┬──> time
             72h        24h          1h   started          completed
"""

from __future__ import annotations

import pytest

from forewarn.stream.policy import parse
from tests.decide_desk import impact
from tests.works_world import HOUR, WorksWorld

START, END = 80 * HOUR, 84 * HOUR
#: The group wait, and a tick of correlate.
WAIT = 90.0


def planned(**more: str) -> WorksWorld:
    world = WorksWorld().home("ada", "onu-1").home("bob", "onu-3")
    return world.plan("m-1", ["olt-1"], START, END, **more)


def hours(world: WorksWorld, customer: str = "ada") -> list[tuple[int, str, str]]:
    return [(round(second / HOUR), stage, class_) for second, stage, class_ in world.told(customer)]


def test_the_customers_below_the_work_hear_of_it_72_24_and_1_hour_before_of_its_begin_and_its_end() -> None:
    world = planned().at(START)
    world.plan("m-1", ["olt-1"], START, END, "started").at(END - 60)
    world.plan("m-1", ["olt-1"], START, END, "completed").at(END + HOUR)
    assert hours(world) == [
        (8, "announced", "72h"),
        (56, "announced", "24h"),
        (79, "announced", "1h"),
        (80, "started", ""),
        (84, "completed", ""),
    ]
    assert world.told("bob") == []


@pytest.mark.parametrize(
    ("known", "classes"),
    [
        (79.5, ["1h"]),
        (70, ["24h", "1h"]),
        (50, ["72h", "24h", "1h"]),
        (81, []),
    ],
)
def test_work_that_is_announced_late_has_one_announcement_at_once_and_those_still_ahead(
    known: float, classes: list[str]
) -> None:
    world = WorksWorld().home("ada", "onu-1").at(known * HOUR)
    world.plan("m-1", ["olt-1"], START, END).at(END)
    assert [class_ for _, _, class_ in world.told("ada")] == classes
    if classes:
        assert world.told("ada")[0][0] - known * HOUR <= WAIT


def test_moved_work_is_told_to_those_who_knew_and_announced_anew_before_its_new_window() -> None:
    #  8 h: 72h ── 30 h: moved by two days ── 104 h: 24h ── 127 h: 1h ── 128 h: begins
    world = planned().at(30 * HOUR)
    world.home("eve", "olt-1")
    world.plan("m-1", ["olt-1"], START + 48 * HOUR, END + 48 * HOUR).at(START + 48 * HOUR)
    world.plan("m-1", ["olt-1"], START + 48 * HOUR, END + 48 * HOUR, "started").at(START + 49 * HOUR)
    assert hours(world) == [
        (8, "announced", "72h"),
        (30, "moved", "moved-1"),
        (56, "announced", "72h/moved-1"),
        (104, "announced", "24h/moved-1"),
        (127, "announced", "1h/moved-1"),
        (128, "started", "moved-1"),
    ]
    assert hours(world, "eve")[:3] == [
        (30, "announced", "72h"),
        (30, "moved", "moved-1"),
        (56, "announced", "72h/moved-1"),
    ]


def test_the_news_of_a_move_says_both_windows() -> None:
    world = planned(reason="new fibre").at(30 * HOUR)
    world.plan("m-1", ["olt-1"], START + 48 * HOUR, END + 48 * HOUR, reason="new fibre").at(31 * HOUR)
    text = world.desk.out("notifications", "ada")[-1].value["text"]
    assert "November 25" in text
    assert "November 27" in text
    assert "new fibre" in text
    assert "north" in text


def test_only_those_who_were_told_hear_that_the_work_is_called_off() -> None:
    world = planned().at(9 * HOUR)
    world.desk.push(
        "customers.subscriptions", "cyd", {"alerts": [{"kind": "maintenance", "channels": [], "enabled": False}]}
    )
    world.home("cyd", "onu-2")
    world.plan("m-1", ["olt-1"], START, END, "cancelled").at(END + HOUR)
    assert world.stages("ada") == ["announced 72h", "cancelled"]
    assert world.told("cyd") == []
    assert ("announced", "dropped", "opted_out") in world.desk.decisions("cyd")


def test_work_that_is_called_off_before_anybody_heard_is_told_to_nobody() -> None:
    world = planned().at(7 * HOUR)
    world.plan("m-1", ["olt-1"], START, END, "cancelled").at(END)
    assert world.told("ada") == []


def test_a_deleted_plan_is_called_off_before_its_end() -> None:
    world = planned().at(9 * HOUR)
    world.send("network.maintenance", "m-1", None).at(END)
    assert world.stages("ada") == ["announced 72h", "cancelled"]


def test_work_that_is_taken_up_again_is_announced_anew() -> None:
    world = planned().at(9 * HOUR)
    world.plan("m-1", ["olt-1"], START, END, "cancelled").at(10 * HOUR)
    world.plan("m-1", ["olt-1"], START, END).at(START)
    assert world.stages("ada") == [
        "announced 72h",
        "cancelled",
        "announced 72h/moved-1",
        "announced 24h/moved-1",
        "announced 1h/moved-1",
    ]


def test_work_that_is_not_done_when_promised_is_late_and_its_end_is_told() -> None:
    #  84 h: should be done ── 84:05: late ── 85 h: put off to 86 h ── 85:30: done
    world = planned().at(START)
    world.plan("m-1", ["olt-1"], START, END, "started").at(END + HOUR)
    world.plan("m-1", ["olt-1"], START, END + 2 * HOUR, "started").at(END + 1.5 * HOUR)
    world.plan("m-1", ["olt-1"], START, END + 2 * HOUR, "completed").at(END + 3 * HOUR)
    assert world.stages("ada")[3:] == ["started", "overrun", "overrun 2", "completed"]
    late, again = [row.value for row in world.desk.out("notifications", "ada") if row.value["stage"] == "overrun"]
    assert "by 12:00 am UTC on November 26" in late["text"]
    assert "2:00 am" in again["text"]


def test_nothing_is_said_of_a_window_that_passes_without_a_word_that_the_work_began() -> None:
    world = planned().at(END + 24 * HOUR)
    assert [stage for _, stage, _ in world.told("ada")] == ["announced"] * 3


def test_who_moves_in_hears_what_is_still_ahead_and_who_moves_away_hears_no_more() -> None:
    world = planned().at(60 * HOUR)
    world.home("bob", "onu-2").home("ada", "onu-3").at(START)
    world.plan("m-1", ["olt-1"], START, END, "started").at(END + HOUR)
    assert hours(world, "bob")[:3] == [(60, "announced", "24h"), (79, "announced", "1h"), (80, "started", "")]
    assert world.stages("ada") == ["announced 72h", "announced 24h", "cancelled"]


def test_who_moves_away_while_the_work_goes_on_hears_that_it_is_over_for_them() -> None:
    world = planned().at(START)
    world.plan("m-1", ["olt-1"], START, END, "started").at(START + HOUR)
    world.home("ada", "onu-3").at(START + 2 * HOUR)
    assert world.stages("ada")[-2:] == ["started", "completed"]


def test_elements_that_are_left_out_of_the_work_are_told_so_and_new_ones_hear_of_it() -> None:
    world = planned().at(60 * HOUR)
    world.plan("m-1", ["olt-2"], START, END).at(79.5 * HOUR)
    assert world.stages("ada") == ["announced 72h", "announced 24h", "cancelled"]
    assert world.stages("bob") == ["announced 24h", "announced 1h"]


def test_an_element_that_is_put_below_the_work_later_is_part_of_it() -> None:
    world = planned().at(60 * HOUR)
    world.element("onu-9", "olt-1").home("zoe", "onu-9").at(61 * HOUR)
    assert world.stages("zoe") == ["announced 24h"]


def test_what_has_another_way_up_is_not_taken_down() -> None:
    world = WorksWorld().element("onu-4", "olt-1", "olt-2").home("dan", "onu-4").home("ada", "onu-1")
    world.plan("m-1", ["olt-1"], START, END).plan("m-2", ["olt-1", "olt-2"], START, END).at(9 * HOUR)
    assert [row.value["incident"] for row in world.desk.out("notifications", "dan")] == ["m-2"]
    assert [row.value["incident"] for row in world.desk.out("notifications", "ada")] == ["m-1", "m-2"]


def test_who_is_served_otherwise_hears_nothing() -> None:
    world = WorksWorld().home("ada", "onu-1", "onu-3")
    world.plan("m-1", ["olt-1"], START, END).at(9 * HOUR)
    assert world.told("ada") == []
    assert world.desk.decisions("ada") == [("announced", "dropped", "served_otherwise")]


def test_work_on_a_region_reaches_all_of_it() -> None:
    world = WorksWorld().home("ada", "onu-1").home("bob", "onu-3")
    world.plan("m-1", ["north"], START, END).at(9 * HOUR)
    assert (world.stages("ada"), world.stages("bob")) == (["announced 72h"], ["announced 72h"])


def test_what_begins_at_night_is_not_told_and_the_end_of_what_was_told_waits_for_the_morning() -> None:
    #  79 h = 19:00 (1h) ── 80 h = 20:00 begins ── quiet from 22:00 ── 84 h = 24:00 done ── 91 h = 07:00
    world = planned().at(10)
    world.desk.push("customers.subscriptions", "ada", {"alerts": [], "quiet_hours": {"start": "22:00", "end": "07:00"}})
    world.at(START).plan("m-1", ["olt-1"], START, END, "started").at(END)
    world.plan("m-1", ["olt-1"], START, END, "completed").at(100 * HOUR)
    assert hours(world)[-2:] == [(80, "started", ""), (91, "completed", "")]


def test_an_announcement_that_waits_for_the_morning_gives_way_to_what_is_true_then() -> None:
    #  24h is due at 20:00 = 8 h, quiet from 19:00 to 19:00 + 24 h - 1; the work starts before it ends
    world = WorksWorld().home("ada", "onu-1")
    world.desk.push("customers.subscriptions", "ada", {"alerts": [], "quiet_hours": {"start": "15:00", "end": "12:30"}})
    world.plan("m-1", ["olt-1"], 23 * HOUR, 26 * HOUR).at(27 * HOUR)
    assert world.told("ada")[0][2] == "24h"
    assert ("announced", "dropped", "expired") in world.desk.decisions("ada")


def test_paused_announcements_are_judged_anew_when_sending_resumes() -> None:
    world = planned()
    world.desk.push("control", "maintenance", {"kind": "maintenance", "paused": True, "time": 0, "author": "ana"})
    world.at(60 * HOUR)
    assert world.told("ada") == []
    world.desk.push("control", "maintenance", {"kind": "maintenance", "paused": False, "time": 1, "author": "ana"})
    world.at(61 * HOUR)
    assert world.stages("ada") == ["announced 24h"]


def test_an_announcement_that_could_not_be_delivered_falls_back_to_the_next_channel() -> None:
    world = WorksWorld().home("ada", "onu-1", contacts={"email": "ada@example.com", "phone": "+4915112345678"})
    world.plan("m-1", ["olt-1"], START, END).at(9 * HOUR)
    world.desk.log("ada", "failed", "announced")
    assert [row.value["channel"] for row in world.desk.out("notifications", "ada")] == ["email", "sms"]


def test_the_outage_that_the_work_explains_is_not_told_and_one_that_outlasts_it_is() -> None:
    world = planned().at(START + HOUR)
    down = impact("o1", 1, "confirmed", ["onu-1"], maintenance_id="m-1")
    world.desk.push("outages.impact", "o1/0", down).at(START + HOUR + 60)
    assert ("confirmed", "dropped", "planned_work") in world.desk.decisions("ada")
    late = impact("o1", 2, "confirmed", elements_revision=1)
    world.desk.push("outages.impact", "o1/0", late).at(END + HOUR)
    assert "confirmed" in world.desk.stages("ada")


OWN = """
[alerts.journeys.maintenance]
trigger = { event = "maintenance" }

[[alerts.journeys.maintenance.steps]]
name = "week"
at = "start - 7d"
say = "maintenance/announced"
until = "start - 2h"

[[alerts.journeys.maintenance.steps]]
name = "soon"
at = "start - 2h"
say = "maintenance/announced"
class = "2h"
"""


def test_the_schedule_and_the_stages_are_the_operators_journey() -> None:
    world = WorksWorld(parse(OWN)).home("ada", "onu-1").plan("m-1", ["olt-1"], START, END).at(START)
    world.plan("m-1", ["olt-1"], START, END, "started").at(END)
    world.plan("m-1", ["olt-1"], START, END, "completed").at(END + HOUR)
    assert hours(world) == [(0, "announced", "week"), (78, "announced", "2h")]


def test_nothing_is_told_of_planned_work_when_its_journey_is_off() -> None:
    off = parse('[alerts.journeys.maintenance]\nenabled = false\nsteps = []\ntrigger = { event = "maintenance" }\n')
    assert WorksWorld(off).home("ada", "onu-1").plan("m-1", ["olt-1"], START, END).at(START).told("ada") == []


def test_a_condition_of_the_journey_is_asked_of_the_work() -> None:
    quiet = OWN.replace(
        'event = "maintenance" }', 'event = "maintenance", when = { reason = { none_of = ["internal"] } } }'
    )
    world = WorksWorld(parse(quiet)).home("ada", "onu-1")
    world.plan("m-1", ["olt-1"], START, END, reason="internal").plan("m-2", ["olt-1"], START, END).at(START)
    assert {row.value["incident"] for row in world.desk.out("notifications", "ada")} == {"m-2"}


def test_the_work_is_forgotten_a_day_after_its_end_with_all_that_was_told() -> None:
    world = planned().at(START)
    world.plan("m-1", ["olt-1"], START, END, "started").at(END)
    world.plan("m-1", ["olt-1"], START, END, "completed").at(END + 26 * HOUR)
    left = [key for key in world.desk.core.table if key.startswith((b"v/", b"n/", b"t/")) and b"standing" not in key]
    assert left == []


def test_a_deleted_customer_leaves_nothing() -> None:
    world = planned().at(9 * HOUR)
    world.home("ada", "onu-3").desk.push("customers.profiles", "ada", None)
    assert not [key for key in world.desk.core.table if b"ada" in key and not key.startswith(b"e/")]
