"""The order of a bench: contestants take turns, repetition by repetition, on one broker and the same cores.

    broker + bench: first core        worker: last core
    for each repetition: for each contestant: prepare, preload, start, follow, judge, clear

Invariant: a contestant that fails is reported and does not stop the others.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from rich.console import Console

from tests.bench import delivery, fan_out, growth, latency, machine, recovery, state_size, throughput
from tests.bench.cluster import Cluster
from tests.bench.contestant import Contestant, Job, Trial, peers
from tests.bench.contestants.forewarn_worker import Forewarn
from tests.bench.heartbeat_input import HeartbeatInput
from tests.bench.measure import Stalled
from tests.bench.other_side import OtherSide
from tests.bench.plan import CUSTOMERS, Plan
from tests.bench.results import Contestants, Results
from tests.bench.usage_input import UsageInput

PARTITIONS = 4
Figure = TypeVar("Figure")
#: Records a second of job (g) that everyone is given, beside half of what each can do.
SLOW_RATE = 1_000.0


class Options(Struct, frozen=True):
    """What the command line asks for."""

    size: str
    plan: Plan
    jobs: frozenset[str]
    contestants: frozenset[str]
    quix_python: Path
    folder: Path
    soak_minutes: float
    soak_rate: float
    worker_cores: tuple[int, ...]


class Bench:
    """One run of the bench on one broker."""

    def __init__(self, options: Options, cluster: Cluster, broker: int, console: Console) -> None:
        everyone: list[Contestant] = [*peers(options.quix_python), Forewarn()]
        self.options = options
        self.contestants = [one for one in everyone if one.name in options.contestants]
        self.results = Results(
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            size=options.size,
            machine=machine.facts(options.quix_python if "quix" in options.contestants else None),
            contestants={one.name: Contestants(one.guarantee, one.configuration) for one in self.contestants},
        )
        self._cluster = cluster
        self._broker = broker
        self._console = console
        self._number = 0

    async def run(self) -> Results:
        """All jobs that were asked for."""
        plan, jobs = self.options.plan, self.options.jobs
        for repetition in range(plan.repetitions):
            if "a" in jobs:
                await self._throughput("usage", "usage", repetition)
            if "b" in jobs:
                await self._throughput("liveness", "liveness", repetition)
            if "a" in jobs and repetition == 0:
                await self._throughput("usage-skewed", "usage", repetition)
            if "e" in jobs:
                await self._delivery(repetition)
        if "d" in jobs:
            await self._fan_out()
        if "g" in jobs:
            await self._latency()
        if "f" in jobs:
            await self._recovery()
        if self.options.soak_minutes:
            await self._growth()
        return self.results

    async def _throughput(self, title: str, job: Job, repetition: int) -> None:
        for contestant in self.contestants:
            source = self._source(title, contestant.name)
            trial = self._trial(contestant, job, source.customers if isinstance(source, UsageInput) else 0)
            run = throughput.run(contestant, trial, source, self._broker, self._inspect(title, repetition))
            figure = await self._attempt(f"{title}, repetition {repetition + 1}, {contestant.name}", run)
            if figure is None:
                continue
            self.results.throughput.setdefault(title, []).append(figure)
            self._console.print(
                f"    {figure.per_cpu_second:,.0f} records per CPU second, {figure.per_second:,.0f}/s; {figure.verdict}"
            )

    async def _delivery(self, repetition: int) -> None:
        """Ours alone: no peer delivers."""
        if not any(one.name == "forewarn" for one in self.contestants):
            return
        for channel, messages in self.options.plan.messages.items():
            with OtherSide(channel, sorted(os.sched_getaffinity(0))) as other:
                trial = self._trial(Forewarn(), "delivery", 0, delivery.settings(channel, other.port))
                run = delivery.run(trial, channel, messages, self._broker, other)
                figure = await self._attempt(f"delivery by {channel}, repetition {repetition + 1}", run)
            if figure is None:
                continue
            self.results.delivery.setdefault(channel, []).append(figure)
            self._console.print(
                f"    {figure.per_cpu_second:,.0f} messages a CPU second, {figure.per_second:,.0f}/s; {figure.verdict}"
            )

    async def _fan_out(self) -> None:
        """Ours alone: no peer knows whom an outage concerns."""
        if not any(one.name == "forewarn" for one in self.contestants):
            return
        customers = self.options.plan.told
        if figure := await self._attempt(
            f"fan-out to {customers:,} customers", fan_out.run(self._trial(Forewarn(), "usage", customers))
        ):
            self.results.fan_out.append(figure)
            self._console.print(
                f"    {figure.per_second:,.0f} told a second; usage alerts meanwhile p99 {figure.p99_during:.0f} ms; "
                f"{figure.verdict or 'right'}"
            )

    def _inspect(self, title: str, repetition: int) -> throughput.Inspect:
        """Keeps the changelogs' sizes of the first repetition."""

        async def inspect(contestant: Contestant, trial: Trial, records: int) -> None:
            for topic in contestant.changelogs(trial) if repetition == 0 else ():
                name = f"{title}, {topic.removeprefix(trial.prefix)}"
                self.results.state[name] = state_size.kinds(await trial.cluster.read(topic))
                self.results.state_records[name] = records

        return inspect

    def _source(self, title: str, contestant: str) -> throughput.Input:
        if title == "liveness":
            return HeartbeatInput(self.options.plan.regions[contestant])
        return UsageInput(self.options.plan.usage[contestant], customers=CUSTOMERS, skewed=title.endswith("skewed"))

    async def _latency(self) -> None:
        for contestant in self.contestants:
            rates = [(SLOW_RATE, CUSTOMERS // 2, latency.FREQUENT)]
            runs = self.results.throughput.get("usage", [])
            if known := [run.per_second for run in runs if run.contestant == contestant.name and run.per_second > 0]:
                # Half of what job (a) saturated at is half only of the same work: as many alerts a record as there.
                rates.append((max(known) / 2, CUSTOMERS, UsageInput(0).big))
            for rate, customers, big in rates:
                trial = self._trial(contestant, "usage", customers)
                job = latency.run(contestant, trial, rate, self.options.plan.latency_s, big)
                if figure := await self._attempt(f"latency at {rate:,.0f}/s, {contestant.name}", job):
                    self.results.latency.append(figure)
                    self._console.print(
                        f"    p50 {figure.p50:.0f} ms, p99 {figure.p99:.0f} ms; {figure.verdict or 'right'}"
                    )

    async def _recovery(self) -> None:
        for contestant in self.contestants:
            if keys := self.options.plan.keys.get(contestant.name):
                trial = self._trial(contestant, "usage", 3 * recovery.PROBES)
                job = recovery.run(contestant, trial, keys)
                if figure := await self._attempt(f"recovery of {keys:,} keys, {contestant.name}", job):
                    self.results.recovery.append(figure)

    async def _growth(self) -> None:
        for contestant in self.contestants:
            trial = self._trial(contestant, "usage", CUSTOMERS // 2)
            job = growth.run(contestant, trial, self.options.soak_rate, self.options.soak_minutes)
            if figure := await self._attempt(f"memory at {self.options.soak_rate:,.0f}/s, {contestant.name}", job):
                self.results.growth.append(figure)

    def _trial(
        self, contestant: Contestant, job: Job, customers: int, settings: Mapping[str, str] | None = None
    ) -> Trial:
        self._number += 1
        name = f"bench{self._number:03d}-{contestant.name}"
        return Trial(
            job=job,
            prefix=f"{name}.",
            partitions=PARTITIONS,
            folder=self.options.folder / name,
            cores=self.options.worker_cores,
            cluster=self._cluster,
            customers=customers,
            settings=settings or {},
        )

    async def _attempt(self, what: str, job: Awaitable[Figure]) -> Figure | None:
        self._console.print(what)
        try:
            return await job
        except (Stalled, RuntimeError, OSError) as error:
            self.results.failures.append(f"{what}: {error}")
            self._console.print(f"    failed: {error}")
            return None


def split_cores() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cores of the broker and the bench, and of the worker: one each, the first and the last that may be used."""
    usable: Sequence[int] = sorted(os.sched_getaffinity(0))
    return (usable[0],), (usable[-1],)
