"""The usage records of jobs (a), (f) and (g), and the plain model that says which alerts they must cause.

    record:   2 % of the allowance on average; one of 256 (`big`) is big (45-110 %)
    alert:    after each record, the highest of 50/80/100 % reached, when it is above all that were sent before

Invariant: a seed gives the same customers and amounts in the same order; a smaller size is a prefix of a larger one.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aiokafka.partitioner import murmur2
from msgspec import Struct

ALLOWANCE = 100_000
LEVELS = (50, 80, 100)
VALUE_BYTES = 235

#: (customer, percent of the level, used after the record)
Alert = tuple[str, int, int]
#: (partition, key, value, epoch ms of the record or None for "now")
Keyed = tuple[int, bytes, bytes, int | None]

_TEMPLATE = (
    b'{"record_id":"u%012d","bucket":"data","amount":%d,"start":"%b","end":"%b","kind":"usage","line":"44770%07d",'
    b'"zone":"home","customer":"%b","cell":"%b"}'
)


class UsageInput(Struct, frozen=True):
    """A stream of usage records, of 200 to `small` more when not big.

    Skewed: a customer is drawn with density ~ rank**(-2/3), the first ones most often.
    """

    records: int
    customers: int = 200_000
    skewed: bool = False
    big: int = 256
    small: int = 3_600
    spread_s: float = 600.0
    seed: int = 7

    def keyed(self, partitions: int) -> Iterator[Keyed]:
        """Records with their partition; event time covers the last `spread_s` up to now (0: the time of each draw)."""
        keys = customer_keys(self.customers)
        where = partition_of(keys, partitions)
        end = datetime.now(UTC) - timedelta(seconds=5)
        for number, (customer, amount) in enumerate(self._draw()):
            if number % 10_000 == 0:
                start = end - timedelta(seconds=self.spread_s * (1 - number / self.records))
                if not self.spread_s:
                    start = datetime.now(UTC) - timedelta(seconds=5)
                begun, ended = _instant(start), _instant(start + timedelta(seconds=4))
            yield where[customer], keys[customer], encode(number, keys[customer], amount, begun, ended), None

    def expected(self) -> Counter[Alert]:
        """The alerts that these records must cause."""
        return Counter(alert for alert, _ in self.causes())

    def causes(self) -> Iterator[tuple[Alert, int]]:
        """The model, one dict of totals and one of levels sent: each alert with the number of the record behind it."""
        used: Counter[int] = Counter()
        sent: Counter[int] = Counter()
        for number, (customer, amount) in enumerate(self._draw()):
            used[customer] += amount
            reached = max((level for level in LEVELS if used[customer] * 100 >= level * ALLOWANCE), default=0)
            if reached > sent[customer]:
                sent[customer] = reached
                yield (f"c{customer:07d}", reached, used[customer]), number

    def _draw(self) -> Iterator[tuple[int, int]]:
        uniform = random.Random(self.seed).random
        power = 3 if self.skewed else 1
        for _ in range(self.records):
            customer = int(self.customers * uniform() ** power)
            share = uniform()
            big = share * self.big < 1
            yield customer, 45_000 + int(share * self.big * 65_000) if big else 200 + int(share * self.small)


def encode(number: int, key: bytes, amount: int, start: bytes, end: bytes) -> bytes:
    """One usage record as 235 bytes of JSON; the last field is unknown to every reader and pads it."""
    bare = _TEMPLATE % (number, amount, start, end, number % 10_000_000, key, b"")
    return bare[:-2] + b"0" * (VALUE_BYTES - len(bare)) + b'"}'


def profile(key: bytes, cycle_day: int) -> bytes:
    """A profile whose plan allows `ALLOWANCE` of data, with an e-mail address."""
    customer = key.decode()
    return json.dumps(
        {
            "customer": customer,
            "name": f"Customer {customer}",
            "locale": "en",
            "time_zone": "UTC",
            "services": [{"service_id": f"s-{customer}", "kind": "fixed", "element": "olt-000-00", "region": "r000"}],
            "plan": {
                "plan_id": "p1",
                "name": "One",
                "price": 20,
                "currency": "EUR",
                "cycle_day": cycle_day,
                "buckets": [{"bucket": "data", "allowance": ALLOWANCE, "unit": "kB"}],
            },
            "contacts": {"email": f"{customer}@example.net"},
        },
        separators=(",", ":"),
    ).encode()


def profiles(customers: int, partitions: int) -> Iterator[Keyed]:
    """One profile a customer; today is in the middle of everyone's billing cycle."""
    day = (time.gmtime().tm_mday + 13) % 28 + 1
    keys = customer_keys(customers)
    for where, key in zip(partition_of(keys, partitions), keys, strict=True):
        yield where, key, profile(key, day), None


@lru_cache(4)
def customer_keys(customers: int) -> list[bytes]:
    """The record keys of all customers."""
    return [b"c%07d" % number for number in range(customers)]


_partitions: dict[tuple[int, int], list[int]] = {}


def partition_of(keys: list[bytes], partitions: int) -> list[int]:
    """The partition of each customer, as Java clients choose it."""
    known = _partitions.get((len(keys), partitions))
    if known is None:
        known = [(murmur2(key) & 0x7FFFFFFF) % partitions for key in keys]
        _partitions[len(keys), partitions] = known
    return known


def _instant(moment: datetime) -> bytes:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
