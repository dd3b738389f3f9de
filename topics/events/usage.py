"""Usage and bills: what customers consumed, and what Forewarn says about it."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from forewarn.topics.defaults import absent
from forewarn.topics.instants import Instant


class UsageRecord(Struct, frozen=True, gc=False, omit_defaults=True):
    """One usage record (`usage.records`, key = customer); `amount` is in the bucket's own unit."""

    record_id: str
    bucket: str
    amount: int | Decimal
    start: Instant
    end: Instant | None = None
    kind: Literal["usage", "correction", "top_up"] = absent("usage")
    line: str | None = None
    zone: str = absent("home")
    customer: str | None = None


class BillLine(Struct, frozen=True):
    """One line of a bill."""

    name: str
    amount: int | Decimal


class Bill(Struct, frozen=True, omit_defaults=True):
    """A bill (`billing.bills`, key = customer)."""

    bill_id: str
    time: Instant
    amount: int | Decimal
    currency: str
    due: str | int | None = None
    lines: tuple[BillLine, ...] = ()
    customer: str | None = None


class Offer(Struct, frozen=True):
    """The best next action that a near-allowance alert carries."""

    kind: Literal["top_up", "plan"]
    id: str
    price: int | Decimal


class UsageAlert(Struct, frozen=True, omit_defaults=True):
    """A threshold, forecast or spend alert (`usage.alerts`, key = customer). Instants are RFC 3339 text.

    `percent` is the threshold crossed, else the share used. Of `spend`, `used` and `allowance` are money: what usage
    beyond the allowance costs, and its limit, in the currency that `unit` names.
    """

    alert_id: str
    time: str
    bucket: str
    kind: Literal["threshold", "forecast", "spend"]
    percent: float
    used: int | Decimal
    allowance: int | Decimal
    unit: str
    cycle_start: str
    cycle_end: str
    runs_out: str | None = None
    probability: float | None = None
    offer: Offer | None = None
    customer: str | None = None
