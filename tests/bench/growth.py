"""Memory over time: usage records at a fixed rate for minutes, resident memory once a second.

Nobody is told anything, and all customers are known before the slope is taken: what is kept of each message is state,
which grows with messages, not with time. Invariant: the slope is taken after minute 3 only, by least squares; what
fills up once (caches, the horizon of record ids) and what leaks are told apart by the curve, which is kept.
"""

from __future__ import annotations

import asyncio
import time

from msgspec import Struct
from msgspec.structs import replace

from tests.bench.contestant import Contestant, Trial, stop
from tests.bench.measure import memory_mb, slope
from tests.bench.pacing import pace
from tests.bench.throughput import clear
from tests.bench.usage_input import UsageInput

SETTLED_S = 180.0
#: One record of so many is big.
NEVER = 1 << 40
#: Record ids that Forewarn keeps in a partition: 8 bytes each, and at 1,250/s they are all there before the slope is
#: taken. By default they are 2 million, and fill for half an hour.
POLICY = "[usage]\nduplicate_ids = 200_000\n"


class Growth(Struct, frozen=True):
    """Resident memory in MB at each ten seconds, and its slope after minute 3 in MB a minute."""

    contestant: str
    rate: float
    minutes: float
    mb_per_minute: float
    first_mb: float
    last_mb: float
    curve: list[tuple[float, float]]


async def run(contestant: Contestant, trial: Trial, rate: float, minutes: float) -> Growth:
    """Feeds one contestant at `rate` records a second for `minutes`."""
    source = UsageInput(int(rate * minutes * 60), customers=trial.customers, big=NEVER, small=100, spread_s=0)
    trial.folder.mkdir(parents=True, exist_ok=True)
    policy = trial.folder / "policy.toml"
    policy.write_text(POLICY)
    trial = replace(trial, settings={**trial.settings, "FOREWARN_POLICY": str(policy)})
    await contestant.prepare(trial)
    worker = await contestant.start(trial)
    begin = time.time()
    feeding = asyncio.ensure_future(pace(trial.cluster, trial.input, source.keyed(trial.partitions), rate, begin))
    points: list[tuple[float, float]] = []
    try:
        while not feeding.done():
            points.append((time.time() - begin, memory_mb(worker.pid, "VmRSS")))
            await asyncio.sleep(1)
        await feeding
    finally:
        feeding.cancel()
        await stop(worker)
    await clear(trial)
    counted = [(x / 60, y) for x, y in points if x >= min(SETTLED_S, minutes * 60 / 2)]
    return Growth(contestant.name, rate, minutes, slope(counted), counted[0][1], counted[-1][1], points[::10])
