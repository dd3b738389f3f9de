"""The simulated customers: who they are, what serves them, what they bought and what they want to hear.

Contacts cannot reach anybody: mail goes to example.com (RFC 2606), phone numbers are from the ranges that Ofcom, the
Bundesnetzagentur and the North American Numbering Plan set aside for fiction.
"""

from __future__ import annotations

from random import Random

from msgspec import UNSET, Struct, UnsetType

from forewarn.stream.simulate.layout import PLACES
from forewarn.stream.simulate.network import Element, Network
from forewarn.stream.simulate.size import Size, draws

#: Plan id, name, monthly price, data allowance in MB (None: unlimited), voice minutes, text messages.
PLANS: tuple[tuple[str, str, int, int | None, int, int], ...] = (
    ("s", "Small", 15, 10_000, 100, 100),
    ("m", "Medium", 25, 30_000, 300, 200),
    ("l", "Large", 40, 100_000, 1_000, 500),
    ("u", "Unlimited", 60, None, 3_000, 1_000),
)
_GIVEN = {
    "en": ("Amelia", "Oliver", "Isla", "George", "Ava", "Arthur", "Mia", "Noah", "Zoë", "Aoife"),
    "de": ("Anna", "Jürgen", "Lea", "Jonas", "Käthe", "Max", "Sophie", "Björn", "Clara", "Uwe"),
}
_FAMILY = {
    "en": ("Smith", "Jones", "O'Neill", "Brown", "Taylor", "Wilson", "Davies", "Evans", "Walker", "Hughes"),
    "de": ("Müller", "Schmidt", "Weiß", "Fischer", "Weber", "Groß", "Wagner", "Becker", "Köhler", "Schäfer"),
}
_LOCALES = {
    "Europe/London": "en-GB",
    "Europe/Dublin": "en-IE",
    "Europe/Berlin": "de-DE",
    "Europe/Vienna": "de-AT",
    "Europe/Zurich": "de-CH",
}
_KINDS = ("outage", "maintenance", "usage", "offer", "appointment", "bill", "contract", "survey")


class Service(Struct, frozen=True):
    """One service and the element that serves it."""

    service_id: str
    kind: str
    element: str
    region: str


class Wishes(Struct, frozen=True, kw_only=True):
    """What a customer's subscription says."""

    channel: str
    off: tuple[str, ...] = ()
    thresholds: tuple[int, ...] | None = None
    quiet: tuple[str, str] | None = None
    marketing: bool = True


class Customer(Struct, frozen=True, kw_only=True):
    """One account. `wishes` is None for a customer who never subscribed; `heaviness` scales the usage."""

    customer: str
    name: str
    locale: str
    time_zone: str
    segment: str
    services: tuple[Service, ...]
    plan: tuple[str, str, int, int | None, int, int]
    cycle_day: int
    email: str | None
    phone: str | None
    wishes: Wishes | None
    heaviness: float
    near: bool

    @property
    def allowances(self) -> dict[str, int]:
        """Bucket -> allowance, in MB, minutes and messages."""
        _, _, _, data, voice, sms = self.plan
        return {"voice": voice, "sms": sms} | ({} if data is None else {"data": data})

    @property
    def thresholds(self) -> tuple[int, ...]:
        """Percent at which the data bucket is to be told about."""
        return (self.wishes and self.wishes.thresholds) or (50, 80, 100)


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


class Subscription(Struct, frozen=True):
    """The value of `customers.subscriptions`."""

    customer: str
    alerts: list[dict[str, object]]
    consents: list[dict[str, object]]
    language: str
    thresholds: dict[str, tuple[int, ...]] | UnsetType = UNSET
    quiet_hours: dict[str, str] | UnsetType = UNSET


def build(seed: int, size: Size, network: Network) -> tuple[Customer, ...]:
    """The customers of a seed, spread over the regions and, inside a region, over what serves."""
    random = draws(seed, "customers")
    fixed: dict[str, list[Element]] = {}
    mobile: dict[str, list[Element]] = {}
    for element in network.elements:
        if element.serves:
            (mobile if element.kind == "cell" else fixed).setdefault(element.region, []).append(element)
    customers = []
    for number in range(size.customers):
        index = number % len(network.regions)
        region = network.regions[index]
        services = _services(random, number, fixed.get(region, []), mobile.get(region, []))
        customers.append(_customer(random, number, PLACES[index % len(PLACES)][0], services))
    return tuple(customers)


def _services(random: Random, number: int, fixed: list[Element], mobile: list[Element]) -> tuple[Service, ...]:
    draw = random.random()
    services = []
    if fixed and (draw < 0.75 or not mobile):
        element = random.choice(fixed)
        services.append(Service(f"S{number:07d}F", "fixed", element.element, element.region))
    if mobile and (draw >= 0.6 or not fixed):
        element = random.choice(mobile)
        services.append(Service(f"S{number:07d}M", "mobile", element.element, element.region))
    return tuple(services)


def _customer(random: Random, number: int, zone: str, services: tuple[Service, ...]) -> Customer:
    locale = _LOCALES.get(zone, "en-US")
    if random.random() < 0.1:  # whoever moved here keeps their language
        locale = random.choice(("en", "de", "en-GB", "de-DE", "fr-FR"))
    language = "de" if locale.startswith("de") else "en"
    plan = random.choices(PLANS, (35, 40, 20, 5))[0]
    reach = random.random()
    customer = f"C{number + 1:07d}"
    return Customer(
        customer=customer,
        name=f"{random.choice(_GIVEN[language])} {random.choice(_FAMILY[language])}",
        locale=locale,
        time_zone=zone,
        segment=random.choices(("consumer", "vulnerable", "business"), (90, 4, 6))[0],
        services=services,
        plan=plan,
        cycle_day=random.randint(1, 31),
        email=f"{customer.lower()}@example.com" if reach >= 0.04 else None,
        phone=_phone(zone, number) if reach < 0.03 or reach >= 0.2 else None,
        wishes=_wishes(random) if random.random() < 0.9 else None,
        heaviness=min(4.0, random.lognormvariate(-0.1, 0.5)),
        near=plan[3] is not None and random.random() < 0.04,
    )


def _phone(zone: str, number: int) -> str:
    if zone.startswith("America/"):
        return f"+120255501{number % 100:02d}"
    if zone == "Europe/Berlin":
        return f"+493023125{number % 1000:03d}"
    return f"+447700900{number % 1000:03d}"


def _wishes(random: Random) -> Wishes:
    draw = random.random
    off = tuple(kind for kind, share in (("outage", 0.03), ("usage", 0.05), ("offer", 0.3)) if draw() < share)
    return Wishes(
        channel="email" if draw() < 0.9 else "sms",
        off=off,
        thresholds=random.choice(((75, 90), (80,), (50, 75, 90, 100))) if draw() < 0.05 else None,
        quiet=random.choice((("22:00", "07:00"), ("23:30", "06:30"), ("13:00", "14:30"))) if draw() < 0.1 else None,
        marketing=draw() < 0.92,
    )


def profile(customer: Customer) -> Profile:
    """What the CRM writes about a customer."""
    plan_id, name, price, data, voice, sms = customer.plan
    buckets: list[dict[str, object]] = [
        {"bucket": "voice", "allowance": voice, "unit": "min"},
        {"bucket": "sms", "allowance": sms, "unit": "messages"},
    ]
    if data is not None:
        buckets.insert(0, {"bucket": "data", "allowance": data, "unit": "MB", "overage_price": 0.02})
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
