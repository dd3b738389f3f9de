"""The customers of one partition: who they are, what serves them, and what they want to hear.

    customers.profiles ────────┐
    customers.subscriptions ───┼──> Customers ──> Customer (settings in force), element -> customers
    customers.preferences ─────┘

One table key a customer, `c/<customer>`. The index from elements to customers is in memory and is rebuilt by `restore`.
Invariant: the index holds exactly the services of the profiles in the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
from msgspec import Struct

from forewarn.alerts import choices
from forewarn.alerts.choices import EMPTY, Layer
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.customers import (
    AlertSubscription,
    Preference,
    Profile,
    QuietHours,
    Service,
    Subscription,
)

PREFIX = b"c/"
SCHEMA = b"\x01"


class Stored(Struct, frozen=True, array_like=True, omit_defaults=True):
    """A customer as kept in the table."""

    profile: Profile | None = None
    crm: Layer = EMPTY
    own: Layer = EMPTY


class ServiceRow(Struct, frozen=True, gc=False):
    """The part of a service that the index needs."""

    service_id: str
    kind: str
    element: str


class ProfileRow(Struct, frozen=True):
    """The part of a profile that the index needs."""

    services: tuple[ServiceRow, ...]
    segment: str = "consumer"


class StoredRow(Struct, frozen=True, array_like=True):
    """`Stored`, read only as far as the index needs: decoding skips the rest."""

    profile: ProfileRow | None = None


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Stored).decode
DECODE_ROW = msgspec.msgpack.Decoder(StoredRow).decode


class Customer:
    """A customer with a profile, and the settings in force for them."""

    def __init__(self, customer: str, profile: Profile, crm: Layer, own: Layer) -> None:
        self.id = customer
        self.profile = profile
        self._crm = crm
        self._own = own

    @property
    def services(self) -> tuple[Service, ...]:
        """What the customer is served by."""
        return self.profile.services

    @property
    def vulnerable(self) -> bool:
        """Whether the operator marked the customer as vulnerable."""
        return self.profile.segment == "vulnerable"

    @property
    def locale(self) -> str | None:
        """The language chosen, else the profile's locale."""
        return choices.effective(self._crm.language, self._own.language) or self.profile.locale

    @property
    def time_zone(self) -> str | None:
        """IANA name, unchecked; None when the profile has none."""
        return self.profile.time_zone

    @property
    def quiet_hours(self) -> QuietHours | None:
        """Local hours in which only critical messages pass."""
        return choices.effective(self._crm.quiet_hours, self._own.quiet_hours)

    @property
    def thresholds(self) -> dict[str, tuple[float, ...]]:
        """Bucket -> the customer's own thresholds in percent; buckets without a choice are absent."""
        if not (self._crm.thresholds or self._own.thresholds):
            return {}
        return {
            bucket: percents
            for bucket in sorted({*self._crm.thresholds, *self._own.thresholds})
            if (percents := choices.effective(self._crm.thresholds.get(bucket), self._own.thresholds.get(bucket)))
            is not None
        }

    def subscription(self, kind: str) -> AlertSubscription | None:
        """What the customer chose for one alert kind; None without a choice."""
        return choices.effective(self._crm.alerts.get(kind), self._own.alerts.get(kind))

    def consented(self, purposes: tuple[str, ...], channel: str) -> bool | None:
        """The newest consent for the purposes on the channel; None when there is none."""
        if not self.has_consents:
            return None
        return choices.consented((self._crm, self._own), purposes, channel)

    def agreed(self, purposes: tuple[str, ...], channels: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the channels on which the customer consented to one of the purposes."""
        return choices.granted((self._crm, self._own), purposes, channels) if self.has_consents else ()

    @property
    def has_consents(self) -> bool:
        """Whether the customer granted or refused anything at all."""
        return bool(self._crm.consents or self._own.consents)

    @property
    def consents(self) -> tuple[tuple[str, str, bool], ...]:
        """What the customer granted and refused (purpose, channel, granted), the newest last."""
        return choices.consents_in_order((self._crm, self._own)) if self.has_consents else ()

    def address(self, channel: str) -> str | None:
        """Where a channel reaches the customer; structured push and webhook addresses as JSON. None = nowhere."""
        if channel == "inapp":
            return self.id
        contacts = self.profile.contacts
        known = {
            "email": contacts.email,
            "sms": contacts.phone,
            "push": contacts.push,
            "webhook": contacts.webhook,
        }.get(channel)
        if not known:
            return None
        return known if isinstance(known, str) else msgspec.json.encode(known, order="sorted").decode()


def another_access(one: Service | ServiceRow, other: Service | ServiceRow) -> bool:
    """Whether `other` carries what `one` carries, over another element.

    Two rows of one service are its two accesses; so are two services of one kind, except mobile ones: a second SIM is
    another person's. A mobile phone is no access for what a fixed line carries.
    """
    if one.element == other.element:
        return False
    return one.service_id == other.service_id or (one.kind == other.kind and one.kind != "mobile")


class Customers:
    """The customers of one partition."""

    def __init__(self) -> None:
        self.by_element: dict[str, set[str]] = {}
        self.vulnerable: set[str] = set()
        self.business: set[str] = set()
        #: Customers who may be served by a second access: only they need a closer look.
        self.several: set[str] = set()

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index from the table."""
        for key, value in table.items():
            if key.startswith(PREFIX):
                row = DECODE_ROW(memoryview(value)[1:]).profile
                if row is not None:
                    self._index(key[len(PREFIX) :].decode(), row)

    def get(self, unit: Unit, customer: str) -> Customer | None:
        """The customer, or None without a profile."""
        value = unit.get(PREFIX + customer.encode())
        return _customer(customer, value) if value is not None else None

    def profile(self, unit: Unit, customer: str, profile: Profile) -> bool:
        """Takes a profile; False when it says nothing new."""
        stored = self._stored(unit, customer)
        if stored.profile is not None:
            self._forget(customer, stored.profile)
        self._index(customer, profile)
        return self._store(unit, customer, Stored(profile, stored.crm, stored.own))

    def subscription(self, unit: Unit, customer: str, subscription: Subscription | None, recorded: int) -> bool:
        """Takes the CRM's subscription as of its record's time (epoch ms); None is a tombstone. False: nothing new."""
        stored = self._stored(unit, customer)
        crm = choices.from_subscription(stored.crm, subscription, recorded)
        own = choices.keep_denials(stored.own, subscription, recorded) if subscription is not None else stored.own
        return self._store(unit, customer, msgspec.structs.replace(stored, crm=crm, own=own))

    def preference(self, unit: Unit, customer: str, patch: Preference, recorded: int) -> bool:
        """Takes a patch by the customer; False when it says nothing new."""
        stored = self._stored(unit, customer)
        own = choices.patched(stored.own, patch, recorded)
        return self._store(unit, customer, msgspec.structs.replace(stored, own=own))

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets everything about the customer."""
        stored = self._stored(unit, customer)
        if stored.profile is not None:
            self._forget(customer, stored.profile)
        unit.delete(PREFIX + customer.encode())

    def rank(self, customer: str) -> int:
        """Who is told first of many: vulnerable customers, then businesses, then all others."""
        return 0 if customer in self.vulnerable else 1 if customer in self.business else 2

    def of(self, elements: Iterable[str]) -> set[str]:
        """The customers that any of the elements serves."""
        by_element = self.by_element
        return set().union(*(by_element[element] for element in elements if element in by_element))

    def _stored(self, unit: Unit, customer: str) -> Stored:
        value = unit.get(PREFIX + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else Stored()

    def _store(self, unit: Unit, customer: str, stored: Stored) -> bool:
        key, value = PREFIX + customer.encode(), SCHEMA + ENCODE(stored)
        if unit.get(key) == value:
            return False
        unit.put(key, value)
        return True

    def _index(self, customer: str, profile: Profile | ProfileRow) -> None:
        for service in profile.services:
            self.by_element.setdefault(service.element, set()).add(customer)
        if profile.segment == "vulnerable":
            self.vulnerable.add(customer)
        elif profile.segment == "business":
            self.business.add(customer)
        services = profile.services
        if len(services) > 1 and any(another_access(one, other) for one in services for other in services):
            self.several.add(customer)

    def _forget(self, customer: str, profile: Profile) -> None:
        for service in profile.services:
            served = self.by_element.get(service.element)
            if served is not None:
                served.discard(customer)
                if not served:
                    del self.by_element[service.element]
        self.vulnerable.discard(customer)
        self.business.discard(customer)
        self.several.discard(customer)


@lru_cache(maxsize=8)  # one event asks several times for the same customer
def _customer(customer: str, value: bytes) -> Customer | None:
    stored = DECODE(memoryview(value)[1:])
    return Customer(customer, stored.profile, stored.crm, stored.own) if stored.profile is not None else None
