"""Bill shock: a bill far above what is usual for the customer, and what makes it so.

    earlier bills   20 21 20 20 22 20   ─ median 20 ─> usual
    this one        58                  > max(1.3 x usual, usual + floor): explained by the largest differences

Invariant: pure; only bills of one currency are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from forewarn.alerts.bill_history import Amount, PastBill
from forewarn.alerts.policy import AlertPolicy

#: Earlier bills that say what is usual, and differences that are named.
EARLIER, NAMED = 6, 3


class Shock(Struct, frozen=True):
    """What is usual, and the largest differences by name of the line, positive: more than usual."""

    usual: Amount
    differences: tuple[tuple[str, Amount], ...]


def bill_shock(policy: AlertPolicy, bill: PastBill, before: Sequence[PastBill]) -> Shock | None:
    """Whether a bill is a shock after those `before`, oldest first; None: it is not, or nothing is usual yet."""
    earlier = [one for one in before if one.currency == bill.currency][-EARLIER:]
    if not earlier:
        return None
    usual = middle([one.amount for one in earlier])
    ratio, floor = Decimal(str(policy.bill_shock_ratio)), Decimal(str(policy.bill_shock_floor))
    if usual <= 0 or bill.amount <= max(usual * ratio, usual + floor):
        return None
    names = sorted({name for one in (bill, *earlier) for name in one.lines})
    largest = sorted(_changes(bill, earlier, names), key=lambda change: abs(Decimal(change[1])), reverse=True)
    return Shock(usual, tuple(largest[:NAMED]))


def _changes(bill: PastBill, earlier: Sequence[PastBill], names: Sequence[str]) -> Iterator[tuple[str, Amount]]:
    for name in names:
        change = bill.lines.get(name, 0) - middle([one.lines.get(name, 0) for one in earlier])
        if change:
            yield name, change


def middle(amounts: Sequence[Amount]) -> Amount:
    """The median; exact."""
    ordered = sorted(amounts)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    total = ordered[half - 1] + ordered[half]
    return total // 2 if isinstance(total, int) and not total % 2 else Decimal(total) / 2
