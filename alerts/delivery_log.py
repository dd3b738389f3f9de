"""The log of delivery: one row of `notifications.log` for every attempt and every outcome."""

from __future__ import annotations

from typing import Literal

import orjson

from forewarn.alerts.parcels import Parcel
from forewarn.stream.engine.unit import Unit
from forewarn.topics.instants import to_rfc3339

Outcome = Literal["attempt", "sent", "delivered", "failed", "expired", "ambiguous", "superseded"]


def log_outcome(
    unit: Unit,
    partition: int,
    parcel: Parcel,
    outcome: Outcome,
    error: str | None = None,
    *,
    provider_id: str | None = None,
    retry_at: int | None = None,
    bad_contact: bool = False,
) -> None:
    """Emits one row, without address or words. `failed` with `retry_at` (epoch ms) is not the end."""
    row: dict[str, str | int] = {
        "notification_id": parcel.id,
        "time": to_rfc3339(unit.now),
        "channel": parcel.channel,
        "outcome": outcome,
        "attempt": parcel.attempts,
    }
    if provider_id is not None:
        row["provider_id"] = provider_id
    if error is not None:
        row["error"] = error
    if retry_at is not None:
        row["retry_at"] = to_rfc3339(retry_at)
    if bad_contact:
        row["bad_contact"] = True
    unit.emit("notifications.log", parcel.customer.encode(), orjson.dumps(row), partitions=(partition,))
