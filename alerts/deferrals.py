"""Deferrals: a message that waits has a durable timer, and is judged from the first stage on when it fires.

    pipeline: Defer(until) ──> Message.due ──> timer `deferral.due` of kind/customer
                                                    └─> released: the kind proposes anew what is true by then
                                                            ├─ sent, dropped, or deferred again: noted by the pipeline
                                                            └─ nothing to say any more: dropped, `expired`

What waits without a time (`Message.due` 0) waits for an operator to resume sending. Invariant: a message that was
deferred to a time ends in the ledger as sent or dropped, whatever happened to its incident meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from forewarn.alerts.ledger import Ledger
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import Entry, Message, Status, Told
from forewarn.stream.engine.unit import Timer, Unit

#: Name of the timer; its subject is `<kind>/<customer>`.
DUE = "deferral.due"

#: Proposes again what an entry's deferred messages are about: unit, customer, entry.
Release = Callable[[Unit, str, Entry], None]


class Deferrals:
    """The timers of one partition's deferred messages."""

    def __init__(self, told: Told, ledger: Ledger) -> None:
        self.told = told
        self.ledger = ledger
        self._releases: dict[str, tuple[Release, ...]] = {}

    def add(self, kind: str, release: Release) -> None:
        """Registers who proposes messages of a kind again; of several, each knows its own."""
        self._releases[kind] = (*self._releases.get(kind, ()), release)

    def moved(self, unit: Unit, customer: str, kind: str, before: int, after: int) -> None:
        """A message that was due at `before` is due at `after` now (epoch ms; 0: at no time), and is stored so."""
        if before != after and before and not self._has(unit, customer, kind, before):
            unit.disarm(before, f"{kind}/{customer}", DUE)
        if after:
            unit.arm(after, f"{kind}/{customer}", DUE)

    def fire(self, unit: Unit, timer: Timer) -> str:
        """Has what is due judged again; returns its customer."""
        kind, customer = timer.subject.split("/", 1)
        for entry in self.told.entries(unit, customer):
            if entry.kind == kind and any(0 < message.due <= unit.now for message in entry.messages):
                self._release(unit, customer, entry)
                self.lapse(unit, customer, kind, entry.incident, unit.now)
        return customer

    def again(self, unit: Unit, customer: str) -> None:
        """Has everything that waits for a time judged now: what it waits for may have changed."""
        for entry in self.told.entries(unit, customer):
            if entry.waits:
                self._release(unit, customer, entry)

    def lapse(self, unit: Unit, customer: str, kind: str, incident: str, until: int) -> None:
        """Ends the messages that were due by `until` (epoch ms) and that nobody proposed again."""
        entry = next((e for e in self.told.entries(unit, customer) if (e.kind, e.incident) == (kind, incident)), None)
        if entry is None:
            return
        ended = {m.id: self._ended(unit, customer, entry, m) for m in entry.messages if 0 < m.due <= until}
        if ended:
            messages = tuple(ended[m.id] if 0 < m.due <= until else m for m in entry.messages)
            self.told.put(unit, customer, msgspec.structs.replace(entry, messages=messages))
        for message in entry.messages:
            if message.id in ended:
                self.moved(unit, customer, kind, message.due, 0)

    def erase(self, unit: Unit, customer: str) -> None:
        """Removes the customer's timers."""
        for entry in self.told.entries(unit, customer):
            for message in entry.messages:
                if message.due:
                    unit.disarm(message.due, f"{entry.kind}/{customer}", DUE)

    def _release(self, unit: Unit, customer: str, entry: Entry) -> None:
        for release in self._releases.get(entry.kind, ()):
            release(unit, customer, entry)

    def _ended(self, unit: Unit, customer: str, entry: Entry, message: Message) -> Message:
        if not message.deferred:  # it failed on another channel; that is how it ended
            return msgspec.structs.replace(message, due=0)
        self.ledger.lapsed(unit, customer, entry, message, Reason.EXPIRED)
        return msgspec.structs.replace(message, due=0, status=int(Status.DROPPED), reason=Reason.EXPIRED)

    def _has(self, unit: Unit, customer: str, kind: str, due: int) -> bool:
        entries = (entry for entry in self.told.entries(unit, customer) if entry.kind == kind)
        return any(message.due == due for entry in entries for message in entry.messages)
