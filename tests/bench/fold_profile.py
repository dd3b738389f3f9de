"""Where a record's microseconds go inside one partition, without Kafka: `python -m tests.bench.fold_profile usage`.

    wire bytes ─ parse ─> records ─ decode ─> events ─ fold ─> dirty keys ─ append ─> changelog batch ─ install ─> table

The very folds of decide and detect run on records from aiokafka's C parser, in units of the engine's size. The first
fifth warms up. `--profile N` prints the N costliest functions of the fold and decode steps instead of pure timings.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import ParamSpec, TypeVar

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout, Record, Role
from forewarn.stream.policy import Policy
from forewarn.stream.roles.registry import role_of
from forewarn.topics import codecs
from tests.bench.heartbeat_input import HeartbeatInput
from tests.bench.usage_input import Keyed, UsageInput, profiles

UNIT = 5_000
TOPICS = {"usage": ("decide", "usage.records"), "liveness": ("detect", "network.heartbeats")}
Answer = TypeVar("Answer")
Given = ParamSpec("Given")


class Stopwatch:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def time(self, step: str, work: Callable[Given, Answer], *given: Given.args, **named: Given.kwargs) -> Answer:
        """Runs one step and adds its time."""
        begin = time.process_time()
        answer = work(*given, **named)
        self.seconds[step] += time.process_time() - begin
        return answer


def main() -> None:
    """Prints microseconds a record by step."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fold_profile", description=__doc__)
    parser.add_argument("job", choices=TOPICS)
    parser.add_argument("--records", type=int, default=400_000)
    parser.add_argument("--customers", type=int, default=50_000, help="of one partition")
    parser.add_argument("--unit", type=int, default=UNIT, help="records folded into one commit unit")
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="print the N costliest functions")
    arguments = parser.parse_args()
    role, topic = TOPICS[arguments.job]
    core = _open(role_of(role, Policy()))
    if arguments.job == "usage":
        _fold_all(core, "customers.profiles", profiles(arguments.customers, 1), arguments.unit, Stopwatch())
        source = UsageInput(arguments.records, customers=arguments.customers).keyed(1)
    else:
        source = HeartbeatInput(max(1, arguments.records // 5_000)).keyed(1)
    gc.collect()
    gc.freeze()
    _fold_all(core, topic, islice(source, arguments.records // 5), arguments.unit, Stopwatch())
    watch, profiler = Stopwatch(), cProfile.Profile() if arguments.profile else None
    count = _fold_all(core, topic, source, arguments.unit, watch, profiler)
    for step, seconds in watch.seconds.items():
        print(f"{step:<8} {seconds / count * 1e6:6.2f} µs a record")
    print(f"{'together':<8} {sum(watch.seconds.values()) / count * 1e6:6.2f} µs a record ({count:,} records)")
    if profiler is not None:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(arguments.profile)


def _open(role: Role) -> Core:
    core = Core(role.open(0, Layout(region=1, customer=1)), codecs.by_topic(), 0)
    core.restore(0)
    return core


def _fold_all(
    core: Core,
    topic: str,
    source: Iterator[Keyed],
    unit_size: int,
    watch: Stopwatch,
    profiler: cProfile.Profile | None = None,
) -> int:
    count = 0
    while chunk := list(islice(source, unit_size)):
        wire = _wire(chunk, count)
        records: Sequence[Record] = watch.time("parse", _parse, wire)
        now = chunk[-1][3] or int(time.time() * 1000)
        if profiler is not None:
            profiler.enable()
        decoded = watch.time("decode", core.codecs[topic].decode, records)
        if decoded.malformed:
            raise RuntimeError(f"the input is refused: {decoded.malformed[0]}")
        unit = core.begin(now)
        watch.time("fold", core.fold.fold, unit, topic, decoded.events, decoded.records)
        if profiler is not None:
            profiler.disable()
        core.seal(unit)
        watch.time("append", _append, unit.dirty, now)
        watch.time("install", core.install, unit)
        count += len(chunk)
    return count


def _builder(size: int) -> DefaultRecordBatchBuilder:
    return DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, size)


def _wire(chunk: Sequence[Keyed], first: int) -> bytes:
    builder, now = _builder(1 << 30), int(time.time() * 1000)
    for number, (_, key, value, at) in enumerate(chunk):
        builder.append(number, at or now, key, value, [])
    return bytes(builder.build())


def _parse(wire: bytes) -> list[Record]:
    batches = MemoryRecords(wire)
    records: list[Record] = []
    while batches.has_next():
        records += batches.next_batch()
    return records


def _append(dirty: dict[bytes, bytes], now: int) -> bytes:
    builder = _builder(1 << 30)
    append = builder.append
    for number, (key, value) in enumerate(dirty.items()):
        append(number, now, key, value or None, [])
    return bytes(builder.build())


if __name__ == "__main__":
    main()
