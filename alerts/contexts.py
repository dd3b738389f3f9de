"""What a message is about: the typed facts that templates may speak of, one Struct a kind.

`decide` fills a context from an outage's revision, a usage alert, an appointment, …; `render.py` puts it into words.
Instants are epoch milliseconds. A context is equal for all customers who are to read the same words, which is what
rendering is cached by, so it holds nothing about one customer unless the message is about that customer alone (`shared`
says which).
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from msgspec import Struct

Amount = int | float | Decimal


class OutageContext(Struct, frozen=True, kw_only=True):
    """An outage: where, since when, and what is known of its end.

    `place` is what people call the place (a region's or an element's name; empty = not said), `also` the places of
    other outages that the same message tells of. `cause` is one of the
    published causes or a field crew's own words; `unknown` and None are not mentioned. `etr` is the instant service is
    expected back by, `promised` the one that was named before it or has passed. `text` are an operator's own words,
    shown in place of the standard explanation.
    """

    shared: ClassVar[bool] = True

    started: int
    place: str = ""
    also: tuple[str, ...] = ()
    restored: int | None = None
    cause: str | None = None
    etr: int | None = None
    promised: int | None = None
    text: str | None = None


class MaintenanceContext(Struct, frozen=True, kw_only=True):
    """Planned work from `start` to `end`.

    `previous_start` and `previous_end` are what was announced before it was moved; `ended` when it was completed;
    `expected` the new end of work that overruns. `reason` are the operator's words for why.
    """

    shared: ClassVar[bool] = True

    start: int
    end: int
    place: str = ""
    reason: str | None = None
    previous_start: int | None = None
    previous_end: int | None = None
    expected: int | None = None
    ended: int | None = None
    text: str | None = None


class Suggestion(Struct, frozen=True, kw_only=True):
    """What would suit the customer: a top-up or a plan, by the name that people know, with its price."""

    kind: Literal["top_up", "plan"]
    name: str
    price: Amount
    currency: str


class UsageContext(Struct, frozen=True, kw_only=True):
    """A bucket near, at or over its allowance. `percent` is the threshold crossed, or the share used (`forecast`).

    Amounts are in `unit`; that of a `spend` alert is the currency (ISO 4217), its allowance the limit. `cycle_end` is
    exclusive: the instant the next cycle begins and the allowance renews. `runs_out` is when the allowance will
    probably be used up (`forecast`).
    """

    shared: ClassVar[bool] = False

    bucket: str
    percent: int | float
    used: int | Decimal
    allowance: int | Decimal
    unit: str
    cycle_end: int
    runs_out: int | None = None
    offer: Suggestion | None = None


class AppointmentContext(Struct, frozen=True, kw_only=True):
    """A visit or call between `start` and `end`; None = no time is named yet (`offered`).

    `previous_start` and `previous_end` are the window before it was rescheduled or delayed. `instructions` are the
    operator's own words on how to prepare; without them the standard ones for the kind are used.
    """

    shared: ClassVar[bool] = False

    kind: Literal["technician", "install", "store", "callback"]
    start: int | None = None
    end: int | None = None
    previous_start: int | None = None
    previous_end: int | None = None
    instructions: str | None = None


class BillContext(Struct, frozen=True, kw_only=True):
    """A bill that is higher than usual, and why. `usual` is what it normally comes to, `due` an instant of its day.

    `differences` are the largest changes by name of the line, largest first; positive = costs more than usual.
    """

    shared: ClassVar[bool] = False

    amount: Amount
    currency: str
    usual: Amount
    due: int | None = None
    differences: tuple[tuple[str, Amount], ...] = ()


class ContractContext(Struct, frozen=True, kw_only=True):
    """A contract that ends. `ends` is an instant of its last day.

    `use` says how the plan fitted the last cycles: `over` (often over the allowance), `under` (much is left over) or
    `fits`; empty = not known. `suggestion` is the plan that would fit better.
    """

    shared: ClassVar[bool] = False

    ends: int
    plan: str = ""
    use: Literal["over", "under", "fits", ""] = ""
    suggestion: Suggestion | None = None


class SurveyContext(Struct, frozen=True, kw_only=True):
    """A short question about something that is over: an outage (`restored`) or an appointment, at `time`."""

    shared: ClassVar[bool] = False

    about: Literal["outage", "appointment"]
    time: int
    place: str = ""


class OfferContext(Struct, frozen=True, kw_only=True):
    """An offer that fits how the customer uses their plan. `bucket` is what runs short; `until` the last moment."""

    shared: ClassVar[bool] = False

    suggestion: Suggestion
    bucket: str = ""
    until: int | None = None


class ChoiceContext(Struct, frozen=True, kw_only=True):
    """The answer to a keyword: what the customer asked for has been done, or how to ask for it."""

    shared: ClassVar[bool] = True


class JourneyContext(Struct, frozen=True, kw_only=True):
    """A message that a policy's own journey says: the fields of its event, by name (`journeys/events.py`)."""

    shared: ClassVar[bool] = False

    fields: dict[str, bool | int | float | str]


Context = (
    OutageContext
    | MaintenanceContext
    | UsageContext
    | AppointmentContext
    | BillContext
    | ContractContext
    | SurveyContext
    | OfferContext
    | ChoiceContext
    | JourneyContext
)

_STAGES: dict[type[Context], tuple[str, tuple[str, ...]]] = {
    OutageContext: ("outage", ("confirmed", "estimated", "re_estimated", "overdue", "restored", "still_out")),
    MaintenanceContext: (
        "maintenance",
        ("announced", "started", "moved", "cancelled", "overrun", "completed"),
    ),
    UsageContext: ("usage", ("threshold", "forecast", "spend")),
    AppointmentContext: (
        "appointment",
        ("offered", "confirm", "remind", "en_route", "delayed", "rescheduled", "cancelled", "missed"),
    ),
    BillContext: ("bill", ("explained",)),
    ContractContext: ("contract", ("ending",)),
    SurveyContext: ("survey", ("asked",)),
    OfferContext: ("offer", ("made",)),
    ChoiceContext: ("choice", ("stopped", "started", "helped")),
}

#: Every message that can be rendered, and the type of its context. A kind is added here and in `templates/`.
CONTEXTS: dict[tuple[str, str], type[Context]] = {
    (kind, stage): context for context, (kind, stages) in _STAGES.items() for stage in stages
}

#: Channels that have templates.
CHANNELS = ("email", "sms", "push", "webhook", "inapp")
