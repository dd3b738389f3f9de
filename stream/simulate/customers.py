"""The simulated customers: who they are, what serves them, what they bought and what they want to hear.

Contacts cannot reach anybody: mail goes to example.com (RFC 2606), phone numbers are from the ranges that Ofcom, the
Bundesnetzagentur, Arcep and the North American Numbering Plan set aside for fiction.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct

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
#: The bucket that usage abroad draws on, and what is in it.
ROAMING, ROAMING_MB = "roaming:eu", 3_000
#: Share of accounts with several lines, with a roaming allowance, and with a contract that ends.
FAMILIES, ROAMERS, CONTRACTS = 0.25, 0.25, 0.5
_GIVEN = {
    "en": ("Amelia", "Oliver", "Isla", "George", "Ava", "Arthur", "Mia", "Noah", "Zoë", "Aoife"),
    "de": ("Anna", "Jürgen", "Lea", "Jonas", "Käthe", "Max", "Sophie", "Björn", "Clara", "Uwe"),
    "es": ("Lucía", "Hugo", "Sofía", "Martín", "Begoña", "Íñigo", "Carmen", "José", "Ana", "Álvaro"),
    "fr": ("Jade", "Gabriel", "Louise", "Raphaël", "Chloé", "Loïc", "Anaïs", "François", "Inès", "Théo"),
}
_FAMILY = {
    "en": ("Smith", "Jones", "O'Neill", "Brown", "Taylor", "Wilson", "Davies", "Evans", "Walker", "Hughes"),
    "de": ("Müller", "Schmidt", "Weiß", "Fischer", "Weber", "Groß", "Wagner", "Becker", "Köhler", "Schäfer"),
    "es": ("García", "Muñoz", "Pérez", "Sánchez", "Ibáñez", "Gómez", "Núñez", "Díaz", "Álvarez", "Ruiz"),
    "fr": ("Martin", "Lefèvre", "Dubois", "Garçon", "Moreau", "Noël", "Girard", "Bonnet", "Besnard", "Gauthier"),
}
_LOCALES = {
    "Europe/London": "en-GB",
    "Europe/Dublin": "en-IE",
    "Europe/Berlin": "de-DE",
    "Europe/Vienna": "de-AT",
    "Europe/Zurich": "de-CH",
    "Europe/Madrid": "es-ES",
    "Europe/Paris": "fr-FR",
}


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
    """One account. `wishes` is None for a customer who never subscribed; `heaviness` scales the usage.

    `lines`: the subscribers of a family pool, none for an account of one; `roams`: the plan has a roaming allowance;
    `contract_days`: days from the world's start until the contract ends.
    """

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
    lines: tuple[str, ...] = ()
    roams: bool = False
    contract_days: int | None = None

    @property
    def allowances(self) -> dict[str, int]:
        """Bucket -> allowance, in MB, minutes and messages."""
        _, _, _, data, voice, sms = self.plan
        roaming = {ROAMING: ROAMING_MB} if self.roams else {}
        return {"voice": voice, "sms": sms} | ({} if data is None else {"data": data}) | roaming

    @property
    def thresholds(self) -> tuple[int, ...]:
        """Percent at which the data bucket is to be told about."""
        return (self.wishes and self.wishes.thresholds) or (50, 80, 100)


def build(seed: int, size: Size, network: Network) -> tuple[Customer, ...]:
    """The customers of a seed, spread over the regions and, inside a region, over what serves."""
    random, more = draws(seed, "customers"), draws(seed, "customers/contracts")
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
        customers.append(_customer(random, more, number, PLACES[index % len(PLACES)][0], services))
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


def _customer(random: Random, more: Random, number: int, zone: str, services: tuple[Service, ...]) -> Customer:
    """`more` draws what was added to customers over time, so that the rest of them stay who they are."""
    draw = more.random
    locale = _LOCALES.get(zone, "en-US")
    if random.random() < 0.1:  # whoever moved here keeps their language
        locale = random.choice(("en", "de", "en-GB", "de-DE", "fr-FR", "es-MX", "it-IT"))
    language = locale.partition("-")[0]
    given, family = _GIVEN.get(language, _GIVEN["en"]), _FAMILY.get(language, _FAMILY["en"])
    plan = random.choices(PLANS, (35, 40, 20, 5))[0]
    reach = random.random()
    customer = f"C{number + 1:07d}"
    return Customer(
        customer=customer,
        name=f"{random.choice(given)} {random.choice(family)}",
        locale=locale,
        time_zone=zone,
        segment=random.choices(("consumer", "vulnerable", "business"), (90, 4, 6))[0],
        services=services,
        plan=plan,
        cycle_day=random.randint(1, 31),
        email=f"{customer.lower()}@example.com" if reach >= 0.04 else None,
        phone=_phone(zone, number) if reach < 0.03 or reach >= 0.2 else None,
        wishes=_wishes(random) if random.random() < 0.9 else None,
        heaviness=min(4.0, random.lognormvariate(-0.4, 0.5)),
        near=plan[3] is not None and random.random() < 0.04,
        lines=tuple(f"{customer}-{line}" for line in range(1, more.randrange(3, 6))) if draw() < FAMILIES else (),
        roams=draw() < ROAMERS,
        contract_days=more.randrange(0, 730) if draw() < CONTRACTS else None,
    )


def _phone(zone: str, number: int) -> str:
    if zone.startswith("America/"):
        return f"+120255501{number % 100:02d}"
    if zone == "Europe/Paris":
        return f"+336399801{number % 100:02d}"
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
