"""`python -m tests.score` (`make score`): scores twenty seeds, prints the tables, writes docs/score.md and its plots.

Exit code 1 when a target is missed. ARGS="--seeds 2" is a quick look that writes nothing unless --out says where.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from forewarn.stream.score.command import WIDE, exit_code
from forewarn.stream.score.sample import Sample, pool
from forewarn.stream.score.show import table
from tests.score import report
from tests.score.run import LONG, QUIET, ROOT, Failed, Job, Runner, Size, forget_others
from tests.score.seeds import seeds

ALL = 20
#: Region-days of one quiet world.
QUIET_DAYS = round(QUIET.regions * QUIET.hours / 24)
#: Long worlds beside the twenty.
LONGS = 2


def main() -> int:
    """0 when no target is missed, 1 when one is, 70 when a step failed."""
    arguments = _parser().parse_args()
    commit = _git("rev-parse", "HEAD")
    size = Size(hours=arguments.hours, regions=arguments.regions, devices=arguments.devices,
                customers=arguments.customers)  # fmt: skip
    chosen = tuple(arguments.seed) or seeds(commit, arguments.seeds)
    began = time.monotonic()
    whole = not arguments.seed and arguments.seeds == ALL
    quiet = range(1, 1 + -(-arguments.quiet_days // QUIET_DAYS))
    long = range(1, 1 + (arguments.long if arguments.long is not None else LONGS * whole))
    jobs = [*(Job(s, size) for s in chosen), *(Job(s, LONG) for s in long), *(Job(s, QUIET) for s in quiet)]
    try:
        samples = _run(jobs, arguments.jobs)
    except Failed as error:
        print(error, file=sys.stderr)
        return 70
    pooled = pool(samples)
    console = Console()
    table(pooled, console if console.is_terminal else Console(width=WIDE), arguments.cases)
    out = arguments.out or (ROOT / "docs" if whole else None)
    if out is not None:
        about = report.About(
            commit=commit,
            dirty=bool(_git("status", "--porcelain")),
            size=size,
            seeds=chosen,
            long=len(long),
            quiet=len(quiet) * QUIET_DAYS,
            minutes=(time.monotonic() - began) / 60,
        )
        report.write(pooled, about, out)
        print(f"written: {out / 'score.md'}", file=sys.stderr)
    return exit_code(pooled)


def _run(jobs: list[Job], at_a_time: int) -> list[Sample]:
    console = Console(stderr=True)
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
               TextColumn("{task.description}"))  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(jobs))
        doing: dict[str, str] = {}

        def say(job: Job, what: str) -> None:
            if what == "done":
                doing.pop(job.name, None)
                progress.advance(task)
            else:
                doing[job.name] = what
            progress.update(task, description=", ".join(f"{name} {word}" for name, word in sorted(doing.items())))
            if not console.is_terminal:
                print(f"seed {job.name}: {what}", file=sys.stderr, flush=True)

        runner = Runner(say)
        runner.folder.mkdir(parents=True, exist_ok=True)
        forget_others(runner.folder)
        return runner.all(jobs, at_a_time)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.score", description=__doc__)
    parser.add_argument(
        "--seeds",
        type=int,
        default=ALL,
        choices=range(1, ALL + 1),
        metavar="N",
        help="the first N of the twenty; fixed and derived ones in turn",
    )
    parser.add_argument(
        "--quiet-days",
        type=int,
        default=0,
        metavar="DAYS",
        help="region-days of quiet worlds besides: 3000 settle the rate of false outages, in some 25 min on two cores",
    )
    parser.add_argument(
        "--long",
        type=int,
        metavar="N",
        help=f"worlds of ten days besides; default: {LONGS} with all twenty, else none",
    )
    parser.add_argument("--seed", type=int, action="append", default=[], help="this one, and no other; may be repeated")
    parser.add_argument("--hours", type=float, default=Size().hours)
    parser.add_argument("--regions", type=int, default=Size().regions)
    parser.add_argument("--devices", type=int, default=Size().devices)
    parser.add_argument("--customers", type=int, default=Size().customers)
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time")
    parser.add_argument("--cases", type=int, default=5, help="worst cases of each kind to print")
    parser.add_argument("--out", type=Path, help="folder of the report; default: docs, when all twenty are scored")
    return parser  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
