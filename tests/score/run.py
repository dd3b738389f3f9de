"""Simulates, replays and scores one seed after another, some at a time, each step in a process of its own.

    .cache/score/<code>-<size>/<seed>/  in.jsonl ─ replayed, then dropped
                                        truth.jsonl, out.jsonl ─ kept: scoring them again takes a second

Invariant: a file under its name is whole, and belongs to the code whose digest its folder is named by; so a run that
was cut short goes on where it stopped, and a change of the product starts anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from msgspec import Struct

from forewarn.stream.score.command import read_pair
from forewarn.stream.score.sample import Sample

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "score"
#: What cannot change an output.
ASIDE = ("stream/score", "stream/commands", "stream/demo")
#: Time goes on for so long after the last record, so that what is open can end.
DRAIN = "1h"
Say = Callable[[int, str], None]


class Size(Struct, frozen=True, kw_only=True):
    """The world of every seed."""

    hours: float = 24.0
    regions: int = 20
    devices: int = 2_000
    customers: int = 5_000

    @property
    def name(self) -> str:
        """Short, for a folder."""
        return f"{self.hours:g}h-{self.regions}r-{self.devices}d-{self.customers}c"

    @property
    def options(self) -> list[str]:
        """For `forewarn simulate`."""
        return [f"--hours={self.hours:g}", f"--regions={self.regions}", f"--devices={self.devices}",
                f"--customers={self.customers}"]  # fmt: skip


def code_digest(root: Path = ROOT) -> str:
    """Of everything that a truth or an output depends on."""
    digest = hashlib.sha256()
    for path in sorted(path for part in ("topics", "stream", "alerts") for path in (root / part).rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and "__pycache__" not in name and not name.startswith(ASIDE):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class Failed(RuntimeError):
    """A step that did not end well; the text is what it said last."""


class Runner:
    """Runs seeds of one size in one folder. `say` hears a seed and what is done with it."""

    def __init__(self, size: Size, say: Say, folder: Path | None = None) -> None:
        self.size = size
        self.folder = folder or CACHE / f"{code_digest()}-{size.name}"
        self._say = say

    def all(self, seeds: Sequence[int], jobs: int) -> list[Sample]:
        """The samples, in the order of the seeds. Raises `Failed` when a step of any fails."""
        found: dict[int, Sample] = {}
        with ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(self.one, seed): seed for seed in seeds}
            try:
                for future in as_completed(waiting):
                    found[waiting[future]] = future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return [found[seed] for seed in seeds]

    def one(self, seed: int) -> Sample:
        """One seed, from where an earlier run left it."""
        place = self.folder / str(seed)
        place.mkdir(parents=True, exist_ok=True)
        records, truth, out = (place / name for name in ("in.jsonl", "truth.jsonl", "out.jsonl"))
        if not out.exists():
            if not (records.exists() and truth.exists()):
                self._say(seed, "simulating")
                forewarn(["simulate", f"--seed={seed}", *self.size.options, f"--out={records}", f"--truth={truth}"])
            self._say(seed, "replaying")
            forewarn(["replay", str(records), f"--out={out}", f"--drain={DRAIN}"])
        records.unlink(missing_ok=True)
        self._say(seed, "scoring")
        sample = read_pair(str(truth), str(out))
        self._say(seed, "done")
        return sample


def forewarn(arguments: Iterable[str]) -> None:
    """Runs a command of Forewarn with its defaults: no settings of this machine get in."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FOREWARN_")}
    done = subprocess.run(
        [sys.executable, "-m", "forewarn", *arguments], cwd=ROOT, env=plain, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"forewarn {' '.join(arguments)}\nended with {done.returncode}: {done.stderr.strip()[-2000:]}")


def forget_others(kept: Path) -> None:
    """Removes what other versions of the code left."""
    for folder in kept.parent.iterdir():
        if folder.is_dir() and folder.name.partition("-")[0] != kept.name.partition("-")[0]:
            shutil.rmtree(folder)
