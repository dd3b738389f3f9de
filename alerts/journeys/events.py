"""Events: what can start and move a journey, and the fields by which a policy may speak of each.

    customers.appointments ──> appointment        outage restored and told ──> restored
    customers.interactions ──> help, still_out    billing.bills ─────────────> bill
    contract_end of the profile ──> contract      usage.alerts ──────────────> usage

Of planned work (`maintenance`) there is one journey for all its customers; the others are of one customer each. Besides
the fields of its event a condition may speak of the customer (`FACTS`). Invariant: every field that `Happening.fields`
can hold is listed here with its type.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Value = bool | int | float | str
FieldType = Literal["text", "number", "instant", "flag"]


class Field(Struct, frozen=True):
    """A field: its type, what it says, and, of a text, all that it can be (empty: anything)."""

    type: FieldType
    about: str
    words: tuple[str, ...] = ()


class Event(Struct, frozen=True):
    """A kind of event: what it is, by which field its events belong together, and its fields (`time` is one of all).

    `shared`: one journey for all customers of it.
    """

    about: str
    subject: str
    fields: dict[str, Field]
    shared: bool = False


class Happening(Struct, frozen=True):
    """One event of one customer at `time` (epoch ms). Events of one `subject` are of one journey.

    `incident` is what its messages are about; instants among the fields are epoch ms.
    """

    event: str
    subject: str
    incident: str
    time: int
    fields: dict[str, Value]


_STATUSES = ("booked", "confirmed", "en_route", "delayed", "rescheduled", "completed", "cancelled", "missed")
_WORKS = ("planned", "started", "moved", "overrun", "completed", "cancelled")

EVENTS: dict[str, Event] = {
    "appointment": Event(
        "An appointment is booked, or changes",
        "appointment_id",
        {
            "appointment_id": Field("text", "its id"),
            "kind": Field("text", "what it is", ("technician", "install", "store", "callback")),
            "status": Field("text", "where it stands", _STATUSES),
            "start": Field("instant", "its beginning"),
            "end": Field("instant", "its end"),
        },
    ),
    "help": Event(
        "The customer looks at a help page",
        "topic",
        {
            "topic": Field("text", "what the page is about"),
            "times": Field("number", "how often the topic was looked at within the trigger's `within`"),
            "channel": Field("text", "where"),
        },
    ),
    "still_out": Event(
        "The customer replies that service is not back, after their outage ended",
        "outage_id",
        {
            "outage_id": Field("text", "the outage"),
            "restored": Field("instant", "when it ended"),
        },
    ),
    "restored": Event(
        "The customer is told that their outage is over",
        "outage_id",
        {
            "outage_id": Field("text", "the outage"),
            "started": Field("instant", "when it began"),
            "restored": Field("instant", "when it ended"),
            "duration_s": Field("number", "how long it lasted, in seconds"),
            "place": Field("text", "where"),
        },
    ),
    "contract": Event(
        "The end of the customer's contract comes near",
        "contract_end",
        {
            "contract_end": Field("text", "the last day, as 2026-11-22"),
            "ends": Field("instant", "the beginning of the last day, in the customer's zone"),
            "plan": Field("text", "the plan's name"),
            "plan_id": Field("text", "the plan's id"),
            "use": Field("text", "how it fitted the last cycles; empty: not known", ("over", "fits", "")),
            "suggested": Field("text", "the name of a plan that would fit better"),
            "price": Field("number", "what that costs"),
            "currency": Field("text", "in which currency (ISO 4217)"),
        },
    ),
    "bill": Event(
        "A bill is written",
        "bill_id",
        {
            "bill_id": Field("text", "its id"),
            "amount": Field("number", "what it comes to"),
            "currency": Field("text", "in which currency (ISO 4217)"),
            "due": Field("instant", "the beginning of the day by which it is to be paid"),
            "shock": Field("flag", "whether it is far above the usual ones"),
        },
    ),
    "usage": Event(
        "A share of an allowance is used up, will be, or a limit is reached",
        "alert_id",
        {
            "alert_id": Field("text", "the alert"),
            "kind": Field("text", "which", ("threshold", "forecast", "spend")),
            "bucket": Field("text", "the allowance"),
            "percent": Field("number", "the share"),
            "cycle_end": Field("instant", "when the allowance renews"),
        },
    ),
    "maintenance": Event(
        "Planned work is announced, or changes",
        "maintenance_id",
        {
            "maintenance_id": Field("text", "its id"),
            "status": Field("text", "where it stands", _WORKS),
            "start": Field("instant", "its beginning"),
            "end": Field("instant", "its end"),
            "reason": Field("text", "the operator's words for why"),
        },
        shared=True,
    ),
}

#: Fields of every event.
COMMON: dict[str, Field] = {"time": Field("instant", "when it happened")}

#: What a condition may ask of the customer, as it is when the condition is looked at.
FACTS: dict[str, Field] = {
    "outage": Field("text", "whether an outage is theirs now", ("none", "suspected", "confirmed")),
    "segment": Field("text", "their segment", ("consumer", "vulnerable", "business")),
    "consent": Field("flag", "whether they agreed to be asked (kind survey, or marketing) on any channel"),
}


def fields_of(event: str) -> dict[str, Field]:
    """All that a moment or condition may name of an event's own; empty for an event that there is not."""
    return {**EVENTS[event].fields, **COMMON} if event in EVENTS else {}
