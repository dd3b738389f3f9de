"""Makes a month: simulate, tempt, replay, check; each step a process of its own, through the commands that users have.

    forewarn simulate ──> in.jsonl, truth.jsonl ──> temptations ──> more.jsonl
    forewarn replay in.jsonl more.jsonl ──(pipe)──> checker          two processes, so two cores

What is replayed is checked as it is written; the output is kept only when asked for, as it is some GB.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from tests.month import given, temptations
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


@contextmanager
def replayed(inputs: Inputs, mutations: tuple[str, ...] = ()) -> Iterator[IO[bytes]]:
    """The output of a replay, as it is written. `mutations`: what is taken out of the product for it."""
    module = ["tests.month.mutant", ",".join(mutations)] if mutations else ["forewarn"]
    files = [str(file) for file in inputs.files]
    options = ["--policy", str(POLICY), "--partitions", inputs.size.partitions, "--drain", inputs.size.drain]
    command = [sys.executable, "-m", *module, "replay", *files, *options, "--out", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as process:
        assert process.stdout is not None
        yield process.stdout
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def judge(inputs: Inputs, mutations: tuple[str, ...] = (), keep: Path | None = None) -> Report:
    """Replays a month and checks what comes out; `keep`: where the output is to be kept."""
    files = [file.open("rb") for file in inputs.files]
    try:
        with replayed(inputs, mutations) as output:
            lines = output if keep is None else _kept(output, keep)
            return check(given.read(POLICY), files, lines)
    finally:
        for file in files:
            file.close()


def _kept(output: IO[bytes], keep: Path) -> Iterator[bytes]:
    with keep.open("wb") as file:
        for line in output:
            file.write(line)
            yield line
