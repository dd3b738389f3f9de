"""What an operator tunes about usage. Durations are seconds."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from forewarn.stream.usage.offer import Catalogue
from forewarn.stream.usage.rhythm import HOURS, TYPICAL

Seconds = Annotated[float, Meta(gt=0)]
Percent = Annotated[float, Meta(gt=0, le=1000)]

#: Weights of the hours of a local week, Monday first; at least one is positive.
Weights = Annotated[tuple[Annotated[float, Meta(ge=0, le=1000)], ...], Meta(min_length=HOURS, max_length=HOURS)]


class ForecastPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Tunables of running out before the cycle ends."""

    #: Told when it is this likely ...
    probability: Annotated[float, Meta(gt=0, lt=1)] = 0.8
    #: ... and at least this far away ...
    ahead_s: Annotated[float, Meta(ge=0)] = 86_400.0
    #: ... and no threshold of this percentage or more was told before.
    until_percent: Percent = 80.0
    #: Slots that must have been watched, and those of them with usage.
    least_slots: Annotated[int, Meta(ge=3)] = 8
    least_used_slots: Annotated[int, Meta(ge=2)] = 3
    #: A slot counts for this many times the mean of the others at most, what is older for this many times the slots.
    burst: Annotated[float, Meta(gt=1)] = 6.0
    burst_older: Annotated[float, Meta(ge=1)] = 1.5
    #: How much the cycle's usage before the slots counts.
    older: Annotated[float, Meta(ge=0, le=1)] = 0.5
    #: The share of an allowance that customers use in the mean, and the relative standard deviation between them.
    usual: Annotated[float, Meta(gt=0, le=1)] = 0.75
    usual_spread: Annotated[float, Meta(gt=0, le=10)] = 0.3
    #: Standard deviation, as a share, of how far habits drift until the cycle ends.
    drift: Annotated[float, Meta(ge=0, le=1)] = 0.15
    #: How usage spreads over the hours of a week; `weeks` by plan id.
    week: Weights = TYPICAL
    weeks: dict[str, Weights] = {}

    def __post_init__(self) -> None:
        for name, weights in (("week", self.week), *((f"weeks.{plan}", w) for plan, w in self.weeks.items())):
            if not any(weights):
                raise ValueError(f"{name}: all weights are zero")


class UsagePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Tunables of the usage meters."""

    #: Percentages of the allowance that are told when the customer chose none for the bucket.
    thresholds: tuple[Percent, ...] = (50.0, 80.0, 100.0)
    #: Percentages of a roaming allowance that are told whatever the customer chose; the EU's roaming regulation
    #: (2022/612, article 14) asks for 80 and 100 % of the financial limit.
    roaming_thresholds: tuple[Percent, ...] = (80.0, 100.0)
    #: Percentages of a bucket's spend limit that are told.
    spend_thresholds: tuple[Percent, ...] = (80.0, 100.0)
    #: Running out before the cycle ends, and what is offered then.
    forecast: ForecastPolicy = field(default_factory=ForecastPolicy)
    offers: Catalogue = field(default_factory=Catalogue)
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
