"""What the meters say of a threshold: the record on `usage.alerts`, and the crossing that the pipeline decides on.

Invariant: the id is a function of customer, bucket, cycle and percentage: told again after a crash, it is the same.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b

import orjson
from msgspec import Struct

from forewarn.stream.usage.account import Terms
from forewarn.stream.usage.amount import number
from forewarn.stream.usage.meter import Told
from forewarn.topics.events.usage import UsageAlert
from forewarn.topics.instants import to_rfc3339


class Crossing(Struct, frozen=True):
    """A crossed threshold. Instants are epoch ms, the cycle's end exclusive; amounts are in `unit`.

    `incident` is `<bucket>/<local date on which the cycle began>`. `time` is when it was found. A late record can cross
    a threshold of a cycle that is over (`cycle_end <= time`).
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


def crossing(terms: Terms, told: Told, *, customer: str, bucket: str, scale: int, now: int) -> Crossing:
    """The crossing behind what a meter of that scale told; `now` is epoch ms."""
    cycle = told.cycle
    return Crossing(
        alert_id=_alert_id(customer, bucket, cycle.start, told.percent),
        bucket=bucket,
        percent=told.percent,
        used=number(cycle.used, scale),
        allowance=number(cycle.allowance or 0, scale),
        unit=terms.unit,
        cycle_start=cycle.start,
        cycle_end=cycle.end,
        incident=f"{bucket}/{terms.calendar.date(cycle.start)}",
        time=now,
    )


def encode(found: Crossing) -> bytes:
    """The JSON of the crossing's `UsageAlert`; amounts are exact numbers, absent fields are left out."""
    alert = UsageAlert(
        alert_id=found.alert_id,
        time=to_rfc3339(found.time),
        bucket=found.bucket,
        kind="threshold",
        percent=found.percent,
        used=found.used,
        allowance=found.allowance,
        unit=found.unit,
        cycle_start=to_rfc3339(found.cycle_start),
        cycle_end=to_rfc3339(found.cycle_end),
    )
    fields = ((name, getattr(alert, name)) for name in alert.__struct_fields__)
    return orjson.dumps({name: _json(value) for name, value in fields if value is not None})


def _json(value: str | float | Decimal) -> object:
    """The value as orjson takes it: a Decimal is given digit by digit."""
    return orjson.Fragment(format(value, "f")) if isinstance(value, Decimal) else value


def _alert_id(customer: str, bucket: str, cycle_start: int, percent: float) -> str:
    """32 hexadecimal digits; parts are parted by a length, so that no two lists of parts read alike."""
    digest = blake2b(digest_size=16, person=b"usage.threshold")
    for part in (customer, bucket, str(cycle_start), str(percent)):
        digest.update(b"%d:%b" % (len(part.encode()), part.encode()))
    return digest.hexdigest()
