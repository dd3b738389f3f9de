"""What the meters say of a bucket: the record on `usage.alerts`, and the crossing that the pipeline decides on.

    threshold   a percentage of the allowance was reached     amounts in the bucket's unit
    forecast    the allowance will not last the cycle         amounts in the bucket's unit
    spend       a percentage of the spend limit was reached   amounts in the plan's currency

Invariant: the id is a function of customer, bucket, cycle, kind and percentage: told again after a crash, it is the
same.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from typing import Literal

import orjson
from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.usage.account import Terms
from forewarn.stream.usage.amount import number
from forewarn.stream.usage.cycles import Cycle
from forewarn.stream.usage.meter import Told
from forewarn.stream.usage.offer import Offered
from forewarn.stream.usage.spend import spent
from forewarn.topics.events.usage import Offer, UsageAlert
from forewarn.topics.instants import to_rfc3339

Kind = Literal["threshold", "forecast", "spend"]


class Crossing(Struct, frozen=True, array_like=True, omit_defaults=True):
    """What was found. Instants are epoch ms, the cycle's end exclusive; amounts are in `unit`.

    `percent`: the threshold crossed, else the share used, to a tenth; `class_` tells the messages of one stage apart.
    `runs_out` and `probability` as far as they can be said. `incident` is `<bucket>/<local date on which the cycle
    began>`. `time` is when it was found. A late record can cross a threshold of a cycle that is over (`cycle_end <=
    time`).
    """

    alert_id: str
    bucket: str
    percent: int | float
    used: int | Decimal
    allowance: int | Decimal
    unit: str
    cycle_start: int
    cycle_end: int
    incident: str
    time: int
    kind: Kind = "threshold"
    class_: str | None = None
    runs_out: int | None = None
    probability: float | None = None
    offer: Offered | None = None


class Source(Struct, frozen=True):
    """The meter that tells: whose, of which bucket, under which terms, in units of 10^-scale, at `now` (epoch ms)."""

    customer: str
    bucket: str
    terms: Terms
    scale: int
    now: int


def crossing(source: Source, told: Told) -> Crossing:
    """The crossing of a threshold."""
    return _found(source, told.cycle, "threshold", percent=told.percent, class_=str(told.percent))


def spending(source: Source, told: Told) -> Crossing:
    """What was spent beyond the allowance, against the limit."""
    terms, cycle = source.terms, told.cycle
    money, limit = spent(terms, cycle, source.scale), terms.spend_limit or 0
    found = _found(source, cycle, "spend", percent=share(money, limit), class_=str(told.percent))
    return replace(found, used=money, allowance=limit, unit=terms.plan.currency if terms.plan else "")


def forecast(source: Source, cycle: Cycle) -> Crossing:
    """That the allowance of a cycle will not last."""
    return _found(source, cycle, "forecast", percent=share(cycle.used, cycle.allowance or 0), class_=None)


def share(used: int | Decimal, whole: int | Decimal) -> int | float:
    """How many percent of the whole were used, rounded down to a tenth."""
    tenths = int(Fraction(used) * 1000 / Fraction(whole)) if whole else 0
    return tenths // 10 if not tenths % 10 else tenths / 10


def _found(source: Source, cycle: Cycle, kind: Kind, *, percent: int | float, class_: str | None) -> Crossing:
    customer, bucket, terms, scale = source.customer, source.bucket, source.terms, source.scale
    return Crossing(
        alert_id=_alert_id(kind, customer, bucket, cycle.start, class_ or ""),
        bucket=bucket,
        percent=percent,
        used=number(cycle.used, scale),
        allowance=number(cycle.allowance or 0, scale),
        unit=terms.unit,
        cycle_start=cycle.start,
        cycle_end=cycle.end,
        incident=f"{bucket}/{terms.calendar.date(cycle.start)}",
        time=source.now,
        kind=kind,
        class_=class_,
    )


def encode(found: Crossing) -> bytes:
    """The JSON of the crossing's `UsageAlert`; amounts are exact numbers, absent fields are left out."""
    offer = found.offer
    alert = UsageAlert(
        alert_id=found.alert_id,
        time=to_rfc3339(found.time),
        bucket=found.bucket,
        kind=found.kind,
        percent=found.percent,
        used=found.used,
        allowance=found.allowance,
        unit=found.unit,
        cycle_start=to_rfc3339(found.cycle_start),
        cycle_end=to_rfc3339(found.cycle_end),
        runs_out=to_rfc3339(found.runs_out) if found.runs_out is not None else None,
        probability=found.probability,
        offer=Offer(offer.kind, offer.id, offer.price) if offer is not None else None,
    )
    fields = ((name, getattr(alert, name)) for name in alert.__struct_fields__)
    return orjson.dumps({name: _json(value) for name, value in fields if value is not None})


def _json(value: str | float | Decimal | Offer) -> object:
    """The value as orjson takes it: a Decimal is given digit by digit."""
    if isinstance(value, Offer):
        return {"kind": value.kind, "id": value.id, "price": _json(value.price)}
    return orjson.Fragment(format(value, "f")) if isinstance(value, Decimal) else value


def _alert_id(kind: Kind, customer: str, bucket: str, cycle_start: int, class_: str) -> str:
    """32 hexadecimal digits; parts are parted by a length, so that no two lists of parts read alike."""
    digest = blake2b(digest_size=16, person=f"usage.{kind}".encode())
    for part in (customer, bucket, str(cycle_start), class_):
        digest.update(b"%d:%b" % (len(part.encode()), part.encode()))
    return digest.hexdigest()
