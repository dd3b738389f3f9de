"""What is measured of a contestant, from outside and alike for all: CPU of every thread, memory, and its position.

The position is what its consumer group has committed. A sample is kept only when the position has moved, so that the
position and the CPU time beside it belong together whatever a contestant's commit interval is.

Invariant: nothing here asks the contestant for anything; /proc and the broker are the only sources.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec import Struct

TICKS = os.sysconf("SC_CLK_TCK")
#: The share of the input that warms a contestant up and is not counted.
WARM_UP = 0.2
#: A run with less worker CPU after the warm-up than this has no figure: a commit interval would decide it.
LEAST_CPU_S = 2.0


class Sample(Struct, frozen=True):
    """One moment: records done, worker and broker CPU seconds since their start, and wall seconds (monotonic)."""

    position: int
    worker_cpu: float
    broker_cpu: float
    wall: float


class Run(Struct, frozen=True):
    """One repetition of one contestant; rates are records after the warm-up by CPU or wall second, 0 if too short."""

    contestant: str
    records: int
    measured: int
    worker_cpu_s: float
    broker_cpu_s: float
    wall_s: float
    per_cpu_second: float
    per_second: float
    peak_rss_mb: float
    correct: bool
    verdict: str


class Stalled(RuntimeError):
    """A contestant died or made no progress for too long."""


def family(pid: int) -> list[int]:
    """The process and its descendants that are still alive."""
    found, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        try:
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append(current)
    return found


def cpu_seconds(pid: int) -> float:
    """User and system seconds of all threads of a process, its descendants, and its children that have ended."""
    total = 0
    for member in family(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS


def memory_mb(pid: int, field: str = "VmHWM") -> float:
    """Resident memory of a process and its descendants in MB: `VmHWM` the peak, `VmRSS` now."""
    total = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(field))
    return total / 1024


def pin(pid: int, cores: Sequence[int]) -> None:
    """Puts every thread of a process and its descendants on these cores; later threads inherit it."""
    for member in family(pid):
        for task in Path(f"/proc/{member}/task").iterdir():
            os.sched_setaffinity(int(task.name), cores)


async def follow(
    position: Callable[[], Awaitable[int]],
    worker: int,
    broker: int,
    records: int,
    *,
    alive: Callable[[], bool],
    patience: float = 90.0,
    period: float = 0.05,
) -> list[Sample]:
    """Samples until `records` are done. Raises Stalled when the worker ends or nothing moves for `patience` seconds."""
    samples: list[Sample] = []
    last, moved = -1, time.monotonic()
    while last < records:
        done = await position()
        now = time.monotonic()
        if done != last:
            samples.append(Sample(done, cpu_seconds(worker), cpu_seconds(broker), now))
            last, moved = done, now
        elif not alive():
            raise Stalled(f"the worker ended at {last:,} of {records:,} records")
        elif now - moved > patience:
            raise Stalled(f"no progress for {patience:.0f} s at {last:,} of {records:,} records")
        await asyncio.sleep(period)
    return samples


def summarise(contestant: str, samples: Sequence[Sample], peak_rss_mb: float, verdict: str) -> Run:
    """The figures of one run: from the first sample past the warm-up to the end."""
    last = samples[-1]
    first = next(sample for sample in samples if sample.position >= WARM_UP * last.position or sample is last)
    measured, cpu = last.position - first.position, last.worker_cpu - first.worker_cpu
    wall = last.wall - first.wall
    return Run(
        contestant=contestant,
        records=last.position,
        measured=measured,
        worker_cpu_s=cpu,
        broker_cpu_s=last.broker_cpu - first.broker_cpu,
        wall_s=wall,
        per_cpu_second=measured / cpu if cpu >= LEAST_CPU_S else 0.0,
        per_second=measured / wall if cpu >= LEAST_CPU_S else 0.0,
        peak_rss_mb=peak_rss_mb,
        correct=not verdict,
        verdict=verdict or "equal to the oracle",
    )


class Spread(Struct, frozen=True):
    """A median with the lowest and highest of its repetitions."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of sorted values that at least `share` of them do not exceed (nearest rank)."""
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1_000_000) * len(ordered) // 1_000_000) - 1))]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least-squares slope of (x, y) points."""
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
