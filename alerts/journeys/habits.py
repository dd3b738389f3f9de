"""Habits: how a customer's plan fitted what they used, from the thresholds that they crossed in the last cycles.

    cycle        May    June   July            over: the whole allowance in two of the last three months or more
    data         80     100    100  ──> over   fits: half of it or more, at least once, and not over
    voice        50      -      -              else: not known (few thresholds are crossed by who uses little, too)

One small row a customer, `l/<customer>`, and none for who crossed nothing. Invariant: the order in which crossings are
told does not matter.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from forewarn.alerts.customers import Customer
from forewarn.alerts.journeys.moments import DAY_MS
from forewarn.stream.engine.unit import Unit
from forewarn.stream.usage.alert import Crossing
from forewarn.stream.usage.offer import Catalogue, SoldPlan

PREFIX = b"l/"
SCHEMA = b"\x01"
#: How long back crossings count, how often the whole allowance makes a habit, and what share is noted at all.
BACK_MS, OFTEN, HALF, WHOLE = 100 * DAY_MS, 2, 50, 100
#: Marks kept of a customer.
MARKS = 12


class Mark(Struct, frozen=True, array_like=True, order=True):
    """The highest share of a bucket that was crossed in a cycle, by the cycle's end (epoch ms)."""

    cycle_end: int
    bucket: str
    percent: int


class Habit(Struct, frozen=True):
    """How the plan fitted, and a plan that would fit better."""

    use: Literal["over", "fits", ""]
    suggestion: SoldPlan | None = None


ENCODE = msgspec.msgpack.Encoder().encode
DECODE = msgspec.msgpack.Decoder(tuple[Mark, ...]).decode


class Habits:
    """The habits of one partition's customers. `catalogue` is what is for sale."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def crossed(self, unit: Unit, customer: str, crossing: Crossing) -> None:
        """Notes a threshold that was crossed."""
        percent = int(crossing.percent)
        if crossing.kind != "threshold" or percent < HALF:
            return
        marks = self._marks(unit, customer)
        mark = Mark(crossing.cycle_end, crossing.bucket, min(percent, WHOLE))
        same = [m for m in marks if (m.cycle_end, m.bucket) == (mark.cycle_end, mark.bucket)]
        if any(m.percent >= mark.percent for m in same):
            return
        newest = max((m.cycle_end for m in marks), default=mark.cycle_end)
        kept = [m for m in marks if m not in same and m.cycle_end > newest - BACK_MS]
        unit.put(PREFIX + customer.encode(), SCHEMA + ENCODE(tuple(sorted((*kept, mark))[-MARKS:])))

    def of(self, unit: Unit, person: Customer) -> Habit:
        """How the customer's plan fitted lately."""
        marks = [m for m in self._marks(unit, person.id) if m.cycle_end > unit.now - BACK_MS]
        whole = [m.bucket for m in marks if m.percent >= WHOLE]
        often = sorted({bucket for bucket in whole if whole.count(bucket) >= OFTEN})
        if often:
            return Habit("over", self._larger(person, often[0]))
        return Habit("fits" if marks else "")

    def erase(self, unit: Unit, customer: str) -> None:
        """Forgets the customer."""
        if unit.get(PREFIX + customer.encode()) is not None:
            unit.delete(PREFIX + customer.encode())

    def _larger(self, person: Customer, bucket: str) -> SoldPlan | None:
        """The smallest plan of the catalogue with more of the bucket than the customer's, and no less of the rest."""
        plan = person.profile.plan
        if plan is None:
            return None
        has = {part.bucket: part for part in plan.buckets}
        fitting = []
        for sold in self.catalogue.plans:
            gives = {part.bucket: part for part in sold.buckets}
            part = gives.get(bucket)
            if part is None or bucket not in has or sold.currency != plan.currency or sold.plan_id == plan.plan_id:
                continue
            more = part.allowance is None or (
                part.unit == has[bucket].unit and part.allowance > float(has[bucket].allowance)
            )
            if more and all(gives[b].holds(float(own.allowance), own.unit) for b, own in has.items() if b in gives):
                fitting.append((sold.price, sold.plan_id, sold))
        return min(fitting, key=lambda one: one[:2])[2] if fitting else None

    def _marks(self, unit: Unit, customer: str) -> tuple[Mark, ...]:
        value = unit.get(PREFIX + customer.encode())
        return DECODE(memoryview(value)[1:]) if value is not None else ()
