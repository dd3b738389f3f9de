"""What became of messages: outcomes and receipts change what a customer was told, and who must be judged again.

notifications.log ──┐
                    ├──> Contacts (does the address work?), Told ──> more or less is owed: the kind judges again
delivery.receipts ──┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from forewarn.alerts.contacts import BAD, Contacts
from forewarn.alerts.customers import Customers
from forewarn.alerts.notices import Notices
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Entry, Told
from forewarn.alerts.usage_notices import UsageNotices
from forewarn.stream.engine.role import Record
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.messages import NotificationLog, Receipt
from forewarn.topics.instants import to_ms


class Outcomes:
    """Folds the outcomes of one partition's messages. `visits`: by kind, who judges an entry's customer again."""

    def __init__(
        self,
        *,
        customers: Customers,
        contacts: Contacts,
        told: Told,
        notices: Notices,
        usage: UsageNotices,
        standings: Standings,
    ) -> None:
        self.customers = customers
        self.contacts = contacts
        self.told = told
        self.notices = notices
        self.standings = standings
        self.visits: dict[str, Callable[[Unit, str, Entry], None]] = {
            "outage": lambda unit, customer, entry: notices.visit(unit, entry.incident, customer),
            "usage": usage.visit,
        }

    def also(self, kind: str, visit: Callable[[Unit, str, Entry], None]) -> None:
        """Has one more judge an entry of that kind again; each knows its own."""
        known = self.visits.get(kind)

        def both(unit: Unit, customer: str, entry: Entry) -> None:
            if known is not None:
                known(unit, customer, entry)
            visit(unit, customer, entry)

        self.visits[kind] = both

    def log(self, unit: Unit, events: Sequence[NotificationLog], records: Sequence[Record]) -> None:
        """Folds `notifications.log`."""
        for event, customer in zip(events, keys(records), strict=True):
            if event.retry_at is None:  # with it, the attempt failed and the next one is due: nothing has ended yet
                bad = event.bad_contact or event.outcome == "bounced"
                self._heard(unit, customer, event.notification_id, event.outcome, to_ms(event.time), bad=bad)

    def receipts(self, unit: Unit, events: Sequence[Receipt], records: Sequence[Record]) -> None:
        """Folds `delivery.receipts`."""
        for event, customer in zip(events, keys(records), strict=True):
            bad = event.status in BAD
            self._heard(unit, customer, event.notification_id, event.status, to_ms(event.time), bad=bad)

    def _heard(
        self, unit: Unit, customer: str, notification: str, outcome: str, time: int, *, bad: bool = False
    ) -> None:
        """Folds what became of a message; its customer is judged again, as more or less may be owed now."""
        message = self.told.find(unit, customer, notification)
        if message is not None and (bad or outcome == "delivered"):
            person = self.customers.get(unit, customer)
            self.contacts.heard(unit, person, message.channel, sent=message.time, good=not bad)
        entry = self.told.heard(unit, customer, notification, outcome, time)
        if entry is None:
            self.notices.handed_over(unit, customer, notification)
            return
        if entry.kind in self.visits:
            self.visits[entry.kind](unit, customer, entry)
        self.standings.publish(unit, customer)


def keys(records: Iterable[Record]) -> Iterable[str]:
    """The customers (or kinds) of records; the codec has refused null keys and invalid ones."""
    return ((record.key or b"").decode() for record in records)
