"""Bill notices: a bill far above what is usual is explained before the customer has to ask, and marketing keeps quiet.

    billing.bills ──> BillHistory ──> bill_shock ──> Circumstances (holds marketing)
                          ▲                └───────> Proposal(bill, explained, incident = bill id) ──> pipeline
                          └── judged again when sending resumes (`y/<customer>`), or when its channel failed

Invariant: only a customer's newest bill is explained, once, and not after `bill_valid_s`.
"""

from __future__ import annotations

from collections.abc import Mapping

from forewarn.alerts import lines
from forewarn.alerts.bill_history import BillHistory, PastBill
from forewarn.alerts.bill_shock import Shock, bill_shock
from forewarn.alerts.circumstances import Circumstances
from forewarn.alerts.contexts import BillContext
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.pipeline import Pipeline
from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Proposal
from forewarn.alerts.proposing import Known, Proposing
from forewarn.alerts.standing import Standings
from forewarn.alerts.told import Entry
from forewarn.stream.engine.unit import Unit
from forewarn.topics.events.usage import Bill

#: Customers with an explanation that waits for sending to resume.
PREFIX = b"y/"
SCHEMA = b"\x01"
#: The walk over them, and its one subject.
RELEASE, ALL = "bill", "deferred"


class BillNotices(Proposing):
    """Bill notices of one partition."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        known: Known,
        circumstances: Circumstances,
        standings: Standings,
        fan_out: FanOut,
    ) -> None:
        super().__init__(known)
        self.pipeline = pipeline
        self.circumstances = circumstances
        self.standings = standings
        self.fan_out = fan_out
        self.history = BillHistory()
        self._waiting: set[str] = set()
        pipeline.deferrals.add("bill", self.visit)
        fan_out.add(RELEASE, Purpose(lambda _: set(self._waiting), self._release))

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the customers with a deferred explanation."""
        self._waiting = {key[len(PREFIX) :].decode() for key in table if key.startswith(PREFIX)}

    def take(self, unit: Unit, customer: str, event: Bill) -> bool:
        """Takes a bill; whether it is far above the usual ones. One older than the newest only says what is usual."""
        bills = self.history.take(unit, customer, event)
        newest = bool(bills) and bills[-1].bill_id == event.bill_id
        return newest and self._judge(unit, customer, bills)

    def resumed(self, unit: Unit) -> None:
        """Sending of bill notices was resumed."""
        if self._waiting:
            self.fan_out.start(unit, RELEASE, ALL)

    def visit(self, unit: Unit, customer: str, entry: Entry) -> None:
        """An explanation failed on its channel, or its wait is over: it is proposed again, if it still counts."""
        bills = self.history.get(unit, customer)
        if bills and bills[-1].bill_id == entry.incident and not entry.settled("explained"):
            self._judge(unit, customer, bills)

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer's bills."""
        self._undefer(unit, customer)
        self.history.erase(unit, customer)

    def _release(self, unit: Unit, _: str, customer: str) -> None:
        self._undefer(unit, customer)
        self._judge(unit, customer, self.history.get(unit, customer))

    def _judge(self, unit: Unit, customer: str, bills: tuple[PastBill, ...]) -> bool:
        policy = self.pipeline.rules.policy
        shock = bill_shock(policy, bills[-1], bills[:-1]) if bills else None
        if shock is None:
            return False
        bill = bills[-1]
        self.circumstances.bill_shock(unit, customer, bill.time)
        if unit.now - bill.time < ms(policy.bill_valid_s):
            self._propose(unit, customer, bill, shock)
        self.standings.publish(unit, customer)
        return True

    def _propose(self, unit: Unit, customer: str, bill: PastBill, shock: Shock) -> None:
        self._undefer(unit, customer)
        entries = self.told.entries(unit, customer)
        valid_until = bill.time + ms(self.pipeline.rules.policy.bill_valid_s)
        person = self.customers.get(unit, customer)
        fresh = Entry("bill", bill.bill_id, expires=valid_until)
        known = (e for e in entries if (e.kind, e.incident) == ("bill", bill.bill_id))
        proposal = Proposal(
            kind="bill",
            stage="explained",
            incident=bill.bill_id,
            customer=customer,
            now=unit.now,
            context=bill_context(bill, shock),
            valid_until=valid_until,
            evidence={"amount": bill.amount, "usual": shock.usual, "currency": bill.currency},
            entry=next(known, fresh),
            person=person,
            entries=entries,
            out=lines.out(self.incidents, person),
            bad_contacts=self.contacts.bad(unit, person),
            paused=self.controls.paused("bill"),
        )
        if self.pipeline.consider(unit, proposal) == "deferred":
            self._waiting.add(customer)
            unit.put(PREFIX + customer.encode(), SCHEMA)

    def _undefer(self, unit: Unit, customer: str) -> None:
        if customer in self._waiting:
            self._waiting.discard(customer)
            unit.delete(PREFIX + customer.encode())


def bill_context(bill: PastBill, shock: Shock) -> BillContext:
    """What the templates may say."""
    return BillContext(
        amount=bill.amount,
        currency=bill.currency,
        usual=shock.usual,
        due=bill.due or None,
        differences=shock.differences,
    )
