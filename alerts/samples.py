"""Samples: contexts by which words are tried before customers get them, by the linter and by `forewarn preview`.

Invariant: the first of a message is what a customer would ordinarily read; the others lie between the barest and the
fullest, with texts that only an escaping template survives.
"""

from __future__ import annotations

from decimal import Decimal

from forewarn.alerts.contexts import (
    CONTEXTS,
    AppointmentContext,
    BillContext,
    ChoiceContext,
    Context,
    ContractContext,
    MaintenanceContext,
    OfferContext,
    OutageContext,
    Suggestion,
    SurveyContext,
    UsageContext,
)

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_795_379_400_000  # Sunday 2026-11-22 20:30 UTC

#: A text that must reach the reader as it is, whatever it looks like.
HOSTILE = "<i>&{{ x }} \"q\" 'q'"

TOP_UP = Suggestion(kind="top_up", name="Data 5 GB", price=Decimal("9.99"), currency="EUR")
PLAN = Suggestion(kind="plan", name="Nord M", price=25, currency="EUR")
STRANGE = Suggestion(kind="plan", name=HOSTILE, price=0, currency="???")

#: What there is to say at each stage of an outage, beside its start and place.
_OUTAGES: dict[str, OutageContext] = {
    "confirmed": OutageContext(started=START, place="Linden", cause="fibre", etr=START + 2 * HOUR),
    "estimated": OutageContext(started=START, place="Linden", cause="fibre", etr=START + 2 * HOUR),
    "re_estimated": OutageContext(
        started=START, place="Linden", cause="fibre", etr=START + 3 * HOUR, promised=START + 2 * HOUR
    ),
    "overdue": OutageContext(started=START, place="Linden", cause="fibre", promised=START + 2 * HOUR),
    "restored": OutageContext(started=START, place="Linden", cause="fibre", restored=START + 100 * MINUTE),
    "still_out": OutageContext(started=START, place="Linden", restored=START + 100 * MINUTE),
}
_OTHER_OUTAGES: tuple[Context, ...] = (
    OutageContext(started=START),
    OutageContext(started=START, place="Linden", cause="fibre", etr=START + HOUR, restored=START + HOUR),
    OutageContext(started=START, place="Linden", cause="unknown", etr=START + 9 * HOUR, restored=START + 50 * HOUR),
    OutageContext(started=START, place="Linden", cause="fibre", etr=START + 9 * HOUR, promised=START + 8 * HOUR),
    OutageContext(started=START, place=HOSTILE, cause="a {{ crew }}'s <b>words</b>", text="Some <u>words</u>.\nTwo."),
)

_NIGHT = START + 2 * DAY + 4 * HOUR
_WORK = MaintenanceContext(start=_NIGHT, end=_NIGHT + 4 * HOUR, place="Linden", reason="new fibre equipment")
_WORKS: dict[str, MaintenanceContext] = {
    "announced": _WORK,
    "started": _WORK,
    "moved": MaintenanceContext(
        start=_NIGHT + DAY,
        end=_NIGHT + DAY + 4 * HOUR,
        place="Linden",
        reason="new fibre equipment",
        previous_start=_NIGHT,
        previous_end=_NIGHT + 4 * HOUR,
    ),
    "cancelled": _WORK,
    "overrun": MaintenanceContext(start=_NIGHT, end=_NIGHT + 4 * HOUR, place="Linden", expected=_NIGHT + 5 * HOUR),
    "completed": MaintenanceContext(start=_NIGHT, end=_NIGHT + 4 * HOUR, place="Linden", ended=_NIGHT + 3 * HOUR),
}
_OTHER_WORKS: tuple[Context, ...] = (
    MaintenanceContext(start=START, end=START + HOUR),
    MaintenanceContext(start=START, end=START + 9 * HOUR, previous_start=START - DAY, previous_end=START),
    MaintenanceContext(start=START, end=START + HOUR, place=HOSTILE, reason=HOSTILE, text="Some <u>words</u>."),
)


