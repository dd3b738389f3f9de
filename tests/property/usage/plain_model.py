"""An independent plain model of metering: it keeps every record and counts all again. Slow, obvious."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from msgspec import Struct

from tests.usage_desk import HOUR

LATE = 72 * HOUR


class Plan(Struct):
    """What a customer has of the one bucket."""

    allowance: int
    rollover: bool | int
    thresholds: tuple[int, ...] = (50, 80, 100)


class Kept(Struct):
    """One record as the model keeps it."""

    start: int
    amount: Fraction
    top_up: bool


class Model:
    """One meter. `told` are (first day of the cycle, percentage), in order."""

    def __init__(self, day: int, zone: str, plan: Plan) -> None:
        self.day = day
        self.zone = ZoneInfo(zone)
        self.plan = plan
        self.records: list[Kept] = []
        self.plans: dict[date, Plan] = {}
        self.highest: dict[date, int] = {}
        self.told: list[tuple[date, int]] = []
        self.too_late = 0

    def first_day(self, instant: int) -> date:
        """Walks back, day by day, to the cycle's first day."""
        day = datetime.fromtimestamp(instant / 1000, self.zone).date()
        while not self._begins(day):
            day -= timedelta(days=1)
        return day

    def _begins(self, day: date) -> bool:
        is_last = (day + timedelta(days=1)).month != day.month
        return day.day == self.day or (is_last and day.day < self.day)

    def end(self, first: date) -> int:
        """Epoch ms of the next cycle's first midnight."""
        day = first + timedelta(days=1)
        while not self._begins(day):
            day += timedelta(days=1)
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp() * 1000)

    def use(self, start: int, amount: Fraction, *, top_up: bool, seen: int) -> None:
        """One record; the caller leaves out duplicates."""
        first = self.first_day(start)
        if seen - self.end(first) > LATE:
            self.too_late += 1
            return
        self.records.append(Kept(start, amount, top_up))
        self.plans.setdefault(first, self.plan)
        self._judge(start)

    def change(self, plan: Plan, now: int) -> None:
        """The plan or the thresholds change."""
        self.plan = plan
        for first in self.plans:
            if self.end(first) > now:
                self.plans[first] = plan
        self._judge(now)

    def used(self, first: date) -> Fraction:
        """The usage of a cycle."""
        return sum((r.amount for r in self._of(first) if not r.top_up), Fraction())

    def allowance(self, first: date) -> Fraction:
        """All that may be used in a cycle."""
        return self._granted(first) + sum((r.amount for r in self._of(first) if r.top_up), Fraction())

    def _granted(self, first: date) -> Fraction:
        before = self.first_day(
            int(datetime(first.year, first.month, first.day, tzinfo=self.zone).timestamp()) * 1000 - 1
        )
        carried = Fraction()
        if before in self.plans:
            carried = max(Fraction(), self._granted(before) - self.used(before))
            rollover = self.plans[before].rollover
            if rollover is not True:
                carried = min(carried, Fraction(rollover or 0))
        return self.plans[first].allowance + carried

    def _of(self, first: date) -> Sequence[Kept]:
        return [record for record in self.records if self.first_day(record.start) == first]

    def _judge(self, after: int) -> None:
        for first in sorted(self.plans):
            allowance = self.allowance(first)
            if allowance <= 0 or self.end(first) <= after:
                continue
            reached = [p for p in self.plan.thresholds if self.used(first) * 100 >= allowance * p]
            if reached and max(reached) > self.highest.get(first, 0):
                self.highest[first] = max(reached)
                self.told.append((first, max(reached)))
