"""The simulator's own account of usage, which the truth about thresholds is made from.

Invariant: sums are exact (whole thousandths), each record is counted once by whoever hands it in, and each threshold is
reached once a cycle.
"""

from __future__ import annotations

from msgspec import Struct

from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.cycles import Cycles


class Crossing(Struct, frozen=True):
    """A customer reached `percent` of a bucket's allowance with the record that arrived at `time` (epoch ms).

    `exhausted`: nothing is left for the first time in this cycle; `percent` is 0 when that is no threshold of theirs.
    """

    customer: str
    bucket: str
    percent: int
    time: int
    record_id: str
    cycle_start: int
    told: bool
    cycle_end: int
    exhausted: bool


class _Account:
    __slots__ = ("allowance", "exhausted", "reached", "used")

    def __init__(self, allowance: int) -> None:
        self.allowance = allowance
        self.used = 0
        self.reached = 0
        self.exhausted = False


class Meter:
    """Accounts by customer, bucket and cycle; amounts in thousandths."""

    def __init__(self, cycles: Cycles) -> None:
        self._cycles = cycles
        self._accounts: dict[tuple[str, str, int], _Account] = {}
        self._crossings: list[Crossing] = []

    def used(self, customer: Customer, bucket: str, at: int) -> int:
        """What the cycle around `at` has counted so far."""
        since, _ = self._cycles.at(at, customer.time_zone, customer.cycle_day)
        account = self._accounts.get((customer.customer, bucket, since))
        return account.used if account else 0

    def add(
        self, at: int, customer: Customer, bucket: str, record_id: str, amount: int, start: int, *, top_up: bool
    ) -> Crossing | None:
        """Counts one record in the cycle of its start; answers with what it newly reached, if anything."""
        allowance = customer.allowances.get(bucket)
        if allowance is None:
            return None
        since, until = self._cycles.at(start, customer.time_zone, customer.cycle_day)
        account = self._accounts.get((customer.customer, bucket, since))
        if account is None:
            account = self._accounts[customer.customer, bucket, since] = _Account(allowance * 1000)
        if top_up:
            account.allowance += amount
            return None
        account.used += amount
        thresholds = customer.thresholds if bucket == "data" else (50, 80, 100)
        reached = max((t for t in thresholds if account.used * 100 >= account.allowance * t), default=0)
        newly = reached if reached > account.reached else 0
        exhausted = not account.exhausted and account.used >= account.allowance
        if not newly and not exhausted:
            return None
        account.reached = max(reached, account.reached)
        account.exhausted = account.exhausted or exhausted
        told = not (customer.wishes and "usage" in customer.wishes.off)
        crossing = Crossing(customer.customer, bucket, newly, at, record_id, since, told, until, exhausted)
        self._crossings.append(crossing)
        return crossing

    def taken(self) -> list[Crossing]:
        """The crossings since the last call."""
        taken, self._crossings = self._crossings, []
        return taken
