"""What both twins hear: heartbeats of a small network, usage that crosses thresholds, and marketing requests."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from tests.faults.ledger import Input
from tests.faults.place import Place

NODES, HOMES, COLLECTORS = 6, 8, 2
HOUSES = [(node, home) for node in range(NODES) for home in range(HOMES)]
#: Seconds between two records of usage, and between two marketing requests; and how long a request lives.
USAGE_S, REQUEST_S, REQUEST_LIFE_S = 2, 3, 40.0
#: Percent of an allowance that the records of one customer use of one bucket: each crosses one threshold.
STEPS, BUCKETS = (55, 30, 30), 16


class Feed:
    """What both hear: nodes with homes that beat every second (every other one behind c-2), usage, and marketing."""

    def __init__(self, places: Sequence[Place], random: Random) -> None:
        self.places, self.random = places, random
        self.dark: set[str] = set()  #: nodes
        self.lost: set[str] = set()  #: collectors
        self.asking = True  #: whether there is usage and marketing, too
        self.requests = 0
        self._used = 0

    async def introduce(self) -> None:
        """Profiles and consents: one customer a home."""
        await self._produce([*_profiles(), *_consents()])

    async def run(self) -> None:
        """Feeds until it is cancelled."""
        for second in itertools.count():
            at = time.time()
            now = int(at * 1000)
            await self._produce([*self._beats(now), *(self._asked(second, now) if self.asking else ())])
            await asyncio.sleep(max(0.0, at + 1.0 - time.time()))

    async def _produce(self, rows: list[Input]) -> None:
        await asyncio.gather(*(place.produce(rows) for place in self.places))

    def _beats(self, now: int) -> Iterator[Input]:
        for node, home in HOUSES:
            collector = f"c-{home % COLLECTORS + 1}"
            if f"node-{node}" not in self.dark and collector not in self.lost:
                beat = {"element": f"home-{node}-{home}", "parent": f"node-{node}", "collector": collector}
                yield Input("network.heartbeats", "north", {**beat, "time": now, "interval_s": 1})

    def _asked(self, second: int, now: int) -> Iterator[Input]:
        if second % USAGE_S == 0:
            yield from self._usage(now)
        if second % REQUEST_S == 0:
            yield self._request(now)

    def _usage(self, now: int) -> Iterator[Input]:
        """The next record, which crosses a threshold; one in five comes twice. Homes of odd numbers use anything."""
        users = [house for house in HOUSES if house[1] % 2]
        turn, number = divmod(self._used, len(users))
        bucket, step = divmod(turn, len(STEPS))
        if bucket >= BUCKETS:
            return
        used = {"record_id": f"u{self._used}", "bucket": f"b{bucket}", "amount": STEPS[step], "start": now - 1000}
        for _ in range(2 if self._used % 5 == 0 else 1):
            yield Input("usage.records", _customer(*users[number]), used)
        self._used += 1

    def _request(self, now: int) -> Input:
        self.requests += 1
        request = {"request_id": f"m{self.requests}", "time": now, "campaign": "spring", "channel": "email"}
        ends = now + round(REQUEST_LIFE_S * 1000)
        customer = _customer(*self.random.choice(HOUSES))
        return Input("marketing.requests", customer, request | {"expires": ends, "priority": self.requests % 7})


def _customer(node: int, home: int) -> str:
    return f"c-{node}-{home}"


def _profiles() -> Iterator[Input]:
    """The billing cycle turns half a month from now."""
    turn = min(28, (datetime.now(UTC) + timedelta(days=15)).day)
    buckets = [{"bucket": f"b{number}", "allowance": 100, "unit": "MB"} for number in range(BUCKETS)]
    plan = {"plan_id": "p", "name": "P", "price": 20, "currency": "EUR", "cycle_day": turn, "buckets": buckets}
    for node, home in HOUSES:
        service = {"service_id": "s", "kind": "fixed", "element": f"home-{node}-{home}", "region": "north"}
        contacts = {"email": f"c{node}.{home}@example.com"}
        profile = {"name": "Ada", "services": [service], "contacts": contacts, "plan": plan}
        yield Input("customers.profiles", _customer(node, home), profile)


def _consents() -> Iterator[Input]:
    consent = {"purpose": "marketing", "channel": "email", "granted": True, "source": "crm"}
    for house in HOUSES:
        consents = [consent | {"time": round(time.time() * 1000)}]
        yield Input("customers.subscriptions", _customer(*house), {"alerts": [], "consents": consents})
