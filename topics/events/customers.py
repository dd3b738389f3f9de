"""Events about customers: who they are, what they subscribed to, what they did."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from forewarn.topics.instants import Instant

AlertKind = Literal["outage", "maintenance", "usage", "offer", "appointment", "bill", "contract", "survey"]
ClockTime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Channel = Literal["email", "sms", "push", "webhook", "inapp"]


class Service(Struct, frozen=True, omit_defaults=True):
    """One service of a customer and the network element that serves it."""

    service_id: str
    kind: Literal["fixed", "mobile", "voice", "tv"]
    element: str
    region: str


class Bucket(Struct, frozen=True, omit_defaults=True):
    """One allowance of a plan; `allowance` is in `unit`."""

    bucket: str
    allowance: int | Decimal
    unit: str
    rollover: bool | int | Decimal | None = None
    overage_price: int | Decimal | None = None
    spend_limit: int | Decimal | None = None


class Plan(Struct, frozen=True, omit_defaults=True):
    """The customer's plan. The billing cycle starts on `cycle_day` (1-31) at midnight in the customer's time zone."""

    plan_id: str
    name: str
    price: int | Decimal
    currency: str
    cycle_day: Annotated[int, Meta(ge=1, le=31)]
    buckets: tuple[Bucket, ...] = ()


class Contacts(Struct, frozen=True, omit_defaults=True):
    """Where a customer can be reached."""

    email: str | None = None
    phone: str | None = None
    push: Any = None
    webhook: Any = None


class Profile(Struct, frozen=True, omit_defaults=True):
    """One customer account (`customers.profiles`, key = customer, compacted)."""

    name: str
    services: tuple[Service, ...]
    customer: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    segment: Literal["consumer", "vulnerable", "business"] = "consumer"
    plan: Plan | None = None
    contacts: Contacts = Contacts()
    contract_end: date | None = None
    address: Any = None


class AlertSubscription(Struct, frozen=True, omit_defaults=True):
    """For one alert kind: the channels in order of preference."""

    kind: AlertKind
    channels: tuple[Channel, ...] = ()
    enabled: bool = True


class QuietHours(Struct, frozen=True):
    """`HH:MM` in the customer's local time; may run across midnight."""

    start: ClockTime
    end: ClockTime


class Consent(Struct, frozen=True):
    """One consent; per purpose and channel the newest `time` wins, whatever the source."""

    purpose: str
    channel: str
    granted: bool
    source: str
    time: Instant


class Subscription(Struct, frozen=True, omit_defaults=True):
    """What a customer wants to hear (`customers.subscriptions`, key = customer, compacted)."""

    alerts: tuple[AlertSubscription, ...] = ()
    customer: str | None = None
    thresholds: dict[str, tuple[float, ...]] | None = None
    quiet_hours: QuietHours | None = None
    language: str | None = None
    consents: tuple[Consent, ...] = ()


class Preference(Struct, frozen=True, omit_defaults=True):
    """A patch of subscriptions' fields (`customers.preferences`, key = customer); newest `time` wins."""

    time: Instant
    source: str
    customer: str | None = None
    alerts: tuple[AlertSubscription, ...] | None = None
    thresholds: dict[str, tuple[float, ...]] | None = None
    quiet_hours: QuietHours | None = None
    language: str | None = None
    consents: tuple[Consent, ...] | None = None


class Interaction(Struct, frozen=True, omit_defaults=True):
    """A contact between customer and operator (`customers.interactions`, key = customer)."""

    id: str
    time: Instant
    kind: Literal["case_opened", "case_closed", "complaint", "help_viewed", "reply", "survey"]
    customer: str | None = None
    case_id: str | None = None
    channel: str | None = None
    text: str | None = None
    score: float | None = None
    topic: str | None = None


class Appointment(Struct, frozen=True, omit_defaults=True):
    """An appointment (`customers.appointments`, key = customer)."""

    appointment_id: str
    time: Instant
    kind: Literal["technician", "install", "store", "callback"]
    status: Literal["booked", "confirmed", "en_route", "delayed", "rescheduled", "completed", "cancelled", "missed"]
    start: Instant
    end: Instant
    customer: str | None = None
