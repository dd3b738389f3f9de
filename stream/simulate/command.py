"""`forewarn simulate`: a seeded world to a file or to Kafka, and its truth.

A file starts at a fixed date unless told otherwise, so the same seed gives the same bytes in any year. What goes to
Kafka ends now (as fast as possible) or starts now (in real time): the broker's clock judges what lies in the future.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from forewarn.stream.outfile import result
from forewarn.stream.policy import Policy
from forewarn.stream.simulate.sinks import KafkaSink, to_file, to_kafka
from forewarn.stream.simulate.size import Size
from forewarn.stream.simulate.world import Setting, World, setting

#: 2026-01-05T00:00:00Z, a Monday.
FILE_START = 1_767_571_200_000
HOUR_MS = 3_600_000


class Request(Struct, frozen=True, kw_only=True):
    """What is to be simulated. `start` is epoch ms; None chooses as the module says.

    `interval_s` None: as the policy expects of devices. `scenario`, `intensity`, `usage_share`: as in `setting`.
    """

    seed: int
    hours: float
    regions: int = 20
    devices: int = 2_000
    customers: int = 5_000
    start: int | None = None
    interval_s: float | None = None
    scenario: str | None = None
    intensity: float = 1.0
    usage_share: float = 1.0
    warm_up_days: float = 0.0
    raw_share: float = 0.0
    policy: Policy

    @property
    def size(self) -> Size:
        """Beats come at the interval asked for, or else as the policy expects of devices."""
        return Size(
            regions=self.regions,
            devices=self.devices,
            customers=self.customers,
            interval_s=self.interval_s or self.policy.outages.interval_s,
        )

    def setting(self, start: int) -> Setting:
        """The world that is asked for, from `start` unless the request names another time."""
        begin = start if self.start is None else self.start
        return setting(
            self.seed,
            self.size,
            begin,
            begin + round(self.hours * HOUR_MS),
            scenario=self.scenario,
            intensity=self.intensity,
            usage_share=self.usage_share,
            warm_up_ms=round(self.warm_up_days * 24 * HOUR_MS),
            raw_share=self.raw_share,
        )


def simulate_to_file(request: Request, out: str, truth: Path | None, prefix: str = "") -> int:
    """Writes kcat lines to `out` (`-`: standard output) and the truth beside; returns the number of records."""
    world = World(request.setting(FILE_START))
    with ExitStack() as stack:
        file = stack.enter_context(result(out))
        truth_file = stack.enter_context(result(str(truth))) if truth is not None else None
        progress = stack.enter_context(_bar(world))
        return to_file(world, file, truth_file, progress, prefix)


async def simulate_to_kafka(
    request: Request, client: AIOKafkaProducer, prefix: str, truth: Path | None, *, speed: float | None = None
) -> int:
    """Sends the world `speed` times as fast as it plays (1: real time; None: as fast as possible). Returns its records.

    The truth is appended to as the world goes on, so that it can be read meanwhile.
    """
    length = request.hours * HOUR_MS
    now = int(time.time() * 1000)
    world = World(request.setting(now - round(length * (1 - 1 / speed)) if speed else now - round(length)))
    sink = KafkaSink(client, prefix)
    with ExitStack() as stack:
        truth_file = stack.enter_context(truth.open("wb")) if truth is not None else None
        progress = stack.enter_context(_bar(world))
        await to_kafka(world, sink, speed=speed, truth=truth_file, progress=progress)
    return sink.count


@contextmanager
def _bar(world: World) -> Iterator[Callable[[int], None]]:
    """A progress bar over the world's time, on a terminal's standard error only."""
    console = Console(stderr=True)
    start, end = world.setting.span
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("simulating", total=end - start)
        yield lambda at: progress.update(task, completed=at - start)
