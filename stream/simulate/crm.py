"""What the CRM writes of the simulated customers: `customers.profiles` and, of most, `customers.subscriptions`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import UNSET, Struct, UnsetType

from forewarn.stream.simulate.customers import ROAMING, ROAMING_MB, Customer, Service, Wishes

_KINDS = ("outage", "maintenance", "usage", "offer", "appointment", "bill", "contract", "survey")


class Profile(Struct, frozen=True):
    """The value of `customers.profiles`."""

    customer: str
    name: str
    locale: str
    time_zone: str
    segment: str
    services: tuple[Service, ...]
    plan: dict[str, object]
    contacts: dict[str, str]
    contract_end: str | UnsetType = UNSET


class Subscription(Struct, frozen=True):
    """The value of `customers.subscriptions`."""

    customer: str
    alerts: list[dict[str, object]]
    consents: list[dict[str, object]]
    language: str
    thresholds: dict[str, tuple[int, ...]] | UnsetType = UNSET
    quiet_hours: dict[str, str] | UnsetType = UNSET


def profile(customer: Customer, start: int) -> Profile:
    """What the CRM writes about a customer of a world that starts at `start`, epoch ms."""
    plan_id, name, price, data, voice, sms = customer.plan
    buckets: list[dict[str, object]] = [
        {"bucket": "voice", "allowance": voice, "unit": "min"},
        {"bucket": "sms", "allowance": sms, "unit": "messages"},
    ]
    if data is not None:
        buckets.insert(0, {"bucket": "data", "allowance": data, "unit": "MB", "overage_price": 0.02})
    if customer.roams:
        buckets.append(
            {
                "bucket": ROAMING,
                "allowance": ROAMING_MB,
                "unit": "MB",
                "overage_price": 0.05,
                "spend_limit": 60,
            }
        )
    plan: dict[str, object] = {
        "plan_id": plan_id,
        "name": name,
        "price": price,
        "currency": "EUR" if customer.time_zone.startswith("Europe/") else "USD",
        "cycle_day": customer.cycle_day,
        "buckets": buckets,
    }
    contacts = {"email": customer.email, "phone": customer.phone}
    return Profile(
        customer.customer,
        customer.name,
        customer.locale,
        customer.time_zone,
        customer.segment,
        customer.services,
        plan,
        {kind: address for kind, address in contacts.items() if address is not None},
        UNSET if customer.contract_days is None else _date(start, customer.contract_days),
    )


def subscription(customer: Customer, wishes: Wishes, time: int) -> Subscription:
    """What the CRM writes about a customer's wishes; `time` (epoch ms) is when the consents were given."""
    other = "sms" if wishes.channel == "email" else "email"
    return Subscription(
        customer.customer,
        [
            {"kind": kind, "channels": [wishes.channel, other]} | ({"enabled": False} if kind in wishes.off else {})
            for kind in _KINDS
        ],
        [
            {"purpose": "marketing", "channel": channel, "granted": wishes.marketing, "source": "crm", "time": time}
            for channel in ("email", "sms")
        ],
        customer.locale.partition("-")[0],
        UNSET if wishes.thresholds is None else {"data": wishes.thresholds},
        UNSET if wishes.quiet is None else {"start": wishes.quiet[0], "end": wishes.quiet[1]},
    )


def _date(start: int, days: int) -> str:
    return (datetime.fromtimestamp(start / 1000, UTC).date() + timedelta(days)).isoformat()
