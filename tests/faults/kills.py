"""`make kills KILLS=200`: deliver is killed at random moments while it hands over mail and texts; then the oracle.

    notifications ──> deliver ✝ deliver ✝ … ──> mail server, SMS centre: both write down what they take
                              └── whoever is left takes over, after one session

Two workers share the partitions; each that dies is started again at once. Nothing may be lost, and nothing taken twice
unless `notifications.log` lists an attempt of it as ambiguous. Exit code 1 on any violation.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from forewarn.alerts.mail_sink import Fault, MailSink
from forewarn.alerts.smsc import SmscSink
from forewarn.deploy.local_kafka import LocalKafka
from tests.faults.child import Child
from tests.faults.crew import Crew
from tests.faults.feeder import Feeder
from tests.faults.generator import Generator
from tests.faults.oracle import Report
from tests.faults.place import Place
from tests.faults.soak import BROKER, LEDGER, Total, commit
from tests.faults.verdict import verdict

WORKERS = 2
#: Messages a second; by turns by mail and by text.
NOTICES = 30.0
#: Seconds between the mail server's writing a message down and its 250: so long that some are always under way.
SLOW_S = 0.3
#: A kill comes so many seconds at most after messages are taken again; one of `BLIND` comes at any moment instead.
SENDING_S, ANY_S, BLIND = 1.5, 3.0, 5
#: Seconds after which a kill does not wait any longer for a message to be taken.
PATIENCE_S = 20.0
#: Seconds without a message taken after which the backlog of the kills is gone.
QUIET_S = 8.0
#: Told of each kill: how many there were, and how many messages have been taken.
Say = Callable[[int, int], None]


class Killed(Struct, frozen=True):
    """How a run went: kills, how workers ended, and what the oracle says."""

    seed: int
    kills: int
    seconds: float
    codes: Counter[int]
    report: Report


async def kill_deliver(
    bootstrap: str, prefix: str, folder: Path, *, seed: int, kills: int, mutant: str = "",
    say: Say = lambda kill, taken: None,
) -> Killed:  # fmt: skip
    """One run: `kills` times SIGKILL, then calm, then the oracle. `mutant`: of tests/faults/mutant.py."""
    random, began = Random(seed), time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    mail = folder / "mail.jsonl"
    async with MailSink(mail) as sink, SmscSink() as smsc:
        sink.misbehave(Fault("BODY", delay_s=SLOW_S, taken=True))
        async with Place(bootstrap, prefix, folder, smtp_port=sink.port, settings=centre(smsc)) as place:
            feeder = Feeder(place, Generator(seed, texts=True), notices=NOTICES)
            async with Crew(place, "deliver", WORKERS, mutant=mutant) as crew:
                async with feeder:
                    for number in range(kills):
                        await _moment(random, lambda: sink.count + len(smsc.taken))
                        await (await _victim(crew, random)).kill()
                        say(number + 1, sink.count + len(smsc.taken))
                sink.behave()
                await _drained(lambda: sink.count + len(smsc.taken))
                report = await verdict(place, "deliver", mail=mail, smsc=smsc, settle_s=90.0)
            return Killed(seed, kills, time.monotonic() - began, crew.codes, report)


async def _drained(taken: Callable[[], int]) -> None:
    """Returns when nothing more is taken: judging before would keep the servers, in this process, from taking."""
    before = -1
    while taken() > before:
        before = taken()
        await asyncio.sleep(QUIET_S)


async def _victim(crew: Crew, random: Random) -> Child:
    while not (alive := [child for child in crew.children if child.code is None]):  # noqa: ASYNC110  a start is no event
        await asyncio.sleep(0.05)
    return random.choice(alive)


def centre(smsc: SmscSink) -> dict[str, object]:
    """The settings of a deployment that sends texts by this SMS centre."""
    names = {"SMPP_SYSTEM_ID": "forewarn", "SMPP_SOURCE": "Forewarn"}
    return {"SMPP_HOST": "127.0.0.1", "SMPP_PORT": smsc.port, **names}


async def _moment(random: Random, taken: Callable[[], int]) -> None:
    """Waits for the next kill's moment: some time after messages flow again, or, now and then, any time at all."""
    if random.randrange(BLIND) == 0:
        await asyncio.sleep(random.uniform(0.1, ANY_S))
        return
    before, deadline = taken(), time.monotonic() + PATIENCE_S
    while taken() == before and time.monotonic() < deadline:  # noqa: ASYNC110  it is another process's doing
        await asyncio.sleep(0.02)
    await asyncio.sleep(random.uniform(0.0, SENDING_S))


def summary(killed: Killed) -> Table:
    """The closing table."""
    figures = killed.report.figures
    table = Table("what", "count", title=f"deliver killed {killed.kills} times in {killed.seconds:.0f} s")
    for what in ("mails", "mails twice", "texts", "texts twice", "ambiguous listed", "outputs repeated"):
        table.add_row(what, f"{figures[what]:,}")
    table.add_row("violations", str(len(killed.report.violations)))
    return table


async def _run(kills: int, seed: int, console: Console) -> Killed:
    folder = Path(tempfile.mkdtemp(prefix="forewarn-kills-"))
    console.print(f"seed {seed}; logs and ledgers in {folder}")

    def say(kill: int, taken: int) -> None:
        if kill % 10 == 0:
            console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {kill} kills, {taken:,} messages taken")

    async with LocalKafka(folder / "kafka", BROKER, heap="512m") as kafka:
        return await kill_deliver(kafka.bootstrap, "kills-", folder / "place", seed=seed, kills=kills, say=say)


def main() -> int:
    """The exit code."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=None, help="default: from the clock; it is printed")
    given = arguments.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    seed = int(time.time()) if given.seed is None else given.seed
    tested = commit()
    killed = asyncio.run(_run(given.kills, seed, Console(stderr=True, highlight=False)))
    total = Total(seed, tested, killed.seconds / 60, rounds=1)
    total.add(Counter({"deliver killed": killed.kills}), killed.report, "deliver")
    with LEDGER.open("ab") as ledger:
        ledger.write(msgspec.json.encode(total) + b"\n")
    out = Console(highlight=False)
    out.print(summary(killed))
    for violation in killed.report.violations[:50]:
        out.print(str(violation), markup=False)
    return 1 if killed.report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
