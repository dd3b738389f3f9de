"""What each customer was told, per incident: the memory behind "once per stage" and "restored iff confirmed".

    pipeline ──> decided ─┐
    notifications.log ────┼──> Entry(incident) [Message(stage, class, channel, status) ...]
    delivery.receipts ────┘

One table key a customer, `n/<customer>`; an outage's entry lives until the outage is forgotten, a usage entry until
its cycle ends. `by_incident`, in memory, finds the customers of an outage. A status changes by its own time, so the
order in which log and receipts arrive does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache

import msgspec
from msgspec import Struct

from forewarn.alerts.turns import reopening
from forewarn.stream.engine.unit import Unit

PREFIX = b"n/"
SCHEMA = b"\x01"

#: Stages that a long outage may have any number of, and how many of them its entry keeps: the newest.
NUMBERED, NUMBERED_KEPT = frozenset({"re_estimated", "overdue"}), 8


class Status(IntEnum):
    """How far a message got. At one instant the greater value wins."""

    #: Decided not to send; may be decided again when something changes.
    DROPPED = 0
    #: To be decided again, when sending resumes.
    DEFERRED = 1
    #: Decided to send; nothing heard yet.
    PENDING = 2
    #: Ended unsent, because a later stage or its time limit overtook it.
    SUPERSEDED = 3
    #: Could not be delivered.
    FAILED = 4
    #: Handed over, delivered, or perhaps handed over (ambiguous): counts as told.
    TOLD = 5


#: Kinds of which the customers who were told are found by their incident.
INDEXED = frozenset({"outage", "maintenance"})


#: What outcomes of `notifications.log` and statuses of `delivery.receipts` mean. `attempt` changes nothing.
MEANING: dict[str, Status] = {
    "sent": Status.TOLD,
    "delivered": Status.TOLD,
    "ambiguous": Status.TOLD,
    "complained": Status.TOLD,
    "failed": Status.FAILED,
    "bounced": Status.FAILED,
    "expired": Status.SUPERSEDED,
    "superseded": Status.SUPERSEDED,
}


class Message(Struct, frozen=True, array_like=True, omit_defaults=True):
    """One message of an incident: its notification id, and its status since `time` (epoch ms).

    `repeated`: that it was proposed again is in the ledger already. `promise`: by when service is back (epoch ms), as
    the message says; of `overdue`, the promise that passed; 0: no time. `due`: when a timer has it decided again (epoch
    ms; 0: none does).
    """

    stage: str
    class_: str | None
    channel: str
    id: str
    status: int
    time: int
    reason: str = ""
    repeated: bool = False
    critical: bool = False
    promise: int = 0
    due: int = 0

    @property
    def owed(self) -> bool:
        """Whether the customer was told this, or is about to be."""
        return self.status in (Status.PENDING, Status.TOLD)

    @property
    def deferred(self) -> bool:
        """Whether it waits to be decided again."""
        return self.status == Status.DEFERRED


class Entry(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What one customer was told, or not, about one incident.

    `left`: since when (epoch ms) none of the customer's elements is in the outage's set because the customer moved.
    `expires`: after this instant the entry is of no more use (0: when the outage is forgotten).
    """

    kind: str
    incident: str
    messages: tuple[Message, ...] = ()
    left: int = 0
    expires: int = 0

    def message(self, stage: str, class_: str | None = None) -> Message | None:
        """The message of a stage and class that counts: one that is owed, else the one that got furthest."""
        if not self.messages:
            return None
        found = [m for m in self.messages if m.stage == stage and m.class_ == class_]
        return max(found, key=lambda m: (m.owed, m.status)) if found else None

    def owed(self, stage: str, class_: str | None = None) -> bool:
        """Whether the stage was told or is pending."""
        return any(m.owed for m in self.messages if m.stage == stage and m.class_ == class_)

    def turn(self, reopened: int = 0) -> int:
        """How many pairs of `confirmed` and `restored` are behind the customer: the next one is another class.

        When the outage was `reopened` more often, a pair that time has overtaken unsent is behind them, too.
        """
        turn = 0
        while self.settled("restored", reopening(turn)) or (turn < reopened and self._overtaken(reopening(turn))):
            turn += 1
        return turn

    def _overtaken(self, class_: str | None) -> bool:
        return self.settled("confirmed", class_) and not self.owed("confirmed", class_)

    @property
    def waits(self) -> bool:
        """Whether a message is to be decided again by a timer."""
        return any(message.due for message in self.messages)

    @property
    def awaits_end(self) -> bool:
        """Whether the customer was told of the outage, or is about to be, and not of its end."""
        return self.owed("confirmed", reopening(self.turn()))

    def settled(self, stage: str, class_: str | None = None) -> bool:
        """Whether there is nothing left to decide about the stage: it was sent, or time has overtaken it."""
        message = self.message(stage, class_)
        return message is not None and (message.owed or message.status == Status.SUPERSEDED)

    def failed_channels(self, stage: str, class_: str | None = None) -> frozenset[str]:
        """Channels on which the stage could not be delivered."""
        if not self.messages:
            return frozenset()
        return frozenset(
            m.channel for m in self.messages if m.stage == stage and m.class_ == class_ and m.status == Status.FAILED
        )

    def noted(self, message: Message) -> Entry:
        """The entry with a message put in place of the one with its stage, class and id, and of undecided ones."""
        if not self.messages:
            return msgspec.structs.replace(self, messages=(message,))
        kept = tuple(
            m
            for m in self.messages
            if (m.stage, m.class_) != (message.stage, message.class_)
            or (m.id != message.id and m.status > Status.DEFERRED)
        )
        return msgspec.structs.replace(self, messages=_recent((*kept, message)))


