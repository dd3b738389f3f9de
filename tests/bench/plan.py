"""How much of each job a contestant gets: enough for a steady figure, and for the slow ones a slice of the same input.

A smaller slice is the first records (usage) or the first regions (heartbeats) of the larger one, so it is the same work
a record. Each entry is chosen to last about as long as the others.
"""

from __future__ import annotations

from msgspec import Struct

CUSTOMERS = 200_000
REGIONS = 500


class Plan(Struct, frozen=True):
    """Sizes by contestant: usage records, regions of heartbeats, keys to recover; seconds of each latency run.

    `messages` to deliver, by channel; customers `told` of one outage.
    """

    usage: dict[str, int]
    regions: dict[str, int]
    keys: dict[str, int]
    messages: dict[str, int]
    told: int
    latency_s: float
    repetitions: int


FULL = Plan(
    usage={"faust_stock": 150_000, "faust_tuned": 300_000, "quix": 1_500_000, "forewarn": 3_000_000},
    regions={"faust_stock": 24, "faust_tuned": 48, "quix": 240, "forewarn": REGIONS},
    keys={"faust_tuned": 100_000, "quix": 300_000, "forewarn": 1_000_000},
    messages={"email": 20_000, "sms": 60_000},
    told=100_000,
    latency_s=60.0,
    repetitions=5,
)
QUICK = Plan(
    usage={"faust_stock": 40_000, "faust_tuned": 80_000, "quix": 400_000, "forewarn": 1_000_000},
    regions={"faust_stock": 8, "faust_tuned": 16, "quix": 80, "forewarn": 200},
    keys={"forewarn": 200_000},
    messages={"email": 8_000, "sms": 20_000},
    told=30_000,
    latency_s=15.0,
    repetitions=1,
)
TINY = Plan(
    usage={"faust_stock": 5_000, "faust_tuned": 10_000, "quix": 60_000, "forewarn": 60_000},
    regions={"faust_stock": 1, "faust_tuned": 2, "quix": 8, "forewarn": 8},
    keys={"faust_tuned": 5_000, "quix": 5_000, "forewarn": 5_000},
    messages={"email": 300, "sms": 300},
    told=2_000,
    latency_s=5.0,
    repetitions=1,
)
