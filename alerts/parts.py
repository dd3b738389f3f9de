"""The parts of one customer partition's desk, each given what it looks at.

    what is known   Customers, Contacts, Incidents, Told, Circumstances, Controls, Marks
    what acts       Notices, WorkNotices, UsageNotices, BillNotices, Wishes, Replies, Journeys, Requests, Standings,
                    Outcomes
    what is asked   Compensation, RoamingDuty

The parts know each other only by what their constructors name. Invariant: `remembering` are all that rebuild something
from the table, `erasing` all that keep something of a customer, in the order in which they forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from forewarn.alerts.bill_notices import BillNotices
from forewarn.alerts.circumstances import Circumstances
from forewarn.alerts.compensation import Compensation
from forewarn.alerts.contacts import Contacts
from forewarn.alerts.control import Controls
from forewarn.alerts.customers import Customers
from forewarn.alerts.fanout import FanOut
from forewarn.alerts.impact import Impact
from forewarn.alerts.incidents import Incidents
from forewarn.alerts.journeys.answering import Answering
from forewarn.alerts.journeys.contracts import Contracts
from forewarn.alerts.journeys.habits import Habits
from forewarn.alerts.journeys.listening import Listening
from forewarn.alerts.journeys.messages import Messages
from forewarn.alerts.journeys.runner import Journeys
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.notices import Notices
from forewarn.alerts.outcomes import Outcomes
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.progress import Marks
from forewarn.alerts.proposal import Rules
from forewarn.alerts.proposing import Known
from forewarn.alerts.replies import Replies
from forewarn.alerts.requests import Requests
from forewarn.alerts.roaming_duty import RoamingDuty
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Told
from forewarn.alerts.usage_notices import UsageNotices
from forewarn.alerts.wishes import Wishes
from forewarn.alerts.work_notices import WorkNotices
from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.account import Account
from forewarn.stream.usage.alert import Crossing


class Remembering(Protocol):
    """A part with indexes beside the table."""

    def restore(self, table: Mapping[bytes, bytes]) -> None: ...


class Erasing(Protocol):
    """A part that keeps something of each customer."""

    def erase(self, unit: Unit, customer: str) -> None: ...


class Resuming(Protocol):
    """A part that has something to say again when sending of its kind is resumed."""

    def resumed(self, unit: Unit) -> None: ...


class Parts:
    """The parts, put together.

    `account_changed` and `erased` tell the meters of a customer whose terms changed, or who is gone.
    """

    def __init__(self, rules: Rules, partition: int) -> None:
        policy = rules.policy
        ledger = Ledger(partition, rules.hash)
        self.policy = policy
        self.rules = rules
        self.controls = Controls()
        self.customers = Customers()
        self.contacts = Contacts(policy)
        self.incidents = Incidents()
        self.told = Told()
        self.circumstances = Circumstances(policy)
        self.marks = Marks(policy, partition)
        self.fan_out = FanOut(policy.fan_out_customers)
        self.known = Known(self.customers, self.contacts, self.incidents, self.told, self.controls)
        self._wire(rules, ledger)
        self.account_changed: Callable[[Unit, str, Account | None], None] = lambda unit, customer, account: None
        self.erased: Callable[[Unit, str], None] = lambda unit, customer: None

    def _wire(self, rules: Rules, ledger: Ledger) -> None:
        """The parts that act, each given what it looks at."""
        pipeline = Pipeline(rules, self.told, ledger)
        self.deferrals, self.caps = pipeline.deferrals, pipeline.caps
        self.standings = Standings(
            rules,
            customers=self.customers,
            incidents=self.incidents,
            told=self.told,
            circumstances=self.circumstances,
            controls=self.controls,
            marks=self.marks,
            ledger=ledger,
        )
        self.notices = Notices(
            pipeline=pipeline,
            known=self.known,
        )
        self._wire_impact(pipeline, ledger)
        self.usage = UsageNotices(
            pipeline=pipeline,
            known=self.known,
            circumstances=self.circumstances,
            standings=self.standings,
            fan_out=self.fan_out,
        )
        self._wire_outcomes(ledger)
        self._wire_duties(rules, ledger)
        self._wire_journeys(pipeline)

    def _wire_duties(self, rules: Rules, ledger: Ledger) -> None:
        """What regulators ask about customers."""
        self.requests.packs = rules.packs
        people, told = self.customers, self.told
        self.roaming = RoamingDuty(rules, customers=people, told=told, usage=self.usage, ledger=ledger)
        self.compensation = Compensation(
            rules, customers=people, incidents=self.incidents, ledger=ledger, fan_out=self.fan_out
        )
        self.impact.seen = self.compensation.seen

    def _wire_outcomes(self, ledger: Ledger) -> None:
        self.requests = Requests(
            self.policy,
            customers=self.customers,
            standings=self.standings,
            ledger=ledger,
            fan_out=self.fan_out,
            caps=self.caps,
        )
        self.bills = BillNotices(
            pipeline=self.usage.pipeline,
            known=self.known,
            circumstances=self.circumstances,
            standings=self.standings,
            fan_out=self.fan_out,
        )
        self.wishes = Wishes(
            pipeline=self.usage.pipeline,
            known=self.known,
        )
        self.outcomes = Outcomes(
            customers=self.customers,
            contacts=self.contacts,
            told=self.told,
            notices=self.notices,
            usage=self.usage,
            standings=self.standings,
        )
        self.outcomes.visits["bill"] = self.bills.visit
        self.outcomes.visits["maintenance"] = self.works.again

    def _wire_journeys(self, pipeline: Pipeline) -> None:
        messages = Messages(
            self.policy,
            known=self.known,
        )
        self.journeys = Journeys(
            pipeline=pipeline,
            customers=self.customers,
            incidents=self.incidents,
            messages=messages,
            notices=self.notices,
            standings=self.standings,
            fan_out=self.fan_out,
        )
        self.habits = Habits(self.rules.offers)
        self.listening = Listening(self.journeys, self.customers)
        self.answering = Answering(self.journeys, pipeline.ledger)
        self.contracts = Contracts(self.journeys, self.habits)
        self.usage.crossed = self._crossed
        for kind in self.journeys.kinds:
            self.outcomes.also(kind, self.journeys.visit)

    def _crossed(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        """A meter found something: a habit, and perhaps an event of journeys."""
        if self.contracts.lead:
            self.habits.crossed(unit, customer, crossing)
        self.listening.crossed(unit, customer, crossing)

    def _wire_impact(self, pipeline: Pipeline, ledger: Ledger) -> None:
        self.replies = Replies(self.policy, customers=self.customers, incidents=self.incidents, ledger=ledger)
        self.impact = Impact(
            self.policy,
            incidents=self.incidents,
            customers=self.customers,
            notices=self.notices,
            standings=self.standings,
            ledger=ledger,
            fan_out=self.fan_out,
            share=self.rules.share,
            partitions=self.rules.partitions,
        )
        self.works = WorkNotices(
            pipeline=pipeline,
            known=self.known,
            standings=self.standings,
            fan_out=self.fan_out,
        )

    @property
    def remembering(self) -> tuple[Remembering, ...]:
        """The parts that rebuild indexes from the table."""
        return (
            self.controls,
            self.customers,
            self.incidents,
            self.works,
            self.told,
            self.marks,
            self.fan_out,
            self.usage,
            self.bills,
            self.requests,
            self.journeys,
        )

    @property
    def erasing(self) -> tuple[Erasing, ...]:
        """The parts that keep something of a customer."""
        return (
            self.caps,
            self.deferrals,
            self.requests,
            self.usage,
            self.bills,
            self.works,
            self.journeys,
            self.habits,
            self.notices,
            self.circumstances,
            self.contacts,
            self.customers,
            self.standings,
        )

    @property
    def resuming(self) -> dict[str, Resuming]:
        """Who says again what was paused, by the kind that is resumed."""
        return {
            "outage": self.impact,
            "maintenance": self.works,
            "usage": self.usage,
            "bill": self.bills,
            "marketing": self.requests,
        }
