"""One outage of very many customers, decided and rendered: `python -m tests.bench.fan_out_profile --customers 100000`.

    profiles ─> table;  outages.impact: confirmed ─> group wait ─> units of the walk, each sealed and installed

The very fold of decide, without Kafka: what one core decides and renders a second, how large the units are, and in
which order customers were told. `--profile N` prints the N costliest functions of the walk.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import resource
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.role import Layout
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.policy import Policy
from forewarn.stream.roles.decide import DecideRole
from forewarn.topics import codecs
from tests.decide_desk import START, TOPICS, Line, impact

#: Homes behind one element, and elements in one chunk of an outage's set.
HOMES, CHUNK = 32, 500
SEGMENTS = ("vulnerable", *["business"] * 2, *["consumer"] * 17)
PLAN = {
    "plan_id": "m",
    "name": "Medium",
    "price": 29.9,
    "currency": "EUR",
    "cycle_day": 1,
    "buckets": [
        {"bucket": "data", "allowance": 50, "unit": "GB", "overage_price": 0.5},
        {"bucket": "voice", "allowance": 500, "unit": "minutes"},
    ],
}
LOCALES, ZONES = ("en-GB", "de-DE", "es-ES", "fr-FR"), ("Europe/London", "Europe/Berlin", "Europe/Madrid")


def main() -> None:
    """Prints what a profile costs, customers a second, and the share of each step."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fan_out_profile", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="print the N costliest functions")
    arguments = parser.parse_args()
    core = Core(DecideRole(_policy()).open(0, Layout(1, 1)), codecs.by_topic(), 0)
    core.restore(START)
    begin = time.process_time()
    _load(core, "customers.profiles", _profiles(arguments.customers))
    seconds = time.process_time() - begin
    print(
        f"{arguments.customers:,} profiles in {seconds:.2f} s of CPU: {seconds / arguments.customers * 1e6:.0f} µs each"
    )
    _load(core, "outages.impact", _impact(arguments.customers))
    _work_off(core, START, None)
    gc.collect()
    gc.freeze()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    profiler = cProfile.Profile() if arguments.profile else None
    units, told, seconds = _tell(core, profiler)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{told:,} customers told in {seconds:.2f} s of CPU: {told / seconds:,.0f} a second")
    print(f"{len(units):,} units of at most {max(units):,} bytes; {memory / 1024:,.0f} MB more at most")
    if profiler is not None:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(arguments.profile)


def _policy() -> Policy:
    return Policy(outages=OutagePolicy(hold_customers=10_000_000))


def _profiles(customers: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(customers):
        name = f"c{number:07d}"
        service = {"service_id": f"s{number}", "kind": "fixed", "element": f"onu-{number // HOMES}", "region": "north"}
        yield (
            name,
            {
                "name": f"Customer {number}",
                "locale": LOCALES[number % len(LOCALES)],
                "time_zone": ZONES[number % len(ZONES)],
                "segment": SEGMENTS[number % len(SEGMENTS)],
                "services": [service],
                "plan": PLAN,
                "contacts": {"email": f"{name}@example.com", "phone": f"+4915{number:09d}"},
            },
        )


def _impact(customers: int) -> Iterator[tuple[str, dict[str, Any]]]:
    elements = [f"onu-{number}" for number in range(-(-customers // HOMES))]
    chunks = -(-len(elements) // CHUNK)
    for chunk in range(chunks):
        part = elements[chunk * CHUNK : (chunk + 1) * CHUNK]
        yield "o1/0", impact("o1", 1, "confirmed", part, chunk=chunk, chunks=chunks)


def _load(core: Core, topic: str, rows: Iterator[tuple[str, dict[str, Any]]]) -> None:
    offset = 0
    while chunk := list(islice(rows, 1000)):
        unit = core.begin(START)
        lines = [Line(offset + n, START, key.encode(), orjson.dumps(value)) for n, (key, value) in enumerate(chunk)]
        core.take(unit, topic, lines)
        core.install(core.seal(unit))
        offset += len(chunk)


def _tell(core: Core, profiler: cProfile.Profile | None) -> tuple[list[int], int, float]:
    """Passes the group wait and works the walks off: bytes by unit, customers told, seconds of CPU."""
    unit = core.begin(START + 31_000)
    core.tick(unit, TOPICS)
    core.install(core.seal(unit))
    begin = time.process_time()
    sizes, told = _work_off(core, START + 31_000, profiler)
    return sizes, told, time.process_time() - begin


def _work_off(core: Core, now: int, profiler: cProfile.Profile | None) -> tuple[list[int], int]:
    """Goes on with every walk to its end: bytes by unit, and customers told."""
    sizes, told, more = [], 0, True
    while more:
        now += 1
        unit = core.begin(now)
        if profiler is not None:
            profiler.enable()
        more = core.fold.work(unit)
        if profiler is not None:
            profiler.disable()
        core.install(core.seal(unit))
        told += sum(output.topic == "notifications" for output in unit.outputs)
        sizes.append(unit.size)
    return sizes, told


if __name__ == "__main__":
    main()
