"""When an outage falls under a rule, and what is due then. Minutes from the outage's beginning.

0 ── confirmed 4 ────── 30 lasts ────── flagged ── 120 min ── 72 h ── 30 d
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case
from forewarn.stream.regulator.duties import Course, judge
from forewarn.stream.regulator.outage_duties import OutageDuties
from forewarn.stream.regulator.pack import RegulatorPolicy, load
from forewarn.topics.events.network import FieldAction
from forewarn.topics.instants import to_rfc3339

#: 2026-11-22T12:00:00Z.
START = 1_795_348_800_000
MINUTE = 60_000
HOUR, DAY = 60, 1440
PACKS = load(RegulatorPolicy(packs=("us-fcc-part4", "au-acma-outages")))
(FCC, ACMA) = (pack.outage[0] for pack in PACKS)


def minutes(at: float) -> int:
    return START + round(at * MINUTE)


def course(customers: int, ended: float | None = None, expected: float | None = None) -> Course:
    plain = Course(START, minutes(4), START, customers, customers)
    if ended is not None:
        plain = plain.at(0, minutes(ended))
    return Course(
        plain.started,
        plain.confirmed,
        plain.since,
        plain.customers,
        plain.most,
        plain.area,
        minutes(ended) if ended is not None else None,
        minutes(expected) if expected is not None else None,
    )


@pytest.mark.parametrize(
    ("customers", "now", "ended", "flagged"),
    [
        (30_000, 29, None, None),
        (30_000, 30, None, 30),  # exactly 900,000 user-minutes at 30 minutes
        (29_999, 30, None, None),
        (29_999, 31, None, 30.001),
        (10_000, 89, None, None),
        (10_000, 90, None, 90),
        (1_000_000, 31, None, 30),  # large enough at once, but too short until then
        (1_000_000, 60, 29, None),  # over before it lasted
        (10_000, 500, 89, None),  # over before it was large enough
        (10_000, 500, 90, 90),
        (0, 500, None, None),
    ],
)
def test_the_fcc_asks_for_thirty_minutes_and_900_000_user_minutes(
    customers: int, now: float, ended: float | None, flagged: float | None
) -> None:
    found = judge(FCC, course(customers, ended), minutes(now))
    assert (None if found is None else round((found - START) / MINUTE, 3)) == (
        pytest.approx(flagged, abs=0.002) if flagged is not None else None
    )


@pytest.mark.parametrize(
    ("customers", "now", "expected", "flagged"),
    [
        (100_000, 60, None, None),  # more than sixty minutes
        (100_000, 60.1, None, 60),
        (99_999, 600, None, None),
        (100_000, 5, 61.1, 4),  # expected to last longer: at once
        (100_000, 5, 59, None),
    ],
)
def test_the_acma_asks_for_100_000_services_and_more_than_an_hour_or_the_prospect_of_it(
    customers: int, now: float, expected: float | None, flagged: float | None
) -> None:
    found = judge(ACMA, course(customers, None, expected), minutes(now))
    assert (None if found is None else int((found - START) / MINUTE)) == flagged


class Office:
    """The duties of one outage, minute by minute; what was written, as (minute, duty, state)."""

    def __init__(self, *packs: str) -> None:
        self.packs = load(RegulatorPolicy(packs=packs))
        self.table: dict[bytes, bytes] = {}
        self.case: Case | None = Case(
            "o1", "north", "olt-1", False, START, "confirmed", minutes(4), confirmed=minutes(4)
        )
        self.duties = OutageDuties(self.packs, "abc")
        self.said: list[tuple[float, str, str]] = []
        self.rows: list[Any] = []

    def change(self, **more: Any) -> None:
        assert self.case is not None
        self.case = replace(self.case, **more)

    def at(self, *times: float, restart: bool = True) -> None:
        for time in times:
            if restart:
                self.duties = OutageDuties(self.packs, "abc")
                self.duties.restore(self.table)
            self._unit(time, lambda unit: self.duties.tick(unit, self._living, lambda _: self.case))

    def file(self, time: float, duty: str) -> bool:
        event = FieldAction(id=duty, time=minutes(time), author="ana", action="filed", outage_id="o1", text=duty)
        answers: list[bool] = []
        self._unit(time, lambda unit: answers.append(self.duties.filed(unit, event)))
        return answers[0]

    def _living(self) -> list[Case]:
        return [self.case] if self.case is not None and self.case.state not in ("closed", "dismissed") else []

    def _unit(self, time: float, act: Any) -> None:
        unit = Unit(self.table, {}, minutes(time))
        act(unit)
        for key, value in unit.dirty.items():
            self.table.pop(key, None)
            if value:
                self.table[key] = value
        for output in unit.outputs:
            row = orjson.loads(output.value or b"")
            self.rows.append(row)
            self.said.append((time, row["duty"], row["state"]))


def test_three_reports_are_due_and_each_is_met_or_overdue() -> None:
    office = Office("us-fcc-part4")
    office.change(customers=60_000)
    office.at(5, 29, 30, 31)
    assert office.said == [
        (30, "notification", "due"),
        (30, "initial_report", "due"),
        (30, "final_report", "due"),
    ]
    assert [row["due"] for row in office.rows] == [
        to_rfc3339(minutes(at)) for at in (30 + 120, 4 + 3 * DAY, 4 + 30 * DAY)
    ]
    assert office.file(100, "notification")
    office.change(state="restored", restored=minutes(300))
    office.at(149, 151, 301, 3 * DAY, 3 * DAY + 5)
    assert office.file(3 * DAY + 10, "us-fcc-part4/initial_report")
    office.case = None  # correlate keeps an outage for a week only
    office.at(29 * DAY)
    assert office.file(29 * DAY, "final_report")
    assert office.said[3:] == [
        (100, "notification", "met"),
        (3 * DAY + 5, "initial_report", "overdue"),
        (3 * DAY + 10, "initial_report", "met"),
        (29 * DAY, "final_report", "met"),
    ]
    office.at(30 * DAY)
    assert office.table == {}
    assert {row["evidence"]["customers"] for row in office.rows} == {60_000}
    assert office.rows[-1]["evidence"]["user_minutes"] == 300 * 60_000


def test_updates_are_due_every_six_hours_of_the_first_day_and_daily_after_it_while_the_outage_lasts() -> None:
    office = Office("au-acma-outages")
    office.change(customers=250_000)
    office.at(61, 61 + 6 * HOUR, 61 + 12 * HOUR)
    assert office.file(61 + 13 * HOUR, "update")
    office.at(*(61 + hour * HOUR for hour in (18, 24, 25, 47, 48, 49)))
    office.change(state="restored", restored=minutes(61 + 60 * HOUR))
    office.at(61 + 60 * HOUR, 61 + 100 * HOUR)
    said = [(round((at - 61) / HOUR), duty, state) for at, duty, state in office.said]
    assert said == [
        (0, "update", "due"),
        (0, "daily_update", "due"),
        (6, "update", "overdue"),
        (6, "update/2", "due"),
        (12, "update/2", "overdue"),
        (12, "update/3", "due"),
        (13, "update/3", "met"),
        (18, "update/4", "due"),
        (24, "update/4", "overdue"),
        (48, "daily_update", "overdue"),
        (48, "daily_update/2", "due"),
        (60, "daily_update/2", "ended"),
    ]


def test_nothing_is_asked_of_what_proved_to_be_no_outage() -> None:
    office = Office("us-fcc-part4")
    office.change(customers=60_000)
    office.at(31)
    office.change(state="dismissed")
    office.at(40, 45)
    assert [(duty, state) for _, duty, state in office.said[3:]] == [
        ("notification", "ended"),
        ("initial_report", "ended"),
        ("final_report", "ended"),
    ]
    assert office.table == {}


def test_the_area_follows_the_number_of_customers() -> None:
    #  40,000 for 10 min + 10,000 for 50 min = 900,000 user-minutes at 60 min
    office = Office("us-fcc-part4")
    office.change(customers=40_000)
    office.at(5)
    office.change(customers=10_000)
    office.at(10, 59)
    assert office.said == []
    office.at(60)
    assert len(office.said) == 3


def test_what_is_filed_twice_or_for_nothing_changes_nothing() -> None:
    office = Office("us-fcc-part4")
    office.change(customers=60_000)
    assert not office.file(5, "notification")
    office.at(31)
    assert office.file(32, "notification")
    assert office.file(32, "notification")
    assert not office.file(33, "party")
    assert not office.file(33, "au-acma-outages/notification")
    assert [state for _, _, state in office.said] == ["due", "due", "due", "met"]


def test_without_packs_nothing_is_kept() -> None:
    office = Office()
    office.change(customers=1_000_000)
    office.at(5, 500)
    assert (office.said, office.table) == ([], {})


def test_a_relapse_goes_on_where_the_outage_was() -> None:
    office = Office("us-fcc-part4")
    office.change(customers=20_000)
    office.at(5)
    office.change(state="restored", restored=minutes(20))
    office.at(20, 35)
    office.change(state="confirmed", restored=None)
    office.at(40)
    office.at(64)
    assert office.said == []
    office.at(66)
    assert len(office.said) == 3


@pytest.mark.parametrize("restart", [True, False])
def test_a_restart_at_every_tick_says_the_same(restart: bool) -> None:
    office = Office("us-fcc-part4", "au-acma-outages")
    office.change(customers=300_000)
    office.at(*range(0, 26 * HOUR, 30), restart=restart)
    assert [duty for _, duty, state in office.said if state == "overdue"] == [
        "notification",
        "update",
        "update/2",
        "update/3",
        "update/4",
    ]
