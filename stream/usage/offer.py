"""The best next action for a customer whose allowance will not do: nothing, a top-up, or another plan.

    what is missing ──┬─> the cheapest top-up that covers it
                      └─> the smallest plan that fits all that the cycle takes, and takes away nothing else
    the cheaper of the two, if it costs less than what the usage beyond the allowance is expected to cost

Without an overage price usage ends with the allowance: then any action that helps is better than none.

Invariant: an offer costs the customer no more than they would pay without it, in the same currency and unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from forewarn.topics.events.customers import Bucket, Plan

Amount = Annotated[float, Meta(gt=0)]
Price = Annotated[float, Meta(ge=0)]


class TopUp(Struct, frozen=True, forbid_unknown_fields=True):
    """More of one bucket for what is left of a cycle."""

    id: str
    name: str
    bucket: str
    amount: Amount
    unit: str
    price: Price
    currency: str


class Allowed(Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan of the catalogue gives of one bucket each cycle; without an `allowance` it is unlimited."""

    bucket: str
    unit: str
    allowance: Amount | None = None

    def holds(self, amount: float, unit: str) -> bool:
        """Whether it gives this much."""
        return self.allowance is None or (self.unit == unit and self.allowance >= amount)


class SoldPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan that customers may change to. Buckets that it does not name stay as they are, as add-ons do."""

    plan_id: str
    name: str
    price: Price
    currency: str
    buckets: tuple[Allowed, ...] = ()


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """What is for sale. Empty: nothing is offered."""

    plans: tuple[SoldPlan, ...] = ()
    top_ups: tuple[TopUp, ...] = ()
    #: An offer is made when running out is at least this likely.
    probability: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def __post_init__(self) -> None:
        for what, ids in (("plans", [p.plan_id for p in self.plans]), ("top_ups", [t.id for t in self.top_ups])):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"{what}: there is more than one of {', '.join(twice)}")


class Offered(Struct, frozen=True):
    """What the customer is offered: a top-up or a plan, with what it costs (a plan: each cycle)."""

    kind: Literal["top_up", "plan"]
    id: str
    name: str
    price: int | Decimal
    currency: str


class Need(Struct, frozen=True):
    """What one bucket will take this cycle, in its own unit: `missing` more than it has, `projected` in all.

    `beyond`: expected usage beyond the allowance, which is what is paid for; in doubt it is more than `missing`.
    """

    missing: float
    beyond: float
    projected: float


def best(catalogue: Catalogue, plan: Plan, bucket: Bucket, need: Need) -> Offered | None:
    """The best next action for one bucket of the customer's plan; None: do nothing."""
    covering = [top_up for top_up in catalogue.top_ups if _covers(top_up, plan, bucket, need.missing)]
    top_up = min(covering, key=lambda one: (one.price, one.id), default=None)
    sold = _smallest(catalogue.plans, plan, bucket, need)
    price = bucket.overage_price
    limit = None if price is None else need.beyond * float(price)
    if limit is not None and bucket.spend_limit is not None:
        limit = min(limit, float(bucket.spend_limit))
    options = []
    if top_up is not None:
        options.append((top_up.price, 0, _offered("top_up", top_up.id, top_up)))
    if sold is not None:
        options.append((sold.price - float(plan.price), 1, _offered("plan", sold.plan_id, sold)))
    options = [option for option in options if limit is None or option[0] < limit]
    return min(options, key=lambda option: option[:2])[2] if options else None


def _covers(top_up: TopUp, plan: Plan, bucket: Bucket, missing: float) -> bool:
    same = (top_up.bucket, top_up.unit, top_up.currency) == (bucket.bucket, bucket.unit, plan.currency)
    return same and top_up.amount >= missing


def _smallest(plans: Iterable[SoldPlan], plan: Plan, bucket: Bucket, need: Need) -> SoldPlan | None:
    """The plan with the least of the bucket that fits, keeps every other allowance, and is not the present one."""
    fitting = []
    for sold in plans:
        given = {part.bucket: part for part in sold.buckets}
        part = given.get(bucket.bucket)
        if part is None or sold.plan_id == plan.plan_id or sold.currency != plan.currency:
            continue
        others = (other for other in plan.buckets if other.bucket in given and other.bucket != bucket.bucket)
        keeps = all(given[other.bucket].holds(float(other.allowance), other.unit) for other in others)
        if keeps and part.holds(need.projected, bucket.unit):
            size = math.inf if part.allowance is None else part.allowance
            fitting.append((size, sold.price, sold.plan_id, sold))
    return min(fitting)[3] if fitting else None


def _offered(kind: Literal["top_up", "plan"], id_: str, sold: TopUp | SoldPlan) -> Offered:
    """The offer, at the price as it was written in the policy."""
    price = int(sold.price) if sold.price == int(sold.price) else Decimal(repr(sold.price))
    return Offered(kind, id_, sold.name, price, sold.currency)