def _recent(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """All messages but the oldest of those that a long outage may have any number of."""
    numbered = [m for m in messages if m.stage in NUMBERED]
    old = {id(m) for m in numbered[:-NUMBERED_KEPT]}
    return tuple(m for m in messages if id(m) not in old)


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(tuple[Entry, ...]).decode


@lru_cache(maxsize=8)  # one event asks several times for the same customer
def _decode(value: bytes) -> tuple[Entry, ...]:
    return DECODE(memoryview(value)[1:])


def entry_of(entries: tuple[Entry, ...], incident: str, kind: str = "outage") -> Entry:
    """The entry of an incident among a customer's; a new one when there is none."""
    return next((e for e in entries if (e.kind, e.incident) == (kind, incident)), Entry(kind, incident))


class Told:
    """The told-records of one customer partition."""

    def __init__(self) -> None:
        self.by_incident: dict[str, set[str]] = {}

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds the index from the table."""
        for key, value in table.items():
            if key.startswith(PREFIX):
                self._index(key[len(PREFIX) :].decode(), DECODE(memoryview(value)[1:]))

    def entries(self, unit: Unit, customer: str) -> tuple[Entry, ...]:
        """All entries of a customer."""
        value = unit.get(PREFIX + customer.encode())
        return _decode(value) if value is not None else ()

    def put(self, unit: Unit, customer: str, entry: Entry) -> None:
        """Stores an entry; entries of the customer that have expired go."""
        of = (entry.kind, entry.incident)
        others = (e for e in self._lasting(unit, customer) if (e.kind, e.incident) != of)
        self._store(unit, customer, (*others, entry))

    def put_first(self, unit: Unit, customer: str, incident: str, value: bytes) -> None:
        """Stores what is in the table of another customer who was told the same of an outage, and of nothing else."""
        unit.put(PREFIX + customer.encode(), value)
        self.by_incident.setdefault(incident, set()).add(customer)

    def remove(self, unit: Unit, customer: str, incident: str, kind: str = "outage") -> None:
        """Removes the entry of one incident of a kind."""
        self._unindex(incident, customer)
        entries = self.entries(unit, customer)
        self._store(unit, customer, tuple(e for e in entries if (e.kind, e.incident) != (kind, incident)))

    def expire(self, unit: Unit, customer: str) -> None:
        """Removes the customer's entries that are of no more use."""
        kept = self._lasting(unit, customer)
        if len(kept) < len(self.entries(unit, customer)):
            self._store(unit, customer, kept)

    def _lasting(self, unit: Unit, customer: str) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries(unit, customer) if e.waits or not 0 < e.expires <= unit.now)

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets everything about the customer."""
        for entry in self.entries(unit, customer):
            self._unindex(entry.incident, customer)
        unit.delete(PREFIX + customer.encode())

    def find(self, unit: Unit, customer: str, notification: str) -> Message | None:
        """The message of a notification, None when it was never decided to be sent, or is forgotten."""
        messages = (m for entry in self.entries(unit, customer) for m in entry.messages if m.id == notification)
        return next((m for m in messages if m.status >= Status.PENDING), None)

    def heard(self, unit: Unit, customer: str, notification: str, outcome: str, time: int) -> Entry | None:
        """Folds an outcome of `notifications.log` or `delivery.receipts` at `time` (epoch ms).

        Returns the entry if more or less is told now than was thought before; else None.
        """
        status = MEANING.get(outcome)
        if status is None:
            return None
        for entry in self.entries(unit, customer):
            for message in entry.messages:
                if message.id == notification and message.status >= Status.PENDING:
                    return self._moved(unit, customer, entry, message, status, time)
        return None

    def _moved(
        self, unit: Unit, customer: str, entry: Entry, message: Message, status: Status, time: int
    ) -> Entry | None:
        # What is pending has heard nothing yet: any outcome is news, whatever the clock of its writer.
        known = (0, 0) if message.status == Status.PENDING else (message.time, message.status)
        if (time, status) <= known:
            return None
        changed = msgspec.structs.replace(message, status=int(status), time=time)
        messages = tuple(changed if m is message else m for m in entry.messages)
        after = msgspec.structs.replace(entry, messages=messages)
        self.put(unit, customer, after)
        return after if changed.owed != message.owed else None

    def _store(self, unit: Unit, customer: str, entries: tuple[Entry, ...]) -> None:
        if entries:
            unit.put(PREFIX + customer.encode(), SCHEMA + ENCODE(entries))
            self._index(customer, entries)
        else:
            unit.delete(PREFIX + customer.encode())

    def _index(self, customer: str, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if entry.kind in INDEXED:
                self.by_incident.setdefault(entry.incident, set()).add(customer)

    def _unindex(self, incident: str, customer: str) -> None:
        customers = self.by_incident.get(incident)
        if customers is not None:
            customers.discard(customer)
            if not customers:
                del self.by_incident[incident]
