"""The desk of one customer partition: which of its parts (`parts.py`) takes which topic and timer.

Invariant: a customer who is deleted is deleted in every part, in the unit that folds the tombstone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from forewarn.alerts import (
    compensation,
    deferrals,
    impact,
    notices,
    requests,
    roaming_duty,
    standing,
    usage_notices,
    work_notices,
)
from forewarn.alerts.control import EVERYTHING
from forewarn.alerts.journeys import contracts, course
from forewarn.alerts.outcomes import keys
from forewarn.alerts.parts import Parts
from forewarn.alerts.proposal import Rules
from forewarn.stream.engine.role import Record
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.usage.account import Account
from forewarn.topics.events.customers import Appointment, Interaction, Preference, Profile, Subscription
from forewarn.topics.events.messages import Control, MarketingRequest
from forewarn.topics.events.outages import ImpactChunk, ProgressMark
from forewarn.topics.events.usage import Bill
from forewarn.topics.events.works import WorkChunk
from forewarn.topics.instants import to_ms

Batch = Callable[[Unit, Sequence[Any], Sequence[Record]], None]


class Desk(Parts):
    """The parts of one partition that decide on messages and marketing."""

    def __init__(self, rules: Rules, partition: int) -> None:
        super().__init__(rules, partition)
        self.folds = self._folds()
        self.timers = self._timers()

    def _folds(self) -> dict[str, Batch]:
        return {
            "control": self._control,
            "outages.impact": self._impact,
            "customers.profiles": self._profiles,
            "customers.subscriptions": self._subscriptions,
            "customers.preferences": self._preferences,
            "customers.interactions": self._interactions,
            "customers.appointments": self._appointments,
            "billing.bills": self._bills,
            "notifications.log": self.outcomes.log,
            "delivery.receipts": self.outcomes.receipts,
            "marketing.requests": self._requests,
        }

    def _timers(self) -> dict[str, Callable[[Unit, Timer], None]]:
        return {
            impact.WAIT: self.impact.fire,
            impact.LEFT: self.impact.fire,
            impact.FORGET: self.impact.fire,
            notices.PROMISED: self.impact.fire,
            notices.MOVED: self.notices.moved,
            work_notices.WAIT: self.works.fire,
            work_notices.DUE: self.works.fire,
            work_notices.FORGET: self.works.fire,
            work_notices.AWAY: self.works.away,
            requests.REVIEW: self.requests.fire,
            standing.REFRESH: lambda unit, timer: self.standings.publish(unit, timer.subject),
            usage_notices.SETTLED: self.usage.fire,
            course.DUE: self.journeys.fire,
            contracts.NEAR: self.contracts.fire,
            deferrals.DUE: self._due,
            roaming_duty.DUE: self.roaming.fire,
            compensation.DAY: self.compensation.fire,
        }

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds every part's indexes from the table."""
        for part in self.remembering:
            part.restore(table)

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Lets time pass: reviews of marketing requests, and the partition's progress."""
        self.requests.tick(unit, idle)
        self.marks.publish(unit, behind=self.fan_out.walks_for("standing"), paused=self.controls.words)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Hands a timer to the part that armed it."""
        self.timers[timer.name](unit, timer)

    def account(self, unit: Unit, customer: str) -> Account | None:
        """What the meters need to know of a customer; None without a profile."""
        person = self.customers.get(unit, customer)
        if person is None:
            return None
        zone = person.time_zone or self.policy.default_time_zone
        return Account(plan=person.profile.plan, time_zone=zone, thresholds=person.thresholds)

    def _control(self, unit: Unit, events: Sequence[Control | None], records: Sequence[Record]) -> None:
        for event, kind in zip(events, keys(records), strict=True):
            if self.controls.take(unit, kind, event):
                for name, part in self.resuming.items():
                    if kind in (name, EVERYTHING):
                        part.resumed(unit)
                if kind in (*self.journeys.kinds, EVERYTHING):
                    self.journeys.resumed(unit)

    def _impact(
        self, unit: Unit, events: Sequence[ImpactChunk | WorkChunk | ProgressMark], records: Sequence[Record]
    ) -> None:
        for event in events:
            if isinstance(event, ProgressMark):
                self.marks.take(unit, event)
            elif isinstance(event, WorkChunk):
                self.works.take(unit, event)
            else:
                self.impact.take(unit, event)

    def _profiles(self, unit: Unit, events: Sequence[Profile | None], records: Sequence[Record]) -> None:
        for event, customer in zip(events, keys(records), strict=True):
            before = self.customers.get(unit, customer)
            if event is None:
                self._erase(unit, customer)
            elif self.customers.profile(unit, customer, event):
                after = self.customers.get(unit, customer)
                self.contacts.moved(unit, before, after)
                self.contracts.moved(unit, before, after)
                self._changed(unit, customer)

    def _subscriptions(self, unit: Unit, events: Sequence[Subscription | None], records: Sequence[Record]) -> None:
        for event, customer, record in zip(events, keys(records), records, strict=True):
            if self.customers.subscription(unit, customer, event, record.timestamp):
                self._changed(unit, customer)

    def _preferences(self, unit: Unit, events: Sequence[Preference], records: Sequence[Record]) -> None:
        for event, customer, record in zip(events, keys(records), records, strict=True):
            if self.customers.preference(unit, customer, event, record.timestamp):
                self._changed(unit, customer)

    def _interactions(self, unit: Unit, events: Sequence[Interaction], records: Sequence[Record]) -> None:
        for event, customer, record in zip(events, keys(records), records, strict=True):
            if self.circumstances.interaction(unit, customer, event):
                self.standings.publish(unit, customer)
            if event.kind == "help_viewed":
                self.listening.viewed(unit, customer, event)
            elif (outage := self.replies.take(unit, customer, event)) is not None:
                self.listening.still_out(unit, customer, outage, to_ms(event.time))
            elif self.wishes.take(unit, customer, event, record.timestamp):
                self._changed(unit, customer)
            else:
                self.answering.take(unit, customer, event)

    def _appointments(self, unit: Unit, events: Sequence[Appointment], records: Sequence[Record]) -> None:
        for event, customer in zip(events, keys(records), strict=True):
            if self.circumstances.appointment(unit, customer, event):
                self.standings.publish(unit, customer)
            self.listening.appointment(unit, customer, event)

    def _bills(self, unit: Unit, events: Sequence[Bill], records: Sequence[Record]) -> None:
        for event, customer in zip(events, keys(records), strict=True):
            shock = self.bills.take(unit, customer, event)
            self.listening.bill(unit, customer, event, shock=shock)

    def _requests(self, unit: Unit, events: Sequence[MarketingRequest], records: Sequence[Record]) -> None:
        for event, customer in zip(events, keys(records), strict=True):
            self.requests.take(unit, customer, event)

    def _changed(self, unit: Unit, customer: str) -> None:
        """A customer's profile or choices changed."""
        self.account_changed(unit, customer, self.account(unit, customer))
        self.notices.changed(unit, customer)
        self.works.changed(unit, customer)
        self.deferrals.again(unit, customer)
        self.journeys.changed(unit, customer)
        self.standings.publish(unit, customer)

    def _erase(self, unit: Unit, customer: str) -> None:
        """A customer is gone: everything of theirs goes."""
        person = self.customers.get(unit, customer)
        self.contacts.part(unit, person)
        self.contracts.part(unit, person)
        for part in self.erasing:
            part.erase(unit, customer)
        self.erased(unit, customer)

    def _due(self, unit: Unit, timer: Timer) -> None:
        self.standings.publish(unit, self.deferrals.fire(unit, timer))
