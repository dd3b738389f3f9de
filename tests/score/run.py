"""Simulates, replays and scores one seed after another, some at a time, each step in a process of its own.

    .cache/score/<code>/<size>/<seed>/  in.jsonl ─ replayed, then dropped
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


class Size(Struct, frozen=True, kw_only=True):
    """The world of a seed; `scenario` None is the ordinary mix of trouble."""

    hours: float = 24.0
    regions: int = 20
    devices: int = 2_000
    customers: int = 5_000
    interval_s: float = 60.0
    usage_share: float = 1.0
    intensity: float = 1.0
    scenario: str | None = None

    @property
    def name(self) -> str:
        """Short, for a folder."""
        sizes = (
            f"{self.hours:g}h-{self.regions}r-{self.devices}d-{self.customers}c-{self.interval_s:g}s-{self.intensity:g}"
        )
        return f"{sizes}-{self.scenario}" if self.scenario else sizes

    @property
    def options(self) -> list[str]:
        """For `forewarn simulate`."""
        found = [f"--hours={self.hours:g}", f"--regions={self.regions}", f"--devices={self.devices}",
                 f"--customers={self.customers}", f"--interval={self.interval_s:g}",
                 f"--usage-share={self.usage_share:g}", f"--intensity={self.intensity:g}"]  # fmt: skip
        return [*found, f"--scenario={self.scenario}"] if self.scenario else found


#: Three days of a hundred regions in which nothing happens that anybody should hear of. Beats are rare, so that many
#: region-days are cheap; ordinary worlds, in which they come each minute, have quiet days, too, and count with these.
QUIET = Size(hours=72, regions=100, devices=4_000, customers=2_000, interval_s=300, usage_share=0.05, scenario="quiet")


#: Ten days of a small network in a bad month: baselines have become known, repair times were learned, and what does not
#: end when it should has the time to do harm.
LONG = Size(hours=240, regions=8, devices=320, customers=800, usage_share=0.05, intensity=3)


class Job(Struct, frozen=True):
    """One world to be scored."""

    seed: int
    size: Size

    @property
    def name(self) -> str:
        """For whoever watches."""
        kind = self.size.scenario or ("long" if self.size == LONG else "")
        return f"{self.seed} {kind}".rstrip()


def code_digest(root: Path = ROOT) -> str:
    """Of everything that a truth or an output depends on."""
    digest = hashlib.sha256()
    for path in sorted(path for part in ("topics", "stream", "alerts") for path in (root / part).rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and "__pycache__" not in name and not name.startswith(ASIDE):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


Say = Callable[[Job, str], None]


class Failed(RuntimeError):
    """A step that did not end well; the text is what it said last."""


class Runner:
    """Runs jobs in one folder. `say` hears the job and what is done with it."""

    def __init__(self, say: Say, folder: Path | None = None) -> None:
        self.folder = folder or CACHE / code_digest()
        self._say = say

    def all(self, jobs: Sequence[Job], at_a_time: int) -> list[Sample]:
        """The samples, in the order of the jobs. Raises `Failed` when a step of any fails."""
        with ThreadPoolExecutor(at_a_time) as pool:
            waiting = [pool.submit(self.one, job) for job in jobs]
            try:
                for future in as_completed(waiting):
                    future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return [future.result() for future in waiting]

    def one(self, job: Job) -> Sample:
        """One job, from where an earlier run left it."""
        place = self.folder / job.size.name / str(job.seed)
        place.mkdir(parents=True, exist_ok=True)
        records, truth, out = (place / name for name in ("in.jsonl", "truth.jsonl", "out.jsonl"))
        if not out.exists():
            if not (records.exists() and truth.exists()):
                self._say(job, "simulating")
                seed, files = f"--seed={job.seed}", (f"--out={records}", f"--truth={truth}")
                forewarn(["simulate", seed, *job.size.options, *files])
            self._say(job, "replaying")
            forewarn(["replay", str(records), f"--out={out}", f"--drain={DRAIN}"])
        records.unlink(missing_ok=True)
        self._say(job, "scoring")
        sample = read_pair(str(truth), str(out))
        self._say(job, "done")
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
        if folder.is_dir() and folder != kept:
            shutil.rmtree(folder)
