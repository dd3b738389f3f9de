"""What the meters know of a customer, and the terms that follow from it for one bucket.

Invariant: `terms` is total. Whatever a profile says, it gives a calendar and usable thresholds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from forewarn.stream.usage.cycle import Calendar, calendar
from forewarn.stream.usage.policy import UsagePolicy
from forewarn.topics.events.customers import Plan

#: Above this a threshold is taken for a mistake.
HIGHEST_PERCENT = 1000


class Account(Struct, frozen=True):
    """A customer with a profile: the plan, the IANA time zone, and the percentages chosen per bucket."""

    plan: Plan | None
    time_zone: str
    thresholds: Mapping[str, tuple[float, ...]]


class Terms(Struct, frozen=True):
    """What holds for one bucket of one customer.

    `allowance` is None when there is nothing to judge against: no profile, no plan, or a bucket that the plan lacks.
    `thresholds` are percentages, ascending, as are `spend_thresholds`, of `spend_limit` in the plan's currency.
    """

    known: bool
    calendar: Calendar
    allowance: int | Decimal | None = None
    rollover: bool | int | Decimal | None = None
    unit: str = ""
    thresholds: tuple[int | float, ...] = ()
    plan: Plan | None = None
    overage_price: int | Decimal | None = None
    spend_limit: int | Decimal | None = None
    spend_thresholds: tuple[int | float, ...] = ()


def terms(policy: UsagePolicy, account: Account | None, bucket: str) -> Terms:
    """The terms of a bucket. Without a profile or a plan the cycle is the calendar month."""
    if account is None:
        return Terms(False, calendar(1, policy.time_zone, policy.time_zone))
    plan = account.plan
    cycles = calendar(plan.cycle_day if plan else 1, account.time_zone, policy.time_zone)
    chosen = account.thresholds.get(bucket)
    percents = policy.thresholds if chosen is None else chosen
    if is_roaming(bucket):
        percents = (*percents, *policy.roaming_thresholds)
    for part in plan.buckets if plan else ():
        if part.bucket == bucket:
            return Terms(
                known=True,
                calendar=cycles,
                allowance=part.allowance,
                rollover=part.rollover,
                unit=part.unit,
                thresholds=ascending(percents),
                plan=plan,
                overage_price=part.overage_price,
                spend_limit=part.spend_limit,
                spend_thresholds=ascending(policy.spend_thresholds),
            )
    return Terms(True, cycles, thresholds=ascending(percents), plan=plan)


def is_roaming(bucket: str) -> bool:
    """Whether the bucket is what usage abroad draws on."""
    return bucket == "roaming" or bucket.startswith("roaming:")


@lru_cache(maxsize=4096)
def ascending(percents: tuple[float, ...]) -> tuple[int | float, ...]:
    """Usable percentages in ascending order, each once; whole ones as integers."""
    usable = {percent for percent in percents if math.isfinite(percent) and 0 < percent <= HIGHEST_PERCENT}
    return tuple(sorted(int(percent) if percent == int(percent) else percent for percent in usable))
