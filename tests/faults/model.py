"""An independent plain model: folds the input ledger and says what must have come of it. Knows nothing of the product.

usage.records ──> totals by customer and bucket, thresholds crossed, each once a cycle
marketing.requests ──> exactly one final answer each
notifications ──> each handed over at least once
#outage.* ──> who must be told that it began and that it is over, and when no marketing may pass
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from tests.faults.ledger import BEGUN, KNOWN, MENDED, Input

PERCENTS = (50, 80, 100)


class Quiet(Struct, frozen=True):
    """A time in which a customer is known to be without service. Epoch ms."""

    since: int
    until: int


class Model:
    """What the inputs folded so far ask for."""

    def __init__(self, inputs: Iterable[Input] = ()) -> None:
        self.allowances: dict[tuple[str, str], int] = {}
        self.used: dict[tuple[str, str], int] = defaultdict(int)
        self.records = 0
        #: (customer, bucket, percent) -> amount used when it was crossed.
        self.crossed: dict[tuple[str, str, int], int] = {}
        self.requests: dict[str, str] = {}
        self.notices: dict[str, str] = {}
        #: Customer -> outages that must be told begun, and that must be told over.
        self.begun: dict[str, int] = defaultdict(int)
        self.mended: dict[str, int] = defaultdict(int)
        self.quiet: dict[str, list[Quiet]] = defaultdict(list)
        self._told: dict[tuple[str, str], int] = defaultdict(int)
        self._seen: set[tuple[str, str]] = set()
        self._known: dict[str, int] = {}
        for one in inputs:
            self.fold(one)

    def fold(self, one: Input) -> None:
        """The next input."""
        value = one.value
        match one.topic:
            case "customers.profiles":
                for bucket in value["plan"]["buckets"]:
                    self.allowances[one.key, bucket["bucket"]] = bucket["allowance"]
            case "usage.records":
                self._use(one.key, value)
            case "marketing.requests":
                self.requests[value["request_id"]] = one.key
            case "notifications":
                self.notices[value["notification_id"]] = one.key
            case _ if one.topic.startswith("#"):
                self._outage(one)

    def _use(self, customer: str, record: dict[str, Any]) -> None:
        self.records += 1
        if (customer, record["record_id"]) in self._seen:
            return
        self._seen.add((customer, record["record_id"]))
        meter = customer, record["bucket"]
        self.used[meter] += record["amount"]
        allowance = self.allowances.get(meter)
        if allowance is None:
            return
        reached = [percent for percent in PERCENTS if self.used[meter] * 100 >= percent * allowance]
        if reached and reached[-1] > self._told[meter]:
            self._told[meter] = reached[-1]
            self.crossed[(*meter, reached[-1])] = self.used[meter]

    def _outage(self, one: Input) -> None:
        for customer in one.value["customers"]:
            if one.topic == BEGUN:
                self.begun[customer] += 1
            elif one.topic == KNOWN:
                self._known[customer] = one.value["time"]
            elif one.topic == MENDED:
                self.mended[customer] += 1
                if (since := self._known.pop(customer, None)) is not None:
                    self.quiet[customer].append(Quiet(since, one.value["time"]))
