"""`python -m tests.month` (`make month`): a month of 100,000 customers through simulate, replay and the checker.

Exit code 1 when a rule is broken. ARGS="--days 7 --customers 20000" is a shorter look; --keep keeps all files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.month import report
from tests.month.month import Inputs, Size, judge, simulate, tempt


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
        return _run(Inputs(arguments.keep, size), console, keep=True)
    with tempfile.TemporaryDirectory(prefix="forewarn-month-") as folder:
        return _run(Inputs(Path(folder), size), console, keep=False)


def _run(inputs: Inputs, console: Console, *, keep: bool) -> int:
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.0f} s  {what}", highlight=False)

    if not inputs.records.exists():
        say(f"simulating {inputs.size.days:g} days of {inputs.size.customers:,} customers")
        simulate(inputs)
    say(f"{inputs.records.stat().st_size / 1e9:.1f} GB simulated; adding what tempts")
    count = tempt(inputs)
    say(f"{count:,} records that tempt; replaying and checking")
    found = judge(inputs, keep=inputs.folder / "out.jsonl" if keep else None)
    say(f"{sum(found.rows.values()):,} rows judged")
    report.show(found, console)
    return 1 if found.broken else 0


def _parser() -> argparse.ArgumentParser:
    usual = Size()
    parser = argparse.ArgumentParser(prog="python -m tests.month", description="A month, and what must hold of it.")
    parser.add_argument("--days", type=float, default=usual.days)
    parser.add_argument("--customers", type=int, default=usual.customers)
    parser.add_argument("--regions", type=int, default=usual.regions)
    parser.add_argument("--devices", type=int, default=usual.devices)
    parser.add_argument("--usage-share", type=float, default=usual.usage_share, help="part of the usual usage records")
    parser.add_argument("--intensity", type=float, default=usual.intensity, help="outages, times as many as usual")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--keep", type=Path, help="a folder to keep all files in; its records are used again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
