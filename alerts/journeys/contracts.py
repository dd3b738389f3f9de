"""Contracts: a profile says when a contract ends; when that comes near, it is an event of journeys.

    contract_end ──> timer `journey.contract` at the end minus the longest lead of any journey ──> contract
                     └── moved with the date, removed with the customer

Until then a customer costs a timer, and no row. Invariant: a customer with an end ahead that some journey is about has
one timer, or the event was told.
"""

from __future__ import annotations

from forewarn.alerts.customers import Customer
from forewarn.alerts.journeys.events import Happening, Value
from forewarn.alerts.journeys.habits import Habits
from forewarn.alerts.journeys.journey import Journey
from forewarn.alerts.journeys.moments import DAY_MS, LONGEST_MS, moment
from forewarn.alerts.journeys.runner import Journeys
from forewarn.alerts.local_hours import day_begins, zone_of
from forewarn.stream.engine.unit import Timer, Unit

#: Name of the timer; its subject is the customer.
NEAR = "journey.contract"


class Contracts:
    """The ends of one partition's contracts."""

    def __init__(self, journeys: Journeys, habits: Habits) -> None:
        self.journeys = journeys
        self.habits = habits
        leads = [lead(journeys.journeys[name]) for name in journeys.by_event.get("contract", ())]
        #: How long (ms) before the end the earliest journey begins; 0: there is none.
        self.lead = max(leads, default=0)

    def moved(self, unit: Unit, before: Customer | None, after: Customer | None) -> None:
        """A profile arrived or changed."""
        if not self.lead:
            return
        was, due = self._due(before), self._due(after)
        if was == due or after is None:
            return
        self.part(unit, before)
        if due > unit.now:
            unit.arm(due, after.id, NEAR)
        elif due:
            self._tell(unit, after)

    def fire(self, unit: Unit, timer: Timer) -> None:
        """The end of a contract is near."""
        person = self.journeys.customers.get(unit, timer.subject)
        due = self._due(person)
        if due > unit.now:  # the policy's lead is shorter than when the timer was set
            unit.arm(due, timer.subject, NEAR)
        elif due and person is not None:
            self._tell(unit, person)

    def part(self, unit: Unit, person: Customer | None) -> None:
        """Removes the timer of a customer as they were."""
        if person is not None and (due := self._due(person)):
            unit.disarm(due, person.id, NEAR)

    def _due(self, person: Customer | None) -> int:
        """When (epoch ms) the event is to be told; 0: never."""
        ends = self._ends(person) if self.lead and person is not None and person.profile.contract_end else 0
        return max(1, ends - self.lead) if ends else 0

    def _ends(self, person: Customer | None) -> int:
        if person is None or person.profile.contract_end is None:
            return 0
        zone = zone_of(person.time_zone, self.journeys.policy.default_time_zone)
        return day_begins(person.profile.contract_end, zone)

    def _tell(self, unit: Unit, person: Customer) -> None:
        end, plan = person.profile.contract_end, person.profile.plan
        assert end is not None  # there is something due
        fields: dict[str, Value] = {"contract_end": end.isoformat(), "ends": self._ends(person)}
        if plan is not None:
            fields |= {"plan": plan.name, "plan_id": plan.plan_id}
        habit = self.habits.of(unit, person)
        fields["use"] = habit.use
        if habit.suggestion is not None:
            sold = habit.suggestion
            fields |= {"suggested": sold.name, "price": float(sold.price), "currency": sold.currency}
        happening = Happening("contract", end.isoformat(), end.isoformat(), unit.now, fields)
        self.journeys.happened(unit, person.id, happening)


def lead(journey: Journey) -> int:
    """How long (ms) before a contract's end a journey begins: a day before its earliest moment that is named by it."""
    offsets = [found.offset_ms for step in journey.main if step.at and (found := moment(step.at)).field == "ends"]
    return min(LONGEST_MS, max(0, -min(offsets)) + DAY_MS) if offsets else LONGEST_MS
