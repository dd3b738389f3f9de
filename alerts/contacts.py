"""Contacts that were found not to work: which of a customer's addresses nothing should be sent to.

    notifications.log: failed, bad_contact ─┐
    delivery.receipts: bounced, complained ─┼──> `b/<customer>`: channel -> Mark(address, until)
    delivery.receipts: delivered ───────────┤    the mark is lifted
    customers.profiles: another address ────┘    a mark counts for its own address alone

Invariant: news about an address that the customer had before says nothing about the one they have now, so `changed`
remembers since when. The table holds no address, only a digest of it.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from msgspec import Struct

from forewarn.alerts import phone
from forewarn.alerts.customers import Customer
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import Forgotten

PREFIX = b"b/"
SCHEMA = b"\x01"

#: Receipts after which an address is left alone: it is none, or its owner calls our mail junk.
BAD = frozenset({"bounced", "complained"})
#: Channels whose addresses are a customer's contacts.
CHANNELS = ("email", "sms", "push", "webhook")


class Mark(Struct, frozen=True, array_like=True):
    """The digest of an address that does not work, and until when (epoch ms) that is believed."""

    address: bytes
    until: int


class Row(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What is known of one customer's contacts. `changed`: channel -> since when (epoch ms) the address is another."""

    marks: dict[str, Mark] = {}
    changed: dict[str, int] = {}


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Row).decode


class Contacts:
    """The contacts of one partition's customers, as far as there is something to say against them."""

    def __init__(self, policy: AlertPolicy) -> None:
        self.policy = policy

    def bad(self, unit: Unit, person: Customer | None) -> frozenset[str]:
        """Channels whose present address was found not to work."""
        if person is None or (row := self._row(unit, person.id)) is None:
            return frozenset()
        return frozenset(
            channel
            for channel, mark in row.marks.items()
            if mark.until > unit.now and mark.address == digest(person.address(channel))
        )

    def heard(self, unit: Unit, person: Customer | None, channel: str, *, sent: int, good: bool) -> None:
        """Takes news of the address that a message was sent to at `sent` (epoch ms)."""
        if person is None or (address := person.address(channel)) is None:
            return
        row = self._row(unit, person.id)
        if good and (row is None or channel not in row.marks):
            return
        row = row or Row()
        if sent < row.changed.get(channel, 0):
            return
        marks = {name: mark for name, mark in row.marks.items() if name != channel and mark.until > unit.now}
        if not good:
            marks[channel] = Mark(digest(address), unit.now + ms(self.policy.bad_contact_s))
        self._store(unit, person.id, msgspec.structs.replace(row, marks=marks))

    def moved(self, unit: Unit, before: Customer | None, after: Customer | None) -> None:
        """Takes a new profile of a customer."""
        if before is None or after is None or before.profile.contacts == after.profile.contacts:
            return
        others = {name: unit.now for name in CHANNELS if before.address(name) != after.address(name)}
        row = self._row(unit, after.id) or Row()
        marks = {name: mark for name, mark in row.marks.items() if name not in others}
        self._store(unit, after.id, Row(marks, row.changed | others))

    def part(self, unit: Unit, person: Customer | None) -> None:
        """Says goodbye to a customer who is deleted: what waits for them is not sent, and whoever knows them by their
        number is to forget them."""
        if person is None:
            return
        word = msgspec.json.encode(Forgotten(person.id, unit.now))
        unit.emit("delivery.inbound", person.id.encode(), word)
        number = phone.digits(person.address("sms") or "")
        if number is not None:
            unit.emit("delivery.inbound", phone.digest(number).encode(), word)

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer."""
        unit.delete(PREFIX + customer.encode())

    def _row(self, unit: Unit, customer: str) -> Row | None:
        value = unit.get(PREFIX + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else None

    def _store(self, unit: Unit, customer: str, row: Row) -> None:
        if row.marks or row.changed:
            unit.put(PREFIX + customer.encode(), SCHEMA + ENCODE(row))
        else:
            unit.delete(PREFIX + customer.encode())


def digest(address: str | None) -> bytes:
    """Stands for an address."""
    return blake2b((address or "").encode(errors="surrogatepass"), digest_size=8).digest()
