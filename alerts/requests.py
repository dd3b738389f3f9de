"""Marketing requests: each is answered, held ones are looked at again, and every one gets exactly one final answer.

    marketing.requests ──> judge ──┬─ clear ──> marketing.approved, final, good for five minutes
                                   ├─ expired ─> marketing.held, final
                                   └─ hold ───> marketing.held with review_at ──> timer, or a change ──> judge

One table key a customer, `m/<customer>`, holds the requests, answered ones without their content, so that a repeated
`request_id` is not answered again: until they expire, and for as long as a request without `expires` lives. A review by
timer approves only on a tick on which nothing that the gate rests on is unread; a request's own batch has the engine's
barrier for that. Whenever one request of a customer is judged, those that are more important are judged before it, so
that what is left of the caps goes to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import msgspec

from forewarn.alerts.caps import Caps, Full
from forewarn.alerts.curfew import MARKETING, curfew
from forewarn.alerts.customers import Customer, Customers
from forewarn.alerts.fanout import FanOut, Purpose
from forewarn.alerts.gate import Facts, Hold, judge
from forewarn.alerts.ledger import Ledger
from forewarn.alerts.local_hours import zone_of
from forewarn.alerts.policy import AlertPolicy, ms
from forewarn.alerts.reasons import Reason
from forewarn.alerts.request import Request, decode, encode, importance, next_due
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


NOTHING: Mapping[str, object] = {}


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
        """Finds the customers with held requests, and those whose timer has fired before a tick came."""
        for key, value in table.items():
            if key.startswith(PREFIX):
                customer, requests = key[len(PREFIX) :].decode(), decode(memoryview(value)[1:])
                if any(request.review for request in requests):
                    self._held.add(customer)
                if Timer(next_due(requests), customer, REVIEW).key not in table:
                    self._due.append(customer)
        self._due.sort()

    def take(self, unit: Unit, customer: str, event: MarketingRequest) -> None:
        """Answers a new request; one whose id was seen gets no second answer."""
        known = self._requests(unit, customer)
        if any(request.id == event.request_id for request in known):
            return
        life = ms(self.policy.request_life_s)
        expires = to_ms(event.expires) if event.expires is not None else to_ms(event.time) + life
        new = Request(event.request_id, expires, max(expires, unit.now + life), review=unit.now, event=event)
        self._arbitrate(unit, customer, (*known, new), fresh=unit.fresh)

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
            msgspec.structs.replace(request, review=min(request.review, unit.now + self._spread(customer, request)))
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
        """Judges the customer's due requests, and forgets answered ones that will not come again."""
        known = self._requests(unit, customer)
        requests = tuple(r for r in known if r.review or r.forget > unit.now)
        if len(requests) < len(known) or any(0 < r.review <= unit.now for r in requests):
            self._arbitrate(unit, customer, requests, fresh=fresh)

    def _arbitrate(self, unit: Unit, customer: str, requests: tuple[Request, ...], *, fresh: bool) -> None:
        """Judges what is due, each after all that waits and is more important; and stores the customer's requests."""
        least = min((r.priority for r in requests if 0 < r.review <= unit.now), default=inf)
        judged: dict[str, Request] = {}
        for request in sorted((r for r in requests if r.review), key=importance):
            if request.review <= unit.now or (fresh and request.priority > least):
                judged[request.id] = self._judge(unit, customer, request, fresh=fresh)
        self._save(unit, customer, tuple(judged.get(r.id, r) for r in requests))
        if any(request.reason == Reason.CLEAR for request in judged.values()):
            self.standings.publish(unit, customer)  # the caps may have no more room

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
        evidence = _evidence(facts, hold, full)
        if hold is None or hold.reason == Reason.EXPIRED:
            self._answer(unit, customer, request, hold, review=0, evidence=evidence)
            reason = hold.reason if hold is not None else Reason.CLEAR
            return Request(request.id, request.expires, request.forget, reason=reason)
        if hold.reason == request.reason and request.announced > unit.now:
            return msgspec.structs.replace(request, review=request.announced)  # as answered
        review = min(self._review_at(hold, customer, request, unit.now), request.expires)
        if hold.reason == request.reason == Reason.UPSTREAM_STALE:
            return msgspec.structs.replace(request, review=review)  # no news, however often it is looked at
        self._answer(unit, customer, request, hold, review=review, evidence=evidence)
        return msgspec.structs.replace(request, review=review, reason=hold.reason, announced=review)

    def _curfew(self, person: Customer | None, channel: str, now: int) -> int:
        """Until when (epoch ms) a regulator forbids to solicit the customer by the channel; 0: it may come now."""
        zone = zone_of(person.time_zone if person is not None else None, self.policy.default_time_zone)
        return curfew(self.packs, MARKETING, channel, zone, now)

    def _answer(
        self,
        unit: Unit,
        customer: str,
        request: Request,
        hold: Hold | None,
        *,
        review: int,
        evidence: Mapping[str, object] = NOTHING,
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
        self.ledger.marketing(unit, customer, answer, approved=hold is None, rule="gate", evidence={**evidence})

    def _review_at(self, hold: Hold, customer: str, request: Request, now: int) -> int:
        """When a held request is looked at again (epoch ms), if nothing changes before."""
        if hold.until is not None:
            return hold.until + self._spread(customer, request)
        wait_s = {
            Reason.OUTAGE: self.policy.lease_s,  # the lease runs from the restoration: it cannot end before
            Reason.UPSTREAM_STALE: self.policy.stale_review_s,
        }.get(hold.reason, self.policy.review_s)
        return now + max(1, ms(wait_s))

    def _spread(self, customer: str, request: Request) -> int:
        return request.turn(customer, ms(self.policy.release_spread_s))

    def _requests(self, unit: Unit, customer: str) -> tuple[Request, ...]:
        value = unit.get(PREFIX + customer.encode())
        return decode(memoryview(value)[1:]) if value is not None else ()

    def _save(self, unit: Unit, customer: str, requests: tuple[Request, ...]) -> None:
        """Stores the customer's requests and moves their timer to the next one that is due."""
        key = PREFIX + customer.encode()
        if before := self._requests(unit, customer):
            unit.disarm(next_due(before), customer, REVIEW)
        if requests:
            unit.put(key, SCHEMA + encode(requests))
            unit.arm(next_due(requests), customer, REVIEW)
        elif before:
            unit.delete(key)
        if any(request.review for request in requests):
            self._held.add(customer)
        else:
            self._held.discard(customer)


def _evidence(facts: Facts, hold: Hold | None, full: Full | None) -> dict[str, object]:
    """What an answer rests on: the customer's outages, the cap that is full, and until when it holds."""
    evidence: dict[str, object] = {"outages": facts.outages} if facts.outages else {}
    if hold is not None and hold.reason == Reason.FREQUENCY_CAP and full is not None:
        cap = full.cap
        evidence |= {"cap": cap.name, "count": full.count, "limit": cap.limit, "window_s": cap.window_s}
    if hold is not None and hold.until is not None:
        evidence["until"] = to_rfc3339(hold.until)
    return evidence
