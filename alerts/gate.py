"""The marketing gate: may a customer be contacted by marketing now? Pure, and closed when in doubt.

    Facts (what is known of the customer, and how fresh it is) ──> judge ──> Verdict(reason, until)

Invariant: `clear` only when every reason to hold has been looked at and none holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from forewarn.alerts.reasons import Reason


class Facts(Struct, frozen=True, kw_only=True):
    """What the gate judges by. Instants are epoch ms; 0 = never.

    `outages`: ids of those the customer is in. `lease`, `complaint`, ...: how long that holds marketing.
    `fresh`: what Forewarn knows is as new as the judgement needs. `withheld`: why the deployment sends nothing yet.
    """

    known: bool
    fresh: bool
    outages: tuple[str, ...] = ()
    lease: int = 0
    case: int = 0
    complaint: int = 0
    appointment: int = 0
    bill_shock: int = 0
    overage: int = 0
    critical_told: int = 0
    paused: bool = False
    withheld: Reason | None = None


class Hold(Struct, frozen=True):
    """One reason to hold, and until when (epoch ms) at least; None when its end is not known."""

    reason: Reason
    until: int | None


def holds(facts: Facts, now: int) -> Iterator[Hold]:
    """Everything that stands against marketing, the most telling first; consent and freshness apart."""
    if facts.outages:
        yield Hold(Reason.OUTAGE, None)
    for reason, until in _waits(facts):
        if until > now:
            yield Hold(reason, until)
    if not facts.known:
        yield Hold(Reason.UNKNOWN_CUSTOMER, None)


def _waits(facts: Facts) -> tuple[tuple[Reason, int], ...]:
    """The reasons that end by themselves, and when; nothing for most customers, who have none."""
    lease, case, complaint, visit = facts.lease, facts.case, facts.complaint, facts.appointment
    if not (lease or case or complaint or visit or facts.bill_shock or facts.overage or facts.critical_told):
        return ()
    return (
        (Reason.LEASE, lease),
        (Reason.CASE_OPEN, case),
        (Reason.COMPLAINT, complaint),
        (Reason.APPOINTMENT, visit),
        (Reason.BILL_SHOCK, facts.bill_shock),
        (Reason.OVERAGE, facts.overage),
        (Reason.CRITICAL_TOLD, facts.critical_told),
    )


def judge(facts: Facts, *, consented: bool, now: int, expires: int, capped: int = 0) -> Hold | None:
    """Why a request must be held at `now`; None when it may be sent.

    `consented`: whether the customer agreed to marketing on the request's channel. `expires`: the request's end.
    `capped`: until when (epoch ms) the frequency caps have no room for it, 0 for now.
    A known reason comes before doubt about freshness: it holds either way. What the operator has to say comes last, so
    that the ledger shows what would have been approved.
    """
    if now >= expires:
        return Hold(Reason.EXPIRED, None)
    hold = next(holds(facts, now), None)
    if hold is not None:
        return hold
    if capped > now:
        return Hold(Reason.FREQUENCY_CAP, capped)
    if not facts.fresh:
        return Hold(Reason.UPSTREAM_STALE, None)
    if not consented:
        return Hold(Reason.NO_CONSENT, None)
    if facts.paused:
        return Hold(Reason.PAUSED, None)
    return Hold(facts.withheld, None) if facts.withheld is not None else None
