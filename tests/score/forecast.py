"""Forecasts against the truth: the simulator's customers, the real meters, no Kafka: `python -m tests.score.forecast`.

    simulated usage ─ an hour at a time ─> Meters ─> usage.alerts, kind forecast ─┐
          └─> allowances that ran out, and when ──────────────────────────────────┴─> precision, warning, found

Cycles are judged that end within the world, and begin in it or a few days before. One that ran out counts as found when
it was forecast; only those are asked for that lasted two days.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Decimal
from statistics import median

import orjson
from msgspec import Struct

from forewarn.stream.simulate import customers, layout
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.usage import Usage
from forewarn.stream.usage.account import Account
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.topics.events.customers import Bucket, Plan
from tests.usage_desk import DAY, HOUR, Desk, Raw, ms

START = ms("2026-09-02T06:00")


class Figures(Struct):
    """What came of the forecasts: hours of warning of those that came true, how many did not, and what was missed."""

    ahead: list[float] = []
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of the forecasts that came true."""
        return len(self.ahead) / max(1, len(self.ahead) + self.wrong)

    @property
    def warning(self) -> float:
        """Median hours between a forecast that came true and the end of the allowance."""
        return median(self.ahead) if self.ahead else 0.0

    @property
    def found(self) -> float:
        """Share of the cycles that ran out which were forecast."""
        return len(self.ahead) / max(1, len(self.ahead) + self.missed)


def measure(seed: int, *, people: int, days: int, policy: UsagePolicy | None = None) -> Figures:
    """The figures of one seed's customers."""
    size = Size(regions=4, devices=40, customers=people)
    known = customers.build(seed, size, layout.build(seed, size))
    desk, end = Desk(policy), START + days * DAY
    desk.now = START - DAY
    for one in known:
        desk.profile(_account(one), customer=one.customer)
    usage = Usage(seed, known, START, end)
    ran_out: dict[tuple[str, str, int], int] = {}
    for hour in range(START, end, HOUR):
        desk.now = hour + HOUR
        batch = [Raw(0, event.ts, event.key.encode(), event.value) for event in usage.until(hour + HOUR)]
        if batch:
            desk.take(batch)
        desk.written.clear()
        for crossing in usage.crossings():
            if crossing.exhausted and crossing.cycle_start >= START - 7 * DAY and crossing.cycle_end <= end:
                ran_out.setdefault((crossing.customer, crossing.bucket, crossing.cycle_start), crossing.time)
    return _judged(desk, ran_out, end)


def _judged(desk: Desk, ran_out: dict[tuple[str, str, int], int], end: int) -> Figures:
    figures, said = Figures(ahead=[]), set()
    for output in desk.outputs:
        if output.topic != "usage.alerts":
            continue
        alert = orjson.loads(output.value or b"")
        key = ((output.key or b"").decode(), alert["bucket"], ms(alert["cycle_start"]))
        if alert["kind"] != "forecast" or ms(alert["cycle_end"]) > end or key[2] < START - 7 * DAY:
            continue
        said.add(key)
        if key in ran_out:
            figures.ahead.append((ran_out[key] - ms(alert["time"])) / HOUR)
        else:
            figures.wrong += 1
    chance = {key: at for key, at in ran_out.items() if at - max(key[2], START) > 2 * DAY}
    figures.missed = sum(key not in said for key in chance)
    return figures


def _account(one: Customer) -> Account:
    plan_id, name, price, *_ = one.plan
    buckets = tuple(
        Bucket(bucket, allowance, "MB", None, Decimal("0.01")) for bucket, allowance in one.allowances.items()
    )
    return Account(Plan(plan_id, name, price, "EUR", one.cycle_day, buckets), one.time_zone, {})


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the figures of some seeds."""
    parser = argparse.ArgumentParser(prog="python -m tests.score.forecast", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--days", type=int, default=45)
    given = parser.parse_args(arguments)
    for seed in range(1, given.seeds + 1):
        figures = measure(seed, people=given.people, days=given.days)
        print(
            f"seed {seed}: {len(figures.ahead) + figures.wrong} forecasts, precision {figures.precision:.3f}, "
            f"median warning {figures.warning:.0f} h, of those that ran out {figures.found:.0%} were forecast",
            flush=True,
        )


if __name__ == "__main__":
    main()
