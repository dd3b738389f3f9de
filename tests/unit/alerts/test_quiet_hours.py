"""Stage `quiet_hours`: whose night it is, in which zone, and when it ends, on the days that clocks change, too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.choices import EMPTY, from_subscription
from forewarn.alerts.contexts import OutageContext
from forewarn.alerts.customers import Customer
from forewarn.alerts.local_hours import ends, zone_of
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Defer, Proposal, Rules
from forewarn.alerts.quiet_hours import quiet_hours
from forewarn.alerts.reasons import Reason
from forewarn.alerts.render import Renderer
from forewarn.alerts.told import Entry
from forewarn.topics.events.customers import Profile, QuietHours, Subscription

NIGHT = QuietHours("22:00", "07:00")
NAP = QuietHours("13:00", "15:00")
EARLY = QuietHours("22:00", "02:30")
LATE = QuietHours("02:30", "06:00")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def end(hours: QuietHours, zone: str, now: str) -> str | None:
    found = ends(hours, zone_of(zone, "UTC"), at(now))
    return datetime.fromtimestamp(found / 1000, UTC).strftime("%d %H:%M") if found else None


@pytest.mark.parametrize(
    ("hours", "zone", "now", "ends_at"),
    [
        (NIGHT, "UTC", "2026-11-22T21:59:59Z", None),
        (NIGHT, "UTC", "2026-11-22T22:00:00Z", "23 07:00"),
        (NIGHT, "UTC", "2026-11-23T00:00:00Z", "23 07:00"),
        (NIGHT, "UTC", "2026-11-23T06:59:59Z", "23 07:00"),
        (NIGHT, "UTC", "2026-11-23T07:00:00Z", None),
        (NIGHT, "Asia/Kolkata", "2026-11-22T16:30:00Z", "23 01:30"),
        (NIGHT, "America/New_York", "2026-11-22T16:30:00Z", None),
        (NIGHT, "Pacific/Kiritimati", "2026-11-22T08:00:00Z", "22 17:00"),
        (NAP, "UTC", "2026-11-22T14:00:00Z", "22 15:00"),
        (NAP, "UTC", "2026-11-22T12:00:00Z", None),
        (QuietHours("08:00", "08:00"), "UTC", "2026-11-22T08:00:00Z", None),
        # Berlin, 29 March 2026: 02:00 is followed by 03:00 (01:00Z).
        (NIGHT, "Europe/Berlin", "2026-03-28T21:00:00Z", "29 05:00"),
        (EARLY, "Europe/Berlin", "2026-03-29T00:30:00Z", "29 01:00"),
        (EARLY, "Europe/Berlin", "2026-03-29T01:00:00Z", None),
        (LATE, "Europe/Berlin", "2026-03-29T00:59:59Z", None),
        (LATE, "Europe/Berlin", "2026-03-29T01:00:00Z", "29 04:00"),
        # Berlin, 25 October 2026: 02:00 to 03:00 comes twice (00:00Z and 01:00Z).
        (NIGHT, "Europe/Berlin", "2026-10-24T20:00:00Z", "25 06:00"),
        (EARLY, "Europe/Berlin", "2026-10-25T00:15:00Z", "25 01:30"),
        (EARLY, "Europe/Berlin", "2026-10-25T00:45:00Z", "25 01:30"),
        (EARLY, "Europe/Berlin", "2026-10-25T01:30:00Z", None),
        (LATE, "Europe/Berlin", "2026-10-25T00:30:00Z", "25 05:00"),
        (LATE, "Europe/Berlin", "2026-10-25T01:00:00Z", "25 05:00"),
        # Apia left 30 December 2011 out (10:00Z): the night to it ends there, and the night after it begins.
        (NIGHT, "Pacific/Apia", "2011-12-30T08:00:00Z", "30 10:00"),
        (NIGHT, "Pacific/Apia", "2011-12-30T10:00:00Z", "30 17:00"),
    ],
)
def test_a_night_ends_when_the_customers_clock_says_so(
    hours: QuietHours, zone: str, now: str, ends_at: str | None
) -> None:
    assert end(hours, zone, now) == ends_at


CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
ZONES = st.sampled_from(("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"))


@given(CLOCK, CLOCK, ZONES, st.integers(at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z")))
def test_outside_the_stretch_no_clock_is_within_the_hours_and_a_wait_is_shorter_than_two_days(
    start: str, last: str, name: str, now: int
) -> None:
    zone = zone_of(name, "UTC")
    clock = datetime.fromtimestamp(now / 1000, zone).strftime("%H:%M")
    inside = start <= clock < last if start <= last else clock >= start or clock < last
    until = ends(QuietHours(start, last), zone, now)
    assert until or not inside
    assert not until or now < until <= now + 26 * 3_600_000


def person(zone: str | None = None, hours: QuietHours | None = NIGHT) -> Customer:
    crm = from_subscription(EMPTY, Subscription(quiet_hours=hours), 1)
    return Customer("ada", Profile("Ada", (), time_zone=zone), crm, EMPTY)


@pytest.mark.parametrize(
    ("who", "critical", "policy", "waits"),
    [
        (person(), False, {}, True),
        (person(), True, {}, False),
        (person("Asia/Tokyo"), False, {}, False),
        (person("No/Such"), False, {}, True),
        (person(), False, {"default_time_zone": "Asia/Tokyo"}, False),
        (person(hours=None), False, {}, False),
        (person(hours=None), False, {"quiet_hours": NIGHT}, True),
        (person(hours=NAP), False, {"quiet_hours": NIGHT}, False),
    ],
)
def test_what_is_not_critical_waits_for_the_end_of_the_night(
    who: Customer, critical: bool, policy: dict[str, Any], waits: bool
) -> None:
    now = at("2026-11-22T23:00:00Z")
    proposal = Proposal(
        kind="outage",
        stage="confirmed",
        incident="o1",
        customer="ada",
        now=now,
        context=OutageContext(started=now),
        valid_until=now + 1,
        evidence={},
        entry=Entry("outage", "o1"),
        person=who,
        critical=critical,
    )
    answer = quiet_hours(Rules(AlertPolicy(**policy), "abc", "live", Renderer()), proposal)
    if waits:
        evidence = {"quiet_hours": "22:00-07:00", "until": "2026-11-23T07:00:00Z"}
        assert answer == Defer(Reason.QUIET_HOURS, until=at("2026-11-23T07:00:00Z"), evidence=evidence)
    else:
        assert answer is proposal
