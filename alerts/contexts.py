"""What a message is about: the typed facts that templates may speak of, one Struct a kind.

`decide` fills a context from an outage's revision or a usage alert; `render.py` puts it into words. Instants are epoch
milliseconds. A context is equal for all customers who are to read the same words, which is what rendering is cached by,
so it holds nothing about one customer unless the message is about that customer alone (`shared` says which).
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


Context = OutageContext | UsageContext | BillContext

#: Every message that can be rendered, and the type of its context. A kind is added here and in `templates/`.
CONTEXTS: dict[tuple[str, str], type[OutageContext | UsageContext]] = {
    ("outage", "confirmed"): OutageContext,
    ("outage", "estimated"): OutageContext,
    ("outage", "re_estimated"): OutageContext,
    ("outage", "overdue"): OutageContext,
    ("outage", "restored"): OutageContext,
    ("usage", "threshold"): UsageContext,
}

#: Channels that have templates.
CHANNELS = ("email", "sms", "webhook")