def _usage(percent: float, used: str, **more: object) -> UsageContext:
    fields = {"bucket": "data", "allowance": 10, "unit": "GB", "cycle_end": START + 9 * DAY} | more
    return UsageContext(percent=percent, used=Decimal(used), **fields)  # type: ignore[arg-type] # fields of the struct


_USAGE: dict[str, UsageContext] = {
    "threshold": _usage(80, "8.1"),
    "forecast": _usage(55, "5.5", runs_out=START + 5 * DAY, offer=TOP_UP),
    "spend": _usage(80, "40", bucket="roaming", allowance=50, unit="EUR"),
}
_OTHER_USAGE: tuple[Context, ...] = (
    _usage(100, "10", offer=PLAN),
    _usage(100, "100", bucket="voice", allowance=100, unit="min"),
    _usage(99.5, "0", bucket=HOSTILE, allowance=0, unit="<i>", offer=STRANGE),
)

_MORNING = START + DAY + 11 * HOUR + 30 * MINUTE
_VISIT = AppointmentContext(kind="technician", start=_MORNING, end=_MORNING + 4 * HOUR)
_MOVED = AppointmentContext(
    kind="technician",
    start=_MORNING + 2 * HOUR,
    end=_MORNING + 6 * HOUR,
    previous_start=_MORNING,
    previous_end=_MORNING + 4 * HOUR,
)
_APPOINTMENTS = {"offered": AppointmentContext(kind="technician"), "delayed": _MOVED, "rescheduled": _MOVED}
_OTHER_APPOINTMENTS: tuple[Context, ...] = (
    AppointmentContext(kind="install", start=_MORNING, end=_MORNING + HOUR, instructions=HOSTILE),
    AppointmentContext(kind="store", start=_MORNING, end=_MORNING + HOUR),
    AppointmentContext(kind="callback", start=START, end=START + 9 * HOUR),
)

_OTHERS: dict[str, tuple[Context, ...]] = {
    "bill": (
        BillContext(
            amount=Decimal("89.90"),
            currency="EUR",
            usual=49,
            due=START + 14 * DAY,
            differences=(("Roaming", Decimal("32.40")), ("Calls abroad", Decimal("10.50")), ("Discount", -2)),
        ),
        BillContext(amount=90, currency="USD", usual=Decimal("45.5")),
        BillContext(amount=90, currency="???", usual=40, differences=((HOSTILE, 50),)),
    ),
    "contract": (
        ContractContext(ends=START + 30 * DAY, plan="Nord S", use="over", suggestion=PLAN),
        ContractContext(ends=START + 30 * DAY, plan="Nord L", use="under", suggestion=PLAN),
        ContractContext(ends=START + 30 * DAY, plan="Nord M", use="fits"),
        ContractContext(ends=START + 30 * DAY),
        ContractContext(ends=START, plan=HOSTILE, use="over", suggestion=STRANGE),
    ),
    "survey": (
        SurveyContext(about="outage", time=START, place="Linden"),
        SurveyContext(about="appointment", time=START),
        SurveyContext(about="outage", time=START, place=HOSTILE),
    ),
    "offer": (
        OfferContext(suggestion=PLAN, bucket="data", until=START + 9 * DAY),
        OfferContext(suggestion=TOP_UP),
        OfferContext(suggestion=STRANGE, bucket=HOSTILE),
    ),
    "choice": (ChoiceContext(),),
}


def samples(kind: str, stage: str) -> tuple[Context, ...]:
    """The contexts of a message, the ordinary one first. Raises KeyError for a message that there is not."""
    context = CONTEXTS[kind, stage]
    if context is OutageContext:
        return (_OUTAGES[stage], *_OTHER_OUTAGES)
    if context is MaintenanceContext:
        return (_WORKS[stage], *_OTHER_WORKS)
    if context is UsageContext:
        return (_USAGE[stage], *_OTHER_USAGE)
    if context is AppointmentContext:
        return (_APPOINTMENTS.get(stage, _VISIT), *_OTHER_APPOINTMENTS)
    return _OTHERS[kind]
