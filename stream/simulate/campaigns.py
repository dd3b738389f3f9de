"""Campaigns that ask the gate all day, and what customers do: calls to support during outages, appointments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE, Incident, Plan
from forewarn.stream.simulate.rhythm import rhythm
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

#: Marketing requests per customer and day; most campaigns mail, some text.
REQUESTS_A_DAY = 0.15
CAMPAIGNS = ("more-data", "family-bundle", "tv-sport", "handset-upgrade", "roaming-summer", "refer-a-friend")
#: Of the customers of an outage, how many call; of all customers, how many look for help or await a technician, a day.
CALLS, HELP_A_DAY, VISITS_A_DAY = 0.02, 0.01, 0.003


def request(ts: int, number: int, customer: str, campaign: str, channel: str, priority: int, life_ms: int) -> Event:
    """One marketing request that is worth answering for `life_ms`."""
    return event(
        ts,
        "marketing.requests",
        customer,
        {
            "request_id": f"m{number:07d}",
            "customer": customer,
            "time": to_rfc3339(ts),
            "campaign": campaign,
            "channel": channel,
            "priority": priority,
            "expires": to_rfc3339(ts + life_ms),
            "content": {"template": campaign},
        },
    )


class Campaigns:
    """Marketing requests to customers drawn at random, from `start` (epoch ms)."""

    def __init__(self, seed: int, customers: Sequence[Customer], start: int, a_day: float = REQUESTS_A_DAY) -> None:
        self._random = draws(seed, "campaigns")
        self._a_day = a_day * len(customers)
        self._customers = customers
        self._number = 0
        self._at = start
        self._gap()

    def until(self, to: int) -> Iterator[Event]:
        """The requests before `to`."""
        random = self._random
        while self._at < to:
            self._number += 1
            yield request(
                self._at,
                self._number,
                random.choice(self._customers).customer,
                random.choice(CAMPAIGNS),
                "email" if random.random() < 0.8 else "sms",
                random.randrange(0, 101, 10),
                random.choice((2, 6, 24, 48)) * HOUR,
            )
            self._gap()

    def _gap(self) -> None:
        a_day = self._a_day * max(0.3, rhythm(self._at))
        self._at += 1 + int(self._random.expovariate(a_day) * DAY)


def behind(customers: Sequence[Customer]) -> Mapping[str, tuple[Customer, ...]]:
    """Element -> the customers it serves."""
    found: dict[str, list[Customer]] = {}
    for customer in customers:
        for service in customer.services:
            found.setdefault(service.element, []).append(customer)
    return {element: tuple(served) for element, served in found.items()}


def affected(incident: Incident, served: Mapping[str, tuple[Customer, ...]]) -> tuple[str, ...]:
    """The customers whose service an incident takes, each once, in order."""
    return tuple(sorted({c.customer for element in incident.silent for c in served.get(element, ())}))


def contacts(
    seed: int,
    plan: Plan,
    customers: Sequence[Customer],
    served: Mapping[str, tuple[Customer, ...]],
    start: int,
    end: int,
) -> Iterator[Event]:
    """Calls during outages, help pages and technicians on any day."""
    random = draws(seed, "contacts")
    for incident in plan.incidents:
        if incident.facing:
            for name in affected(incident, served):
                if random.random() < CALLS:
                    yield from _case(random, incident, name)
    days = (end - start) / DAY
    for customer in customers:
        if random.random() < HELP_A_DAY * days:
            at = random.randrange(start, end)
            fields = {"id": f"help-{customer.customer}", "time": at, "kind": "help_viewed", "topic": "wifi"}
            yield event(at + 300, "customers.interactions", customer.customer, fields)
        if random.random() < VISITS_A_DAY * days:
            yield from _visit(random, customer.customer, start, end)


def _case(random: Random, incident: Incident, customer: str) -> Iterator[Event]:
    opened = incident.start + random.randrange(4 * MINUTE, max(5 * MINUTE, incident.end - incident.start))
    closed = max(opened, incident.end) + random.randrange(10, 240) * MINUTE
    case = f"case-{incident.id}-{customer}"
    for at, kind in ((opened, "case_opened"), (closed, "case_closed")):
        fields = {"id": f"{case}-{kind}", "time": to_rfc3339(at), "kind": kind, "case_id": case, "channel": "phone"}
        yield event(at + 500, "customers.interactions", customer, fields)


def _visit(random: Random, customer: str, start: int, end: int) -> Iterator[Event]:
    slot = random.randrange(start, end) // HOUR * HOUR
    visit = {
        "appointment_id": f"visit-{customer}",
        "kind": "technician",
        "start": to_rfc3339(slot),
        "end": to_rfc3339(slot + 2 * HOUR),
    }
    for at, status in ((start - 10_000, "booked"), (slot + 70 * MINUTE, "completed")):
        fields = visit | {"time": to_rfc3339(at), "status": status}
        yield event(at + 500, "customers.appointments", customer, fields)
