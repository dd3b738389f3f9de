"""The last bills of each customer: what a new one is held against.

    bills       a customer's newest seven, oldest first; lines by name, each name kept once

One table key a customer, `e/<customer>`. Invariant: the order in which bills arrive does not matter; a bill that comes
again, or is corrected, takes the place of the one with its id.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
from msgspec import Struct

from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.amount import scale_of
from forewarn.topics.events.usage import Bill
from forewarn.topics.instants import to_ms

PREFIX = b"e/"
SCHEMA = b"\x01"
#: The bill in question and those that it is held against.
KEPT = 7
#: Lines of a bill that are kept, the largest ones, and how much of their names.
LINES, NAME = 10, 60

Amount = int | Decimal


class PastBill(Struct, frozen=True, array_like=True):
    """One bill. `time` and `due` are epoch ms, `due` 0 when the bill does not say; lines of one name are added up."""

    bill_id: str
    time: int
    currency: str
    amount: Amount
    due: int
    lines: dict[str, Amount]


class Row(Struct, frozen=True, array_like=True):
    """A customer's bills as stored: lines are (index of the name, amount)."""

    names: tuple[str, ...]
    bills: tuple[tuple[str, int, str, Amount, int, tuple[tuple[int, Amount], ...]], ...]


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(Row, strict=False).decode


class BillHistory:
    """The bills of one partition's customers."""

    def get(self, unit: Unit, customer: str) -> tuple[PastBill, ...]:
        """A customer's bills, oldest first."""
        value = unit.get(PREFIX + customer.encode())
        if value is None:
            return ()
        row = DECODE(memoryview(value)[1:])
        return tuple(
            PastBill(bill_id, time, currency, amount, due, {row.names[index]: of for index, of in lines})
            for bill_id, time, currency, amount, due, lines in row.bills
        )

    def take(self, unit: Unit, customer: str, event: Bill) -> tuple[PastBill, ...]:
        """Adds a bill; the customer's bills, oldest first. One with amounts that are none is left out."""
        known = {bill.bill_id: bill for bill in self.get(unit, customer)}
        bill = past(event)
        before = known.get(event.bill_id)
        if bill is not None and (before is None or before.time <= bill.time):
            known[bill.bill_id] = bill
        bills = tuple(sorted(known.values(), key=lambda one: (one.time, one.bill_id))[-KEPT:])
        key, value = PREFIX + customer.encode(), SCHEMA + ENCODE(_row(bills))
        if unit.get(key) != value:
            unit.put(key, value)
        return bills

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer's bills."""
        unit.delete(PREFIX + customer.encode())


def past(event: Bill) -> PastBill | None:
    """The bill as it is kept; None when an amount is no finite number of a usual size."""
    lines: dict[str, Amount] = {}
    if any(scale_of(amount) is None for amount in (event.amount, *(line.amount for line in event.lines))):
        return None
    for line in event.lines:
        name = line.name[:NAME]
        lines[name] = lines.get(name, 0) + line.amount
    largest = sorted(lines.items(), key=lambda one: (abs(one[1]), one[0]), reverse=True)[:LINES]
    return PastBill(event.bill_id, to_ms(event.time), event.currency, event.amount, _due(event), dict(sorted(largest)))


def _due(event: Bill) -> int:
    """Noon of the day on which the bill is due, so that it is that day in nearly every zone; 0: not said."""
    if event.due is None or isinstance(event.due, int):
        return event.due or 0
    try:
        day = date.fromisoformat(event.due[:10])
    except ValueError:  # free text
        return 0
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * 1000


def _row(bills: tuple[PastBill, ...]) -> Row:
    names = tuple(sorted({name for bill in bills for name in bill.lines}))
    index = {name: number for number, name in enumerate(names)}
    return Row(
        names,
        tuple(
            (b.bill_id, b.time, b.currency, b.amount, b.due, tuple((index[name], of) for name, of in b.lines.items()))
            for b in bills
        ),
    )
