"""Who was told of an outage and not of its end, as `notifications`, `notifications.log` and receipts say.

    confirmed ── sent, delivered, ambiguous ──> open        the end, or an erasure, closes it
              └─ failed, bounced, expired, superseded ──> as if never told

Outages that became part of one another are one: whoever was told of the part is told of the end of the whole.
"""

from __future__ import annotations

from tests.month.lines import Row
from tests.month.outages import Outages

#: Outcomes and receipts after which a message counts as not told, and those that say that it was.
UNTOLD = frozenset({"failed", "bounced", "expired", "superseded"})
TOLD = frozenset({"sent", "delivered", "ambiguous", "complained"})


class Open:
    """What one customer was told of one outage: the notifications, each with whether it counts as told."""

    def __init__(self, outage: str, since: int) -> None:
        self.outage = outage
        self.since = since
        self.notifications: dict[str, bool] = {}

    @property
    def told(self) -> bool:
        """Whether the customer knows, or will."""
        return any(self.notifications.values())


class Told:
    """The open stories of all customers, and the notifications that did not arrive."""

    def __init__(self, outages: Outages) -> None:
        self._outages = outages
        self.open: dict[str, dict[str, Open]] = {}
        #: Notifications that could not be delivered.
        self.failed: set[str] = set()
        #: Customers and the channels on which something bounced: an address that may be used no more.
        self.bad: set[tuple[str, str]] = set()
        self._ends: dict[tuple[str, str], str] = {}

    def of(self, customer: str, outage: str) -> list[Open]:
        """The stories that are open of an outage and of all that became part of it."""
        heir, heir_of = self._outages.heir(outage), self._outages.heir
        return [one for one in self.open.get(customer, {}).values() if one.told and heir_of(one.outage) == heir]

    def confirmed(self, row: Row) -> None:
        """A customer is told of an outage."""
        story = self.open.setdefault(row.key, {}).setdefault(row.value["incident"], Open(row.value["incident"], row.ts))
        story.notifications[row.value["notification_id"]] = True

    def ended(self, row: Row) -> None:
        """A customer is told of the end."""
        self._ends[row.key, row.value["incident"]] = row.value["notification_id"]
        stories = self.open.get(row.key, {})
        for one in self.of(row.key, row.value["incident"]):
            del stories[one.outage]

    def unheard(self, customer: str, outage: str) -> bool:
        """Whether the customer was told of the end, in a message that did not arrive."""
        return self._ends.get((customer, outage)) in self.failed

    def heard(self, row: Row) -> None:
        """An outcome of delivery, or a receipt."""
        word = row.value.get("outcome") or row.value.get("status")
        if word not in UNTOLD | TOLD or row.value.get("retry_at") is not None:
            return
        name = row.value["notification_id"]
        if word in UNTOLD:
            self.failed.add(name)
            if word == "bounced" or row.value.get("bad_contact"):
                self.bad.add((row.key, row.value["channel"]))
        else:
            self.failed.discard(name)
        for one in self.open.get(row.key, {}).values():
            if name in one.notifications:
                one.notifications[name] = word in TOLD

    def erase(self, customer: str) -> None:
        """A customer is deleted."""
        self.open.pop(customer, None)
