"""Bills (`billing.bills`): one a cycle; those who get one in this world have six earlier ones, sent before it starts.

amount    20 21 20 20 22 20 │ 21        as usual
          20 21 20 20 22 20 │ 58        a shock: roaming, premium services, data beyond the allowance
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from statistics import median

from msgspec import Struct

from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.cycles import Cycles
from forewarn.stream.simulate.events import Event, event
from forewarn.stream.simulate.incidents import DAY, HOUR
from forewarn.stream.simulate.size import draws
from forewarn.topics.instants import to_rfc3339

TOPIC = "billing.bills"
EARLIER = 6
#: A bill is out so long after its cycle began, at the latest.
LATEST = 9 * HOUR
#: Share of bills that are a shock, and how much of the usual amount comes on top then (least, most).
SHOCKS, ON_TOP = 0.025, (0.5, 2.5)
_EXTRAS = ("roaming", "premium services", "data beyond the allowance", "calls abroad")


class Bill(Struct, frozen=True, kw_only=True):
    """One bill. `at` in epoch ms; amounts in cents; `usual`: the median of the six before it, None for those."""

    bill_id: str
    customer: str
    currency: str
    at: int
    amount: int
    lines: tuple[tuple[str, int], ...]
    usual: int | None = None
    shock: bool = False


def bills(seed: int, customers: Sequence[Customer], start: int, end: int) -> tuple[Bill, ...]:
    """The bills of cycles that begin in [start, end), epoch ms, and those before them."""
    random, cycles = draws(seed, "bills"), Cycles()
    return tuple(bill for customer in customers for bill in _of(random, cycles, customer, start, end))


def _of(random: Random, cycles: Cycles, customer: Customer, start: int, end: int) -> Iterator[Bill]:
    extra = random.choice((0, 0, 0, 499, 999, 1_499))  # a handset, a television package
    until = cycles.at(start, customer.time_zone, customer.cycle_day)[1]
    past = []
    if until + LATEST < end:
        at = cycles.at(start, customer.time_zone, customer.cycle_day)[0]
        for number in range(EARLIER):
            bill = _bill(random, customer, extra, at + 2 * HOUR - number * 30 * DAY, shock=False)
            past.append(bill.amount)
            yield bill
    while until + LATEST < end:
        shock = random.random() < SHOCKS
        at = until + random.randrange(2 * HOUR, LATEST)
        bill = _bill(random, customer, extra, at, shock=shock, usual=round(median(past)))
        past = [*past[1:], bill.amount]
        yield bill
        until = cycles.at(until, customer.time_zone, customer.cycle_day)[1]


def _bill(random: Random, customer: Customer, extra: int, at: int, *, shock: bool, usual: int | None = None) -> Bill:
    _, name, price, *_ = customer.plan
    lines = [(f"{name} plan", price * 100)]
    if extra:
        lines.append(("options", extra))
    if random.random() < 0.4:
        lines.append(("calls abroad", random.randrange(20, 160)))
    if shock:
        amount = round((price * 100 + extra) * random.uniform(*ON_TOP)) + 1_000
        lines.append((random.choice(_EXTRAS[:3]), amount))
    return Bill(
        bill_id=f"bill-{customer.customer}-{at // DAY}",
        customer=customer.customer,
        currency="EUR" if customer.time_zone.startswith("Europe/") else "USD",
        at=at,
        amount=sum(cents for _, cents in lines),
        lines=tuple(lines),
        usual=usual,
        shock=shock,
    )


def sent(bills: Sequence[Bill], before: int, span: int) -> Iterator[Event]:
    """The bills as records; earlier ones over `span` ms up to `before` (epoch ms), oldest first."""
    past = sorted((bill for bill in bills if bill.usual is None), key=lambda bill: bill.at)
    for number, bill in enumerate(past):
        yield _record(bill, before - span + number * span // len(past))
    for bill in bills:
        if bill.usual is not None:
            yield _record(bill, bill.at + 500)


def _record(bill: Bill, ts: int) -> Event:
    fields = {
        "bill_id": bill.bill_id,
        "time": to_rfc3339(bill.at),
        "amount": bill.amount / 100,
        "currency": bill.currency,
        "due": to_rfc3339(bill.at + 14 * DAY)[:10],
        "lines": [{"name": name, "amount": cents / 100} for name, cents in bill.lines],
    }
    return event(ts, TOPIC, bill.customer, fields)
