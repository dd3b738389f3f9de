"""Usage of every customer: sessions, calls and messages through the day, and what it adds up to.

    opening record ─ session ─ session ─── burst ── session ─ … ─ top-up
                          └ late, twice, or corrected afterwards, now and then

Amounts are counted in thousandths, in whole numbers, so that the truth is exact.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.simulate.customers import ROAMING, ROAMING_MB, Customer
from forewarn.stream.simulate.cycles import Cycles
from forewarn.stream.simulate.events import Event
from forewarn.stream.simulate.incidents import DAY, HOUR, MINUTE
from forewarn.stream.simulate.meter import Crossing, Meter
from forewarn.stream.simulate.rhythm import rhythm
from forewarn.stream.simulate.size import draws

TOPIC = "usage.records"
#: Bucket, and its records per customer and day.
RATES = (("data", 20.0), ("voice", 1.0), ("sms", 0.7))
#: Of all records: how many come late, come twice, are taken back later.
LATE, TWICE, CORRECTED = 0.01, 0.003, 0.0005
#: Customers with a burst: a long download in many records, or one huge record.
BURSTS = 0.006
TOPPED_UP = 0.3
#: Of those with a roaming allowance, how many set out on a trip, a day.
TRIPS_A_DAY = 0.01


class Record(Struct, frozen=True, gc=False):
    """One usage record before it is sent; `amount` in thousandths; `again`: the same record for the second time."""

    customer: Customer
    bucket: str
    record_id: str
    amount: int
    start: int
    end: int
    kind: str = "usage"
    again: bool = False
    line: str | None = None
    zone: str | None = None


class Usage:
    """The usage records of all customers from `start` to `end`, epoch ms; `crossings` collects the truth.

    `pushes`: at these times these customers use what brings their data to 81 % of the allowance. `pace`: how many times
    as often as usual records come. `share` (at most 1): this part of the records, each as much larger.
    """

    def __init__(
        self,
        seed: int,
        customers: Sequence[Customer],
        start: int,
        end: int,
        pushes: Sequence[tuple[int, Customer]] = (),
        pace: float = 1.0,
        share: float = 1.0,
    ) -> None:
        self._random = draws(seed, "usage")
        self._shop, self._lines, self._trips = (draws(seed, name) for name in ("top-ups", "lines", "trips"))
        self._start, self._end, self._pace = start, end, pace * share
        self._worth = max(1, round(1 / share))
        self._cycles = Cycles()
        self._meter = Meter(self._cycles)
        self._number = 0
        self._arrivals: list[tuple[int, int, Record]] = []
        self._next: list[tuple[int, int, Customer, str, float]] = []
        self._pushes = sorted(((at, number, customer) for number, (at, customer) in enumerate(pushes)), reverse=True)
        for customer in customers:
            self._open(customer)
        heapq.heapify(self._next)

    def until(self, to: int) -> list[Event]:
        """The records that arrive before `to`."""
        self._sessions(to)
        while self._pushes and self._pushes[-1][0] < to:
            self._push(*self._pushes.pop())
        events = []
        while self._arrivals and self._arrivals[0][0] < to:
            at, _, record = heapq.heappop(self._arrivals)
            if not record.again:
                self._account(at, record)
            events.append(Event(at, TOPIC, record.customer.customer, _value(record)))
        return events

    def crossings(self) -> list[Crossing]:
        """Thresholds reached by the records handed out since the last call."""
        return self._meter.taken()

    # What happens.

    def _open(self, customer: Customer) -> None:
        """What the customer has used in the cycle so far comes as one record a bucket; then life goes on."""
        random, opening = self._random, self._start - 15_000
        since, until = self._cycles.at(self._start, customer.time_zone, customer.cycle_day)
        passed = (self._start - since) / (until - since)
        for bucket, rate in RATES:
            allowance = customer.allowances.get(bucket)
            share = min(0.45, passed * 0.9 * customer.heaviness) * random.random()
            if customer.near and bucket == "data":
                share = random.uniform(0.76, 0.798)
            if allowance is not None:
                at = max(since, self._start - HOUR)
                identity = f"{customer.customer}-{bucket}-opening"
                amount = round(allowance * share) * 1000
                self._send(opening + random.randrange(10_000), Record(customer, bucket, identity, amount, at, at + 1))
            self._later(self._start, customer, bucket, rate * self._pace * (1.5 if customer.near else 1.0))
        if random.random() < BURSTS and "data" in customer.allowances:
            self._burst(customer, self._start + random.randrange(max(1, (self._end - self._start) * 9 // 10)))
        if customer.roams:
            self._trip(customer)

    def _later(self, now: int, customer: Customer, bucket: str, rate: float) -> None:
        gap = self._random.expovariate(rate * max(0.2, rhythm(now))) * DAY
        self._number += 1
        heapq.heappush(self._next, (now + int(gap) + 1, self._number, customer, bucket, rate))

    def _sessions(self, to: int) -> None:
        while self._next and self._next[0][0] < to:
            at, number, customer, bucket, rate = heapq.heappop(self._next)
            self._session(at, number, customer, bucket)
            self._later(at, customer, bucket, rate)

    def _session(self, at: int, number: int, customer: Customer, bucket: str) -> None:
        random = self._random
        length = random.randrange(20_000, 8 * MINUTE) if bucket != "sms" else 1
        amount = _amount(random, customer, bucket, length) * self._worth
        _, until = self._cycles.at(at, customer.time_zone, customer.cycle_day)
        line = self._lines.choice(customer.lines) if customer.lines else None
        record = Record(customer, bucket, f"u{number}", amount, at, min(at + length, until - 1), line=line)
        arrival = at + length + random.randrange(1_000, 9_000)
        chance = random.random()
        if chance < LATE:
            arrival += random.randrange(2, 90) * MINUTE
        elif chance < LATE + TWICE:
            self._send(arrival + random.randrange(5, 600) * 1000, replace(record, again=True))
        elif chance < LATE + TWICE + CORRECTED and bucket == "data":
            back = Record(customer, bucket, f"u{number}-back", -amount, at, record.end, "correction")
            self._send(arrival + random.randrange(10, 60) * MINUTE, back)
        self._send(arrival, record)

    def _burst(self, customer: Customer, at: int) -> None:
        allowance = customer.allowances["data"]
        pieces = 1 if self._random.random() < 0.3 else 30
        for piece in range(pieces):
            start = at + piece * 10_000
            amount = allowance * 1000 * 6 // (10 * pieces)
            record = Record(customer, "data", f"{customer.customer}-burst-{piece}", amount, start, start + 9_000)
            self._send(start + 9_500, record)

    def _trip(self, customer: Customer) -> None:
        """Some are abroad for days and use their roaming allowance, or more."""
        random = self._trips
        if random.random() >= TRIPS_A_DAY * (1 + (self._end - self._start) / DAY):
            return
        start = random.randrange(self._start, self._end)
        last = min(self._end, start + random.randrange(2, 11) * DAY)
        records = max(4, round((last - start) / DAY * 8 / self._worth))
        total = ROAMING_MB * 1000 * random.uniform(0.1, 1.3)
        for number in range(records):
            at = start + (last - start) * number // records + random.randrange(20 * MINUTE)
            identity = f"{customer.customer}-{ROAMING}-{start // MINUTE}-{number}"
            amount = max(1, round(total / records * random.uniform(0.4, 1.6)))
            end = at + 5 * MINUTE
            self._send(end + 20_000, Record(customer, ROAMING, identity, amount, at, end, zone=ROAMING))

    def _push(self, at: int, number: int, customer: Customer) -> None:
        used = self._meter.used(customer, "data", at)
        amount = max(1000, customer.allowances["data"] * 810 - used)
        self._send(at, Record(customer, "data", f"{customer.customer}-push-{number}", amount, at - 1_000, at))

    # What arrives.

    def _send(self, at: int, record: Record) -> None:
        self._number += 1
        heapq.heappush(self._arrivals, (at, self._number, record))

    def _account(self, at: int, record: Record) -> None:
        crossed = self._meter.add(at, record.customer, record.bucket, record.record_id, record.amount, record.start,
                                  top_up=record.kind == "top_up")  # fmt: skip
        if crossed is not None and crossed.exhausted and self._shop.random() < TOPPED_UP:
            amount = record.customer.allowances[record.bucket] * 200
            bought = at + self._shop.randrange(5, 20) * MINUTE
            identity = f"{record.customer.customer}-{record.bucket}-top-up-{bought}"
            self._send(bought, Record(record.customer, record.bucket, identity, amount, bought, bought, "top_up"))


def _amount(random: Random, customer: Customer, bucket: str, length: int) -> int:
    """Thousandths of MB, minutes or messages of one session."""
    if bucket == "voice":
        return -(-length // MINUTE) * 1000
    if bucket == "sms":
        return 1000
    allowance = customer.allowances.get("data", 200_000)
    return max(1, int(random.lognormvariate(-0.5, 1.0) * customer.heaviness * allowance * 1000 / 30 / RATES[0][1]))


def _value(record: Record) -> bytes:
    amount = record.amount
    sign = "-" if amount < 0 else ""
    whole, thousandths = divmod(abs(amount), 1000)
    number = f"{sign}{whole}.{thousandths:03d}" if thousandths else f"{sign}{whole}"
    kind = "" if record.kind == "usage" else f',"kind":"{record.kind}"'
    if record.line is not None:
        kind += f',"line":"{record.line}"'
    if record.zone is not None:
        kind += f',"zone":"{record.zone}"'
    return (
        f'{{"record_id":"{record.record_id}","bucket":"{record.bucket}","amount":{number},'
        f'"start":{record.start},"end":{record.end}{kind}}}'
    ).encode()
