"""Marketing requests: each is answered, held ones are looked at again, and every one gets exactly one final answer.

    marketing.requests ──> judge ──┬─ clear ──> marketing.approved, final, good for five minutes
                                   ├─ expired ─> marketing.held, final
                                   └─ hold ───> marketing.held with review_at ──> timer, or a change ──> judge

One table key a customer, `m/<customer>`, holds the requests until they expire, answered ones without their content, so
that a repeated `request_id` is not answered again. A review by timer approves only on a tick on which nothing that the
gate rests on is unread; a request's own batch has the engine's barrier for that.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from forewarn.alerts.caps import Caps
from forewarn.alerts.curfew import MARKETING, curfew
from forewarn.alerts.customers import Customer, Customers
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.gate import Facts, Hold, judge
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.alerts.proposal import digest
from forewarn.alerts.reasons import Reason
from forewarn.alerts.standing import Standings
from forewarn.stream.engine.unit import Timer, Unit
from forewarn.stream.regulator.pack import Pack
from forewarn.topics.events.messages import MarketingAnswer, MarketingRequest
from forewarn.topics.instants import to_ms, to_rfc3339

PREFIX = b"m/"
SCHEMA = b"\x01"

#: Timer of a customer's requests; its subject is the customer.
REVIEW = "gate.review"
#: The walk over customers with held requests, and its one subject.
WAKE, ALL = "marketing", "held"

#: What the gate rests on: all of it must be read before an approval.
BARRIER = (
    "outages.impact",
    "customers.interactions",
    "customers.preferences",
    "customers.subscriptions",
    "customers.profiles",
    "customers.appointments",
    "billing.bills",
)


class Request(Struct, frozen=True, array_like=True, omit_defaults=True):
    """A request as kept in the table. Instants are epoch ms.

    `review`: when to look at it again, 0 = it has its final answer. `reason` and `announced` (its `review_at`) are
    those of the last answer given.
    """

    id: str
    expires: int
    review: int = 0
    reason: str = ""
    announced: int = 0
    event: MarketingRequest | None = None


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(tuple[Request, ...]).decode


class Requests:
    """The marketing requests of one partition."""

    def __init__(
        self,
        policy: AlertPolicy,
        *,
        customers: Customers,
        standings: Standings,
        ledger: Ledger,
        fan_out: FanOut,
        caps: Caps,
    ) -> None:
        self.policy = policy
        self.caps = caps
        #: Regulators' rules in force.
        self.packs: tuple[Pack, ...] = ()
        self.customers = customers
        self.standings = standings
        self.ledger = ledger
        self.fan_out = fan_out
        self._held: set[str] = set()
        self._due: list[str] = []
        fan_out.add(WAKE, Purpose(lambda _: set(self._held), lambda unit, _, customer: self.wake(unit, customer)))
        standings.changed = self.wake

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Finds the customers with held requests. All are looked at on the first tick; only due ones are judged."""
        for key, value in table.items():
            if key.startswith(PREFIX) and any(r.review for r in DECODE(memoryview(value)[1:])):
                self._held.add(key[len(PREFIX) :].decode())
        self._due = sorted(self._held)

    def take(self, unit: Unit, customer: str, event: MarketingRequest) -> None:
        """Answers a new request; one whose id was seen gets no second answer."""
        known = self._requests(unit, customer)
        if any(request.id == event.request_id for request in known):
            return
        life = to_ms(event.expires) if event.expires is not None else to_ms(event.time) + ms(self.policy.request_life_s)
        request = self._judge(unit, customer, Request(event.request_id, life, event=event), fresh=unit.fresh)
        self._save(unit, customer, (*known, request))

    def fire(self, unit: Unit, timer: Timer) -> None:
        """Requests of a customer are due; they are judged on the tick that follows."""
        self._due.append(timer.subject)

    def tick(self, unit: Unit, idle: frozenset[str]) -> None:
        """Judges what is due; approves only if nothing that the gate rests on is unread."""
        if self._due:
            due, self._due = dict.fromkeys(self._due), []
            fresh = idle.issuperset(BARRIER)
            for customer in due:
                self._review(unit, customer, fresh=fresh)

    def wake(self, unit: Unit, customer: str) -> None:
        """Something about the customer changed: held requests are reviewed soon, not all customers' at once."""
        if customer not in self._held:
            return
        requests = tuple(
            msgspec.structs.replace(request, review=min(request.review, unit.now + self._spread(request)))
            if request.review
            else request
            for request in self._requests(unit, customer)
        )
        self._save(unit, customer, requests)

    def resumed(self, unit: Unit) -> None:
        """Marketing was resumed by an operator."""
        if self._held:
            self.fan_out.start(unit, WAKE, ALL)

    def erase(self, unit: Unit, customer: str) -> None:
        """The customer is deleted: held requests end, the rest is forgotten."""
        for request in self._requests(unit, customer):
            if request.review:
                self._answer(unit, customer, request, Hold(Reason.UNKNOWN_CUSTOMER, None), review=0)
        self._save(unit, customer, ())

    def _review(self, unit: Unit, customer: str, *, fresh: bool) -> None:
        """Judges the customer's due requests, the more important first, and forgets answered ones that are over."""
        known = self._requests(unit, customer)
        requests = [r for r in known if r.review or r.expires > unit.now]
        due = sorted((r for r in requests if 0 < r.review <= unit.now), key=_importance)
        judged = {r.id: self._judge(unit, customer, r, fresh=fresh) for r in due}
        if judged or len(requests) < len(known):
            self._save(unit, customer, tuple(judged.get(r.id, r) for r in requests))

    def _judge(self, unit: Unit, customer: str, request: Request, *, fresh: bool) -> Request:
        """Answers a request, if there is news, and says how it goes on."""
        event = request.event
        assert event is not None  # only answered requests have lost it
        person = self.customers.get(unit, customer)
        consented = person is not None and person.consented(("marketing",), event.channel) is True
        facts = self.standings.facts(unit, customer, person, fresh=fresh)
        full = self.caps.full(unit, customer, "marketing", event.channel)
        capped = full.until if full is not None else 0
        hold = judge(facts, consented=consented, now=unit.now, expires=request.expires, capped=capped)
        if hold is None and self.packs and (until := self._curfew(person, event.channel, unit.now)):
            hold = Hold(Reason.SOLICITATION_HOURS, until)
        if hold is None:
            self.caps.spend(unit, customer, "marketing", event.channel)
        if hold is None or hold.reason == Reason.EXPIRED:
            self._answer(unit, customer, request, hold, review=0, facts=facts)
            return Request(request.id, request.expires, reason=hold.reason if hold is not None else Reason.CLEAR)
        if hold.reason == request.reason and request.announced > unit.now:
            return msgspec.structs.replace(request, review=request.announced)  # as answered
        review = min(self._review_at(hold, request, unit.now), request.expires)
        if hold.reason == request.reason == Reason.UPSTREAM_STALE:
            return msgspec.structs.replace(request, review=review)  # no news, however often it is looked at
        self._answer(unit, customer, request, hold, review=review, facts=facts)
        return msgspec.structs.replace(request, review=review, reason=hold.reason, announced=review)

    def _curfew(self, person: Customer | None, channel: str, now: int) -> int:
        """Until when (epoch ms) a regulator forbids to solicit the customer by the channel; 0: it may come now."""
        zone = zone_of(person.time_zone if person is not None else None, self.policy.default_time_zone)
        return curfew(self.packs, MARKETING, channel, zone, now)

    def _answer(
        self, unit: Unit, customer: str, request: Request, hold: Hold | None, *, review: int, facts: Facts | None = None
    ) -> None:
        event = request.event
        assert event is not None
        good = min(unit.now + ms(self.policy.approval_valid_s), request.expires)
        answer = MarketingAnswer(
            request_id=event.request_id,
            time=to_rfc3339(to_ms(event.time)),
            campaign=event.campaign,
            channel=event.channel,
            priority=event.priority,
            expires=to_rfc3339(to_ms(event.expires)) if event.expires is not None else None,
            content=event.content,
            customer=customer,
            decided=to_rfc3339(unit.now),
            reason=hold.reason if hold is not None else Reason.CLEAR,
            final=not review,
            review_at=to_rfc3339(review) if review else None,
            valid_until=to_rfc3339(good) if hold is None else None,
        )
        evidence = {"outages": facts.outages} if facts is not None and facts.outages else {}
        self.ledger.marketing(unit, customer, answer, approved=hold is None, rule="gate", evidence=evidence)

    def _review_at(self, hold: Hold, request: Request, now: int) -> int:
        """When a held request is looked at again (epoch ms), if nothing changes before."""
        if hold.until is not None:
            return hold.until + self._spread(request)
        wait_s = {
            Reason.OUTAGE: self.policy.lease_s,  # the lease runs from the restoration: it cannot end before
            Reason.UPSTREAM_STALE: self.policy.stale_review_s,
        }.get(hold.reason, self.policy.review_s)
        return now + max(1, ms(wait_s))

    def _spread(self, request: Request) -> int:
        """A delay in ms between 1 and `release_spread_s`: shorter for higher priority, else by the request's id."""
        event = request.event
        priority = min(max(float(event.priority), 0.0), 100.0) if event is not None else 0.0
        share = int(digest(request.id)[:8], 16) / 2**32
        return 1 + int(ms(self.policy.release_spread_s) * ((100 - priority) / 100 + share) / 2)

    def _requests(self, unit: Unit, customer: str) -> tuple[Request, ...]:
        value = unit.get(PREFIX + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else ()

    def _save(self, unit: Unit, customer: str, requests: tuple[Request, ...]) -> None:
        """Stores the customer's requests and moves their timer to the next one that is due."""
        key = PREFIX + customer.encode()
        if before := self._requests(unit, customer):
            unit.disarm(_next(before), customer, REVIEW)
        if requests:
            unit.put(key, SCHEMA + ENCODE(requests))
            unit.arm(_next(requests), customer, REVIEW)
        elif before:
            unit.delete(key)
        if any(request.review for request in requests):
            self._held.add(customer)
        else:
            self._held.discard(customer)


def _next(requests: tuple[Request, ...]) -> int:
    """When (epoch ms) the first of these is to be looked at, or forgotten."""
    return min(request.review or request.expires for request in requests)


def _importance(request: Request) -> tuple[float, str]:
    return -float(request.event.priority) if request.event is not None else 0.0, request.id
