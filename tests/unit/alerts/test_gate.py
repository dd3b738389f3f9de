"""The marketing gate's judgement, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from forewarn.alerts.gate import Facts, Hold, holds, judge
from forewarn.alerts.reasons import Reason

NOW = 1_000
CLEAR = {"known": True, "fresh": True}


def verdict(*, consented: bool = True, expires: int = NOW + 1, **facts: Any) -> Hold | None:
    return judge(Facts(**{**CLEAR, **facts}), consented=consented, now=NOW, expires=expires)


def test_a_customer_in_peace_may_be_contacted() -> None:
    assert verdict() is None


@pytest.mark.parametrize(
    ("facts", "hold"),
    [
        ({"outages": ("o1",)}, Hold(Reason.OUTAGE, None)),
        ({"lease": NOW + 5}, Hold(Reason.LEASE, NOW + 5)),
        ({"case": NOW + 5}, Hold(Reason.CASE_OPEN, NOW + 5)),
        ({"complaint": NOW + 5}, Hold(Reason.COMPLAINT, NOW + 5)),
        ({"appointment": NOW + 5}, Hold(Reason.APPOINTMENT, NOW + 5)),
        ({"bill_shock": NOW + 5}, Hold(Reason.BILL_SHOCK, NOW + 5)),
        ({"overage": NOW + 5}, Hold(Reason.OVERAGE, NOW + 5)),
        ({"critical_told": NOW + 5}, Hold(Reason.CRITICAL_TOLD, NOW + 5)),
        ({"known": False}, Hold(Reason.UNKNOWN_CUSTOMER, None)),
        ({"fresh": False}, Hold(Reason.UPSTREAM_STALE, None)),
        ({"paused": True}, Hold(Reason.PAUSED, None)),
    ],
)
def test_each_reason_holds(facts: dict[str, Any], hold: Hold) -> None:
    assert verdict(**facts) == hold


def test_what_has_ended_holds_no_more() -> None:
    assert verdict(lease=NOW, case=NOW - 1, appointment=1) is None


def test_without_consent_nothing_is_sent() -> None:
    assert verdict(consented=False) == Hold(Reason.NO_CONSENT, None)


def test_an_expired_request_ends_before_anything_else_is_looked_at() -> None:
    assert verdict(expires=NOW, outages=("o1",)) == Hold(Reason.EXPIRED, None)


def test_a_known_reason_is_named_before_doubt_about_freshness() -> None:
    assert verdict(fresh=False, outages=("o1",)) == Hold(Reason.OUTAGE, None)
    assert verdict(fresh=False, consented=False) == Hold(Reason.UPSTREAM_STALE, None)


def test_all_reasons_are_listed_for_the_standing() -> None:
    facts = Facts(known=False, fresh=True, outages=("o1",), lease=NOW + 1, case=NOW + 2)
    assert [hold.reason for hold in holds(facts, NOW)] == [
        Reason.OUTAGE,
        Reason.LEASE,
        Reason.CASE_OPEN,
        Reason.UNKNOWN_CUSTOMER,
    ]
