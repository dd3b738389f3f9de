"""`python -m tests.month` (`make month`): a month of 100,000 customers through simulate, replay and the checker.

Exit code 1 when a rule is broken. ARGS="--days 7 --customers 20000" is a shorter look; --keep keeps all files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID

from tests.month import report
from tests.month.lines import instant
from tests.month.month import Inputs, Size, halve, judge_all, simulate, tempt

DAY = 86_400_000


def main() -> int:
    """0 when every rule holds, 1 when one is broken."""
    arguments = _parser().parse_args()
    size = Size(
        days=arguments.days,
        customers=arguments.customers,
        regions=arguments.regions,
        devices=arguments.devices,
        usage_share=arguments.usage_share,
        intensity=arguments.intensity,
        seed=arguments.seed,
    )
    console = Console()
    if arguments.keep is not None:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        return _run(Inputs(arguments.keep, size), console, jobs=arguments.jobs, keep=True)
    with tempfile.TemporaryDirectory(prefix="forewarn-month-") as folder:
        return _run(Inputs(Path(folder), size), console, jobs=arguments.jobs, keep=False)


def _run(inputs: Inputs, console: Console, *, jobs: int, keep: bool) -> int:
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.0f} s  {what}", highlight=False)

    if not inputs.records.exists():
        say(f"simulating {inputs.size.days:g} days of {inputs.size.customers:,} customers")
        simulate(inputs)
    say(f"{inputs.records.stat().st_size / 1e9:.1f} GB simulated; adding what tempts")
    say(f"{tempt(inputs):,} records that tempt; replaying and checking")
    parts = halve(inputs, jobs)
    with _progress(inputs.size, len(parts)) as said:
        found = judge_all(parts, said, keep=keep)
    say(f"{sum(found.rows.values()):,} rows judged")
    report.show(found, console)
    return 1 if found.broken else 0


@contextmanager
def _progress(size: Size, parts: int) -> Iterator[list[Callable[[int], None]]]:
    """A bar for each part over its time, on a terminal's standard error."""
    console = Console(stderr=True)
    start = instant(size.start)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        tasks = [progress.add_task(f"part {n + 1}", total=size.days * DAY) for n in range(parts)]

        def said(task: TaskID) -> Callable[[int], None]:
            return lambda ts: progress.update(task, completed=max(0, ts - start))

        yield [said(task) for task in tasks]


def _parser() -> argparse.ArgumentParser:
    usual = Size()
    parser = argparse.ArgumentParser(prog="python -m tests.month", description="A month, and what must hold of it.")
    parser.add_argument("--days", type=float, default=usual.days)
    parser.add_argument("--customers", type=int, default=usual.customers)
    parser.add_argument("--regions", type=int, default=usual.regions)
    parser.add_argument("--devices", type=int, default=usual.devices)
    parser.add_argument("--usage-share", type=float, default=usual.usage_share, help="part of the usual usage records")
    parser.add_argument("--intensity", type=float, default=usual.intensity, help="outages, times as many as usual")
    parser.add_argument("--jobs", type=int, default=2, help="parts of the customers that are replayed side by side")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--keep", type=Path, help="a folder to keep all files in; its records are used again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
