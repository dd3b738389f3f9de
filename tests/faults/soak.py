"""`make soak MINUTES=10`: faults of all sorts against all roles, round after round, and the oracle after each.

    round = a deployment of its own, a seed of its own: input, outages, storm ─> calm ─> oracle

Progress goes to stderr, the summary to stdout; exit code 1 on any violation. Each run adds one line to ledger.jsonl, so
that counts add up over runs. A round replays from its seed: `--seed N --minutes 1`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from forewarn.deploy.local_kafka import LocalKafka
from forewarn.stream.engine.crash import POINTS
from tests.faults.haunting import haunt_decide, haunt_deliver
from tests.faults.lane import SHARES, run_lane
from tests.faults.oracle import Report
from tests.faults.restart import run_restart
from tests.faults.story import tell

LEDGER = Path(__file__).with_name("ledger.jsonl")
BROKER = {"group.min.session.timeout.ms": "1000", "broker.session.timeout.ms": "3000"}
#: Seconds of trouble on the whole path in one round, and kills at each crash point.
STORM_S, KILLS = 45.0, 3
DELIVER = tuple(point for point in POINTS if point.startswith("deliver."))
ENGINE = tuple(point for point in POINTS if not point.startswith("deliver."))


class Total(Struct):
    """What a run came to: one line of the ledger."""

    seed: int
    commit: str
    minutes: float
    rounds: int = 0
    done: Counter[str] = msgspec.field(default_factory=Counter)
    figures: Counter[str] = msgspec.field(default_factory=Counter)
    violations: list[str] = msgspec.field(default_factory=list)

    def add(self, done: Counter[str], report: Report, what: str) -> None:
        """Adds one judged run; `what` names it and its seed."""
        self.done += done
        self.figures += Counter(report.figures)
        self.violations += [f"{what}: {violation}" for violation in report.violations]

    @property
    def clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations


class Soak:
    """One run of rounds on one broker."""

    def __init__(self, kafka: LocalKafka, folder: Path, total: Total, console: Console) -> None:
        self.kafka, self.folder, self.total, self.console = kafka, folder, total, console

    async def run(self, until: float) -> None:
        """Rounds until the time (monotonic) is over, or a promise is broken; at least one."""
        number = 0
        while self.total.clean and (number == 0 or time.monotonic() < until):
            seed = self.total.seed + number
            await self._round(number, seed)
            number += 1
            self.total.rounds = number

    async def _round(self, number: int, seed: int) -> None:
        """Storm on the whole path, then crash points and zombies side by side, then a restart of the broker."""
        self._say(seed, "whole path: all roles in a storm")
        told = await tell(
            self.kafka.bootstrap, f"w{number}-", self.folder / f"{number}-path", seed=seed, storm_s=STORM_S,
            say=lambda line: self._say(seed, line),
        )  # fmt: skip
        self.total.add(told.done, told.report, f"whole path, seed {seed}")
        for part in (self._points, self._zombies, self._restart):
            if self.total.clean:
                await part(number, seed)

    async def _points(self, number: int, seed: int) -> None:
        self._say(seed, f"crash points: all {len(POINTS)}, {KILLS} kills each, in {len(SHARES)} lanes")
        runs = [
            run_lane(
                self.kafka.bootstrap, f"c{number}-{lane}-", self.folder / f"{number}-lane-{lane}",
                role=role, points=points, kills=KILLS, seed=seed + lane,
            )
            for lane, (role, points) in enumerate(SHARES)
        ]  # fmt: skip
        for lane, outcome in enumerate(await asyncio.gather(*runs)):
            self.total.add(outcome.kills, outcome.report, f"crash points, seed {seed}, lane {lane}")

    async def _restart(self, number: int, seed: int) -> None:
        self._say(seed, "broker restart")
        restarted = await run_restart(self.kafka, f"b{number}-", self.folder / f"{number}-broker", seed=seed)
        done = Counter({"broker restart": 1})
        self.total.add(done, restarted.report, f"broker restart, seed {seed}")
        self.total.violations += [f"a worker ended with {code} while the broker was away" for code in restarted.codes]

    async def _zombies(self, number: int, seed: int) -> None:
        random = Random(seed)
        points = [f"{random.choice(ENGINE[3:])}:{random.randint(4, 10)}" for _ in range(2)]
        mail = f"{random.choice(DELIVER)}:{random.randint(1, 10)}"
        self._say(seed, f"zombies: {', '.join([*points, mail])}")
        runs = [
            haunt_decide(self.kafka.bootstrap, f"z{number}-{n}-", self.folder / f"{number}-zombie-{n}", point=point)
            for n, point in enumerate(points)
        ]
        runs.append(
            haunt_deliver(self.kafka.bootstrap, f"z{number}-m-", self.folder / f"{number}-zombie-m", point=mail)
        )
        for haunting, point in zip(await asyncio.gather(*runs), [*points, mail], strict=True):
            self.total.add(Counter({"zombie": 1}), haunting.report, f"zombie at {point}, seed {seed}")

    def _say(self, seed: int, line: str) -> None:
        figures = self.total.figures
        self.console.print(
            f"[dim]{time.strftime('%H:%M:%S')}[/] round {self.total.rounds + 1} seed {seed}  {line}  "
            f"[dim]so far {self.total.done.total()} faults, {figures['events']} events[/]"
        )


def summary(total: Total) -> Table:
    """The closing table."""
    table = Table("what", "count", title=f"soak, seed {total.seed}, {total.rounds} rounds, {total.minutes:g} minutes")
    for point in POINTS:
        table.add_row(f"killed at {point}", str(total.done[point]))
    for what in ("random kill", "rebalance", "zombie", "broker restart"):
        table.add_row(f"{what}s", str(total.done[what]))
    figures = total.figures
    table.add_row("events", str(figures["events"]))
    table.add_row("lost", str(figures["lost"]))
    table.add_row("doubled", str(figures["doubled"]))
    table.add_row("state equals the oracle", "yes" if total.clean else "see below")
    table.add_row("outputs repeated, byte for byte", str(figures["outputs repeated"]))
    table.add_row("units of zombies refused", str(figures["zombie units refused"]))
    table.add_row("mails", str(figures["mails"]))
    table.add_row("mails taken twice", str(figures["mails twice"]))
    table.add_row("attempts listed as ambiguous", str(figures["ambiguous listed"]))
    table.add_row("violations", str(len(total.violations)))
    return table


def commit() -> str:
    """The commit that is being tested, `+` when files are changed."""
    here = Path(__file__).parent
    try:
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True)
        changed = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=here, capture_output=True, text=True)
    except FileNotFoundError:
        return "unknown"
    return (head.stdout.strip() or "unknown") + ("+" if changed.stdout else "")


async def soak(minutes: float, seed: int, console: Console) -> Total:
    """Runs for about so many minutes: a round that has begun is finished."""
    total = Total(seed, commit(), minutes)
    folder = Path(tempfile.mkdtemp(prefix="forewarn-soak-"))
    console.print(f"seed {seed}; logs and ledgers in {folder}")
    async with LocalKafka(folder / "kafka", BROKER, heap="512m") as kafka:
        try:
            await Soak(kafka, folder, total, console).run(time.monotonic() + minutes * 60)
        except (TimeoutError, AssertionError) as error:
            total.violations.append(f"round {total.rounds + 1}: {error}")
    return total


def main() -> int:
    """The exit code."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--seed", type=int, default=None, help="default: from the clock; it is printed")
    given = arguments.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # new topics, and a broker that goes away, are expected here
    seed = int(time.time()) if given.seed is None else given.seed
    total = asyncio.run(soak(given.minutes, seed, Console(stderr=True, highlight=False)))
    with LEDGER.open("ab") as ledger:
        ledger.write(msgspec.json.encode(total) + b"\n")
    out = Console(highlight=False)
    out.print(summary(total))
    for violation in total.violations[:50]:
        out.print(violation, markup=False)
    return 0 if total.clean else 1


if __name__ == "__main__":
    sys.exit(main())
