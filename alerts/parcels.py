"""Parcels: what deliver's table holds of each notification.

    n/<notification id>   a Parcel: where it stands. Kept beyond its end, so that a repeated output is not sent twice.
    b/<hash>              a Body: subject, text and HTML, once for all parcels that share it, as in an outage.

Invariant: a parcel that has ended holds neither address nor words.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from hashlib import blake2b

import msgspec
from msgspec import Struct

from forewarn.alerts.turns import turn_of
from forewarn.stream.engine.role import Record
from forewarn.topics.events.messages import Notification

SCHEMA = b"\x01"
PARCEL = b"n/"
BODY = b"b/"


class Stand(IntEnum):
    """Where a parcel stands."""

    WAITING = 0
    #: An attempt is committed and no answer is known.
    ATTEMPTING = 1
    #: Ended; the customer was told, or perhaps was.
    TOLD = 2
    #: Ended; the customer was not told.
    UNTOLD = 3


class Parcel(Struct, array_like=True, frozen=True, gc=False):
    """One notification on its way. Instants are epoch ms.

    `offset` is its record's, which orders it among the parcels of its incident; `turn`, how often the incident had come
    back before. `due` is when it may be attempted next.
    `doubt`: an attempt went unanswered. `error` is what the last failed attempt met.
    """

    id: str
    customer: str
    kind: str
    stage: str
    incident: str
    channel: str
    critical: bool
    time: int
    valid_until: int
    offset: int
    to: str
    locale: str
    body: bytes
    stand: int = Stand.WAITING
    attempts: int = 0
    due: int = 0
    doubt: bool = False
    error: str | None = None
    turn: int = 0

    @property
    def told(self) -> bool:
        """Whether the customer has it, or may have it."""
        return self.stand == Stand.TOLD or self.doubt

    @property
    def ended(self) -> bool:
        return self.stand >= Stand.TOLD

    @property
    def key(self) -> bytes:
        return PARCEL + self.id.encode()

    @property
    def incident_of(self) -> tuple[str, str, str]:
        """What its fellow parcels share: customer, kind, incident."""
        return self.customer, self.kind, self.incident


def parcel_of(notification: Notification, record: Record, now: int) -> Parcel | str:
    """The parcel of a notification just read, due at once; or the JSON path of an instant that is none."""
    time, valid_until = _instant(notification.time), _instant(notification.valid_until)
    if time is None or valid_until is None:
        return "$.time" if time is None else "$.valid_until"
    return Parcel(
        id=notification.notification_id,
        customer=(record.key or b"").decode(),
        kind=notification.kind,
        stage=notification.stage,
        incident=notification.incident,
        channel=notification.channel,
        critical=notification.critical,
        time=time,
        valid_until=valid_until,
        offset=record.offset,
        to=notification.to,
        locale=notification.locale,
        body=b"",
        due=now,
        turn=turn_of(notification.class_),
    )


def _instant(text: str) -> int | None:
    """Epoch ms of RFC 3339 text with an offset, or None."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(instant.timestamp() * 1000) if instant.tzinfo else None


class Body(Struct, array_like=True, frozen=True, gc=False):
    """The words of a message."""

    subject: str | None
    text: str
    html: str | None


_encode = msgspec.msgpack.Encoder().encode
_parcel = msgspec.msgpack.Decoder(Parcel).decode
_body = msgspec.msgpack.Decoder(Body).decode


def encode(value: Parcel | Body) -> bytes:
    """The stored form: the schema byte, then msgpack."""
    return SCHEMA + _encode(value)


def decode_parcel(value: bytes) -> Parcel:
    """The parcel of a stored value. Raises ValueError when a newer release wrote it."""
    _check(value)
    return _parcel(memoryview(value)[1:])


def decode_body(value: bytes) -> Body:
    """The body of a stored value. Raises ValueError when a newer release wrote it."""
    _check(value)
    return _body(memoryview(value)[1:])


def _check(value: bytes) -> None:
    if value[:1] != SCHEMA:
        raise ValueError(
            f"deliver's table holds schema {value[0]}, which this release does not know; run the newer one"
        )


def body_key(stored: bytes) -> bytes:
    """The key of an encoded body: a hash of its content."""
    return blake2b(stored, digest_size=12).digest()
