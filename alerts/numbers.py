"""What comes back from a phone number: whose message a receipt is about, and who it is that wrote.

    deliver ──> Handed(customer, ids) ──┐  by the number's digest, so that one partition sees both
    SMSC ─────> Returned(id), Said ─────┴──> delivery.receipts, customers.interactions, customers.preferences
    decide ───> Forgotten(customer)   (the one whose key is the customer is `delivery.py`'s)

A receipt names an SMSC's id and a number, but no customer, and may come to another process, hours later, or before the
worker that sent the message has written down its id: then it waits. A reply goes to everyone who was texted on that
number lately; STOP ends texts for each of them, START brings service messages back but no consent that was never given.

Table: `r/<digest>`. Invariant: of a message in several parts one receipt is passed on: `delivered` when the last part
is, else the first failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from forewarn.alerts.delivery_policy import DeliveryPolicy
from forewarn.alerts.keywords import keyword
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.topics.events.customers import Consent, Interaction, Preference
from forewarn.topics.events.messages import Forgotten, Handed, Inbound, Receipt, Returned, Said

PREFIX = b"r/"
SCHEMA = b"\x01"
#: Name of the timer that forgets what is over; its subject is the digest.
FORGET = "number.forget"
#: Receipts of unknown ids that are kept for a number: some are other systems', which share the connection.
EARLY = 64


class Awaited(Struct, frozen=True, array_like=True):
    """A part whose receipt is to come: of which notification to whom, and until when (epoch ms)."""

    notification_id: str
    customer: str
    channel: str
    until: int


class Row(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One number: when (epoch ms) each customer was last texted there, receipts to come, and those that came early.

    `due`: when (epoch ms) the row is looked at again; 0: no timer is set.
    """

    texted: dict[str, int] = {}
    awaited: dict[str, Awaited] = {}
    early: dict[str, Returned] = {}
    due: int = 0


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Row).decode
_json = msgspec.json.Encoder().encode


class Numbers:
    """The numbers of one partition."""

    def __init__(self, policy: DeliveryPolicy) -> None:
        self.policy = policy

    def take(self, unit: Unit, number: str, event: Inbound) -> None:
        """Folds one event about a number, which is its digest."""
        if not isinstance(event, Forgotten) and event.time > unit.now:
            event = msgspec.structs.replace(event, time=unit.now)  # the clock of who heard it is ahead of the broker's
        row = self._row(unit, number)
        match event:
            case Handed():
                row = self._handed(unit, row, event)
            case Returned():
                row = self._returned(unit, row, event)
            case Said():
                self._said(unit, row, event)
                return
            case Forgotten():
                row = _without(row, event.customer)
        self._store(unit, number, row)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Forgets what is over."""
        self._store(unit, timer.subject, self._row(unit, timer.subject))

    def _handed(self, unit: Unit, row: Row, event: Handed) -> Row:
        part = Awaited(event.notification_id, event.customer, event.channel, event.until)
        row = Row(
            row.texted | {event.customer: max(event.time, row.texted.get(event.customer, 0))},
            row.awaited | dict.fromkeys(event.provider_ids, part),
            row.early,
            row.due,
        )
        for provider_id in event.provider_ids:
            if (early := _match(row.early, provider_id)) is not None:
                returned = row.early[early]
                left = {name: other for name, other in row.early.items() if name != early}
                row = self._returned(unit, msgspec.structs.replace(row, early=left), returned)
        return row

    def _returned(self, unit: Unit, row: Row, event: Returned) -> Row:
        found = _match(row.awaited, event.provider_id)
        if found is None:
            early = {**row.early, event.provider_id: event}
            return msgspec.structs.replace(row, early=dict(list(early.items())[-EARLY:]))
        part = row.awaited[found]
        rest = {name: other for name, other in row.awaited.items() if name != found}
        fellows = [name for name, other in rest.items() if other.notification_id == part.notification_id]
        if event.status != "delivered":
            rest = {name: other for name, other in rest.items() if name not in fellows}
        if event.status != "delivered" or not fellows:
            _receipt(unit, part, event)
        return msgspec.structs.replace(row, awaited=rest)

    def _said(self, unit: Unit, row: Row, event: Said) -> None:
        found = keyword(event.text)
        wish = found.wish if found is not None else None
        for customer in sorted(row.texted):
            reply = Interaction(
                id=f"{event.id}/{customer}",
                time=_instant(event.time),
                kind="reply",
                channel=event.channel,
                text=event.text,
                topic=wish,
            )
            unit.emit("customers.interactions", customer.encode(), _json(reply))
            if wish in ("stop", "start"):
                _patch(unit, customer, event, granted=wish == "start")

    def _row(self, unit: Unit, number: str) -> Row:
        """The row, without what is over."""
        value = unit.get(PREFIX + number.encode())
        if value is None:
            return Row()
        row = DECODE(memoryview(value)[1:])
        return Row(
            {customer: at for customer, at in row.texted.items() if at + self._kept > unit.now},
            {name: part for name, part in row.awaited.items() if part.until > unit.now},
            {name: early for name, early in row.early.items() if early.time + self._early > unit.now},
            row.due,
        )

    def _store(self, unit: Unit, number: str, row: Row) -> None:
        key = PREFIX + number.encode()
        ends = [at + self._kept for at in row.texted.values()]
        ends += [early.time + self._early for early in row.early.values()]
        ends += [part.until for part in row.awaited.values()]
        if not ends:
            if unit.get(key) is not None:
                unit.delete(key)
            return
        if row.due <= unit.now:
            row = msgspec.structs.replace(row, due=max(min(ends), unit.now + 1))
            unit.arm(row.due, number, FORGET)
        unit.put(key, SCHEMA + ENCODE(row))

    @property
    def _kept(self) -> int:
        return round(self.policy.replies_s * 1000)

    @property
    def _early(self) -> int:
        return round(self.policy.early_receipt_s * 1000)


def _without(row: Row, customer: str) -> Row:
    """The row without anything of a customer."""
    texted = {name: at for name, at in row.texted.items() if name != customer}
    awaited = {name: part for name, part in row.awaited.items() if part.customer != customer}
    return Row(texted, awaited, row.early, row.due)


def _receipt(unit: Unit, part: Awaited, event: Returned) -> None:
    receipt = Receipt(
        notification_id=part.notification_id,
        time=_instant(event.time),
        channel=part.channel,
        status=event.status,
        provider_id=event.provider_id,
        error=event.error,
    )
    unit.emit("delivery.receipts", part.customer.encode(), _json(receipt))


def _patch(unit: Unit, customer: str, event: Said, *, granted: bool) -> None:
    """STOP refuses everything by this channel; START allows service messages, and no more than that."""
    time = _instant(event.time)
    consent = Consent("service" if granted else "*", event.channel, granted, event.channel, time)
    patch = Preference(time=time, source=event.channel, consents=(consent,))
    unit.emit("customers.preferences", customer.encode(), _json(patch))


def _match(known: Mapping[str, object], provider_id: str) -> str | None:
    """The known id that is this one; some SMSCs answer in hexadecimal and bring receipts in decimal, or the reverse."""
    if provider_id in known:
        return provider_id
    return next((name for name in known if _same(name, provider_id) or _same(provider_id, name)), None)


def _same(one: str, other: str) -> bool:
    try:
        value = int(one, 16)
        return value == int(other, 16) or (other.isdecimal() and value == int(other))
    except ValueError:
        return False


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
