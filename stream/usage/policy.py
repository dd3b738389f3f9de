"""What an operator tunes about usage. Durations are seconds."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0)]
Percent = Annotated[float, Meta(gt=0, le=1000)]


class UsagePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Tunables of the usage meters."""

    #: Percentages of the allowance that are told when the customer chose none for the bucket.
    thresholds: tuple[Percent, ...] = (50.0, 80.0, 100.0)
    #: A record is taken until its cycle has been closed for this long.
    late_s: Annotated[float, Meta(ge=0)] = 259_200.0
    #: A repeated `record_id` is recognised for at least this long, in the records' Kafka time.
    duplicate_horizon_s: Seconds = 3_600.0
    #: Fingerprints kept in one partition at most; above it the horizon shortens.
    duplicate_ids: Annotated[int, Meta(ge=2)] = 2_000_000
    #: Width and number of the burn-rate slots kept for a bucket.
    history_slot_s: Annotated[int, Meta(ge=60)] = 10_800
    history_slots: Annotated[int, Meta(ge=1, le=240)] = 24
    #: The same for customers without a profile. Local midnights fall on quarter hours in every zone, so that usage can
    #: be cut again into the customer's own cycles when the profile arrives.
    unknown_slot_s: Annotated[int, Meta(ge=60)] = 900
    unknown_slots: Annotated[int, Meta(ge=1, le=240)] = 48
    #: The zone of cycles whose customer names none, or one that does not exist.
    time_zone: str = "UTC"
