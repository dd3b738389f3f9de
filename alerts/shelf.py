"""The shelf: deliver's parcels and bodies in the table, and which parcels share an incident.

Invariant: a body is in the table exactly while a parcel that has not ended refers to it. What is in memory (counts of
references, parcels by incident) follows from the table alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from forewarn.alerts.parcels import BODY, PARCEL, Body, Parcel, body_key, decode_body, decode_parcel, encode
from forewarn.stream.engine.unit import Unit

Incident = tuple[str, str, str]


class Shelf:
    """The parcels of one partition."""

    def __init__(self) -> None:
        self._references: dict[bytes, int] = {}
        self._incidents: dict[Incident, set[str]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> Iterator[Parcel]:
        """Every parcel of a recovered table, while the indexes are rebuilt."""
        for key, value in table.items():
            if key.startswith(PARCEL):
                parcel = decode_parcel(value)
                self._index(parcel)
                yield parcel

    def _index(self, parcel: Parcel) -> None:
        self._incidents.setdefault(parcel.incident_of, set()).add(parcel.id)
        if not parcel.ended:
            self._references[parcel.body] = self._references.get(parcel.body, 0) + 1

    def get(self, unit: Unit, notification_id: str) -> Parcel | None:
        """The parcel of a notification, ended ones included."""
        value = unit.get(PARCEL + notification_id.encode())
        return decode_parcel(value) if value is not None else None

    def add(self, unit: Unit, parcel: Parcel, body: Body) -> Parcel:
        """Takes in a new parcel with its words; gives it back as stored."""
        stored = encode(body)
        parcel = msgspec.structs.replace(parcel, body=body_key(stored))
        if parcel.body not in self._references:
            unit.put(BODY + parcel.body, stored)
        unit.put(parcel.key, encode(parcel))
        self._index(parcel)
        return parcel

    def put(self, unit: Unit, parcel: Parcel) -> None:
        """Stores a changed parcel that has not ended."""
        unit.put(parcel.key, encode(parcel))

    def end(self, unit: Unit, parcel: Parcel) -> None:
        """Stores a parcel that has just ended, without address, and lets go of its words."""
        unit.put(parcel.key, encode(msgspec.structs.replace(parcel, to="", body=b"")))
        left = self._references[parcel.body] - 1
        if left:
            self._references[parcel.body] = left
        else:
            del self._references[parcel.body]
            unit.delete(BODY + parcel.body)

    def forget(self, unit: Unit, parcel: Parcel) -> None:
        """Removes an ended parcel."""
        unit.delete(parcel.key)
        fellows = self._incidents[parcel.incident_of]
        fellows.discard(parcel.id)
        if not fellows:
            del self._incidents[parcel.incident_of]

    def of(self, unit: Unit, customer: str) -> list[Parcel]:
        """Every parcel of a customer, ended ones included, by offset. Looks at all: customers are seldom deleted."""
        ids = [i for incident, held in self._incidents.items() if customer in incident for i in held]
        found = [parcel for i in ids if (parcel := self.get(unit, i)) is not None and parcel.customer == customer]
        return sorted(found, key=lambda parcel: parcel.offset)

    def body(self, unit: Unit, parcel: Parcel) -> Body:
        """The words of a parcel that has not ended."""
        stored = unit.get(BODY + parcel.body)
        if stored is None:
            raise LookupError(f"the words of notification {parcel.id} are not in the table")
        return decode_body(stored)

    def fellows(self, unit: Unit, parcel: Parcel) -> list[Parcel]:
        """The other parcels of the same customer and incident, by offset."""
        ids = self._incidents.get(parcel.incident_of, set()) - {parcel.id}
        found = [fellow for i in ids if (fellow := self.get(unit, i)) is not None]
        return sorted(found, key=lambda fellow: fellow.offset)
