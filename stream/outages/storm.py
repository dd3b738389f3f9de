"""Storms: an outage of more customers than a limit is told to nobody before an operator approves.

    outages.affected ──> sum over partitions ──┬─ above the limit ────────────────> hold: true
                                               ├─ below, a partition held itself ─> hold: false
                                               └─ approved by an operator ────────> hold: false, and stays

A partition that counts more than its share of the limit holds itself until a revision says otherwise, so nothing goes
out between its count and the sum. Invariant: who approved once is not asked again, however the outage grows.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import OPEN, Case
from forewarn.stream.outages.rows import Shelf


class Counts(Struct, frozen=True, array_like=True, gc=False):
    """Customers of an outage in each customer partition: (revision that was answered, customers)."""

    by_partition: dict[int, tuple[int, int]]

    def total(self) -> int:
        """Customers altogether."""
        return sum(customers for _, customers in self.by_partition.values())


COUNTS = Shelf("n/", Counts)


def held(case: Case, counts: Counts, limit: int, partitions: int) -> Case:
    """The case with `hold` as its customers, counted by partition, ask for."""
    if case.approved or case.state not in OPEN:
        return case
    if counts.total() > limit:
        return replace(case, hold=True)
    largest = max((customers for _, customers in counts.by_partition.values()), default=0)
    return replace(case, hold=False) if case.hold or largest > share(limit, partitions) else case


def share(limit: int, partitions: int) -> float:
    """The customers of one outage that a partition tells without waiting for the sum."""
    return limit / partitions
