"""`python -m tests.bench` (`make bench`): measures Forewarn and its peers, prints tables of ratios, writes JSON."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

import msgspec
from rich.console import Console

from forewarn.deploy.local_kafka import LocalKafka
from tests.bench import machine, plan, results, tables
from tests.bench.bench import Bench, Options, split_cores
from tests.bench.cluster import Cluster

ROOT = Path(__file__).parents[2]
NAMES = ("faust_stock", "faust_tuned", "quix", "forewarn")
SIZES = {"full": plan.FULL, "quick": plan.QUICK, "tiny": plan.TINY}


def main() -> int:
    """0 when every run passed the correctness gate, else 1."""
    parser = _parser()
    arguments = parser.parse_args()
    console = Console(stderr=True)
    known = results.load(arguments.out) if arguments.add and arguments.out.exists() else None
    if known is not None and (differ := results.differences(known, machine.facts(None))):
        parser.error(f"{arguments.out} is of another machine: {', '.join(differ)}")
    logging.getLogger("aiokafka").setLevel(
        logging.CRITICAL
    )  # it tells of every retry while a new topic gets its leader
    broker_cores, worker_cores = split_cores()
    os.sched_setaffinity(0, broker_cores)  # the broker inherits it
    found = asyncio.run(_measure(_options(arguments, worker_cores), console))
    for table in tables.all_tables(found):
        table.show(Console(width=None if sys.stdout.isatty() else 160))
    results.save(found if known is None else results.add(known, found), arguments.out)
    console.print(f"results are in {arguments.out}")
    measured = [*found.throughput.values(), *found.delivery.values()]
    wrong = [run.contestant for runs in measured for run in runs if not run.correct]
    return 1 if wrong or found.failures else 0


async def _measure(options: Options, console: Console) -> results.Results:
    async with (
        LocalKafka(heap="1g", extra={"log.segment.bytes": str(1 << 30)}) as kafka,
        Cluster(kafka.bootstrap) as cluster,
    ):
        assert kafka.pid is not None
        return await Bench(options, cluster, kafka.pid, console).run()


def _options(arguments: argparse.Namespace, worker_cores: tuple[int, ...]) -> Options:
    chosen = SIZES[arguments.size]
    if arguments.records:
        scale = arguments.records / chosen.usage["forewarn"]
        chosen = msgspec.structs.replace(chosen, usage={name: int(n * scale) for name, n in chosen.usage.items()})
    if arguments.repetitions:
        chosen = msgspec.structs.replace(chosen, repetitions=arguments.repetitions)
    return Options(
        size=arguments.size,
        plan=chosen,
        jobs=frozenset(arguments.jobs.split(",")) - {""},
        contestants=frozenset(arguments.contestants.split(",")),
        quix_python=arguments.quix_python.absolute(),
        folder=arguments.folder.absolute(),
        soak_minutes=arguments.minutes if arguments.soak_memory else 0.0,
        soak_rate=arguments.rate,
        worker_cores=worker_cores,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", dest="size", action="store_const", const="quick", help="one small repetition, < 10 min"
    )
    size.add_argument("--tiny", dest="size", action="store_const", const="tiny", help="proves that all run; no figures")
    parser.set_defaults(size="full")
    jobs = "a usage, b liveness, d fan-out, e delivery, f recovery, g latency (default: all)"
    parser.add_argument("--jobs", default="a,b,d,e,f,g", help=jobs)
    parser.add_argument("--contestants", default=",".join(NAMES), help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--records", type=int, help="usage records for forewarn; the others' slices scale with it")
    parser.add_argument("--repetitions", type=int, help="interleaved repetitions of (a) and (b)")
    parser.add_argument("--soak-memory", action="store_true", help="also memory over time")
    parser.add_argument("--minutes", type=float, default=10.0, help="its length")
    parser.add_argument("--rate", type=float, default=5_000.0, help="its records a second")
    parser.add_argument("--quix-python", type=Path, default=ROOT / ".venv-bench/bin/python", help="has quixstreams")
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache/bench", help="state and logs of the contestants")
    parser.add_argument("--out", type=Path, default=ROOT / "tests/bench/results/latest.json", help="the JSON to write")
    parser.add_argument("--add", action="store_true", help="keep what --out holds of other jobs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
