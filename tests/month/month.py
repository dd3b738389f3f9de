"""Makes a month: simulate, tempt, replay, check; each step a process of its own, through the commands that users have.

    forewarn simulate ──> in.jsonl, truth.jsonl ──> temptations ──> more.jsonl
    part 0: forewarn replay in.jsonl more.jsonl ──(pipe)──> checker ──┐
    part 1: forewarn replay in.jsonl more.jsonl ──(pipe)──> checker ──┴─> report

The parts share the customers, so that two cores are busy. What is replayed is checked as it is written; the output is
kept only when asked for, as it is some GB.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from tests.month import given, halves, temptations
from tests.month.check import Report, check

POLICY = Path(__file__).with_name("policy.toml")


class Size(NamedTuple):
    """How large a month is. Beats and usage are sampled: what is judged here does not hang on how many there are."""

    days: float = 30.0
    customers: int = 100_000
    regions: int = 10
    devices: int = 300
    interval_s: float = 300.0
    usage_share: float = 0.05
    intensity: float = 0.15
    #: Clocks go back within it, in Europe and in America.
    start: str = "2026-10-05T00:00:00Z"
    seed: int = 1
    partitions: str = "region=2,customer=2"
    #: Time goes on for so long after the last record: every request's life is over, and every night.
    drain: str = "49h"

    @property
    def options(self) -> list[str]:
        """For `forewarn simulate`."""
        return [f"--days={self.days:g}", f"--customers={self.customers}", f"--regions={self.regions}",
                f"--devices={self.devices}", f"--interval={self.interval_s:g}", f"--usage-share={self.usage_share:g}",
                f"--intensity={self.intensity:g}", f"--start={self.start}", f"--seed={self.seed}"]  # fmt: skip


class Inputs(NamedTuple):
    """The files of a month, in its folder."""

    folder: Path
    size: Size

    @property
    def records(self) -> Path:
        return self.folder / "in.jsonl"

    @property
    def truth(self) -> Path:
        return self.folder / "truth.jsonl"

    @property
    def more(self) -> Path:
        return self.folder / "more.jsonl"

    @property
    def files(self) -> list[Path]:
        """What is replayed: what was simulated, what tempts, and receipts, if any."""
        receipts = self.folder / "receipts.jsonl"
        return [self.records, self.more, *([receipts] if receipts.exists() else [])]


def simulate(inputs: Inputs) -> None:
    """Writes the world and its truth."""
    files = ["--out", str(inputs.records), "--truth", str(inputs.truth)]
    subprocess.run([sys.executable, "-m", "forewarn", "simulate", *inputs.size.options, *files], check=True)


def tempt(inputs: Inputs) -> int:
    """Writes what tempts; returns how many records that is."""
    return temptations.write(inputs.truth, inputs.records, inputs.more)


def halve(inputs: Inputs, parts: int) -> list[Inputs]:
    """The month in parts that can be judged side by side."""
    if parts == 1:
        return [inputs]
    found = [Inputs(inputs.folder / f"part-{number}", inputs.size) for number in range(parts)]
    for part in found:
        part.folder.mkdir(exist_ok=True)
    for file in inputs.files:
        halves.cut(file, [part.folder / file.name for part in found])
    return found


@contextmanager
def replayed(inputs: Inputs, mutations: tuple[str, ...] = ()) -> Iterator[IO[bytes]]:
    """The output of a replay, as it is written. `mutations`: what is taken out of the product for it."""
    module = ["tests.month.mutant", ",".join(mutations)] if mutations else ["forewarn"]
    files = [str(file) for file in inputs.files]
    options = ["--policy", str(POLICY), "--partitions", inputs.size.partitions, "--drain", inputs.size.drain]
    command = [sys.executable, "-m", *module, "replay", *files, *options, "--out", "-"]
    with TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, bufsize=1 << 20) as process:
            assert process.stdout is not None
            yield process.stdout
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(errors.read().decode())


def judge(
    inputs: Inputs, mutations: tuple[str, ...] = (), keep: Path | None = None, said: Callable[[int], None] | None = None
) -> Report:
    """Replays a month and checks what comes out.

    `keep`: where the output is to be kept; `said` hears now and then how far it is (epoch ms).
    """
    with ExitStack() as stack:
        files = [stack.enter_context(file.open("rb")) for file in inputs.files]
        output = stack.enter_context(replayed(inputs, mutations))
        lines = output if keep is None else _kept(output, stack.enter_context(keep.open("wb")))
        return check(given.read(POLICY), files, lines, said)


def judge_all(parts: Sequence[Inputs], said: Sequence[Callable[[int], None]], *, keep: bool = False) -> Report:
    """Judges the parts of a month side by side; `said` as in `judge`, one for each."""

    def one(number: int) -> Report:
        part = parts[number]
        return judge(part, keep=part.folder / "out.jsonl" if keep else None, said=said[number])

    with ThreadPoolExecutor(len(parts)) as pool:
        return halves.together(pool.map(one, range(len(parts))))


def _kept(output: IO[bytes], file: IO[bytes]) -> Iterator[bytes]:
    for line in output:
        file.write(line)
        yield line
