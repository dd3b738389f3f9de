"""Campaigns that ask the gate all day, every day, and who is behind which element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY, HOUR, Incident
from forewarn.stream.simulate.rhythm import rhythm
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

#: Marketing requests per customer and day; most campaigns mail, some text.
REQUESTS_A_DAY = 0.15
CAMPAIGNS = ("more-data", "family-bundle", "tv-sport", "handset-upgrade", "roaming-summer", "refer-a-friend")


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
