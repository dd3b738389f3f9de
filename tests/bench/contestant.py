"""A contestant: a process of its own that reads the input topic, keeps its state in a changelog and writes alerts.

    prepare (topics, reference data) ─> preload ─> start ─> measured from outside ─> stop ─> signals read back

Invariant: the bench speaks with every contestant through topics and the process alone.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from aiokafka import ConsumerRecord
from msgspec import Struct

from tests.bench.cluster import Cluster
from tests.bench.usage_input import ALLOWANCE, Alert

Job = Literal["usage", "liveness", "delivery"]
FOLDER = Path(__file__).parent / "contestants"
ROOT = Path(__file__).parents[2]
INPUTS: dict[Job, str] = {"usage": "usage.records", "liveness": "network.heartbeats", "delivery": "notifications"}


class Trial(Struct, frozen=True):
    """One run of one contestant: its topics' prefix, its folder for state and logs, and the cores it may use.

    `settings` are Forewarn's own beside those that follow from the rest.
    """

    job: Job
    prefix: str
    partitions: int
    folder: Path
    cores: tuple[int, ...]
    cluster: Cluster
    customers: int = 0
    settings: Mapping[str, str] = {}

    @property
    def input(self) -> str:
        """The topic to preload."""
        return self.prefix + INPUTS[self.job]


class Contestant(Protocol):
    """What the bench needs to know of a contestant."""

    @property
    def name(self) -> str: ...
    @property
    def guarantee(self) -> str: ...
    @property
    def configuration(self) -> dict[str, Any]: ...

    async def prepare(self, trial: Trial) -> None:
        """Makes topics, and whatever must be there before the input is."""
        ...

    async def start(self, trial: Trial) -> asyncio.subprocess.Process: ...
    def group(self, trial: Trial) -> str: ...
    def output(self, trial: Trial) -> str:
        """The topic of alerts or outage signals."""
        ...

    def changelogs(self, trial: Trial) -> Sequence[str]: ...
    def alerts(self, records: Sequence[ConsumerRecord]) -> Counter[Alert]: ...
    def failed(self, records: Sequence[ConsumerRecord]) -> set[str]:
        """The elements that outage signals name."""
        ...


class Peer:
    """A stream processor that is not ours: one script in contestants/, run by a Python that has its library."""

    def __init__(self, name: str, guarantee: str, python: Path, arguments: Sequence[str] = ()) -> None:
        self.name = name
        self.guarantee = guarantee
        self._python = python
        self._arguments = arguments
        self._script = FOLDER / f"{name}.py"

    @property
    def configuration(self) -> dict[str, Any]:
        """The literal `CONFIGURATION` of its script (sums of shifts are shown as written)."""
        for node in ast.parse(self._script.read_text()).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CONFIGURATION":
                assert isinstance(node.value, ast.Dict)
                pairs = zip(node.value.keys, node.value.values, strict=True)
                return {ast.literal_eval(key): ast.unparse(value) for key, value in pairs if key is not None}
        raise LookupError(f"{self._script} has no CONFIGURATION")

    async def prepare(self, trial: Trial) -> None:
        """Makes the input and the output topic; the library makes its own changelogs."""
        await trial.cluster.create(trial.input, trial.partitions)
        await trial.cluster.create(self.output(trial), trial.partitions)

    async def start(self, trial: Trial) -> asyncio.subprocess.Process:
        """Starts the script on the worker's cores."""
        environment = {
            "PYTHONPATH": str(ROOT),
            "BOOTSTRAP": trial.cluster.bootstrap,
            "INPUT": trial.input,
            "OUTPUT": self.output(trial),
            "GROUP": self.group(trial),
            "STATE_DIR": str(trial.folder / "state"),
            "PARTITIONS": str(trial.partitions),
            "JOB": trial.job,
            "ALLOWANCE": str(ALLOWANCE),
        }
        return await spawn([str(self._python), str(self._script), *self._arguments], trial, environment)

    def group(self, trial: Trial) -> str:
        """Its consumer group; Faust's application id too."""
        return f"{trial.prefix}group"

    def output(self, trial: Trial) -> str:
        """Where its alerts go."""
        return f"{trial.prefix}alerts"

    def changelogs(self, trial: Trial) -> Sequence[str]:
        """Unknown beforehand: the library names them."""
        return ()

    def alerts(self, records: Sequence[ConsumerRecord]) -> Counter[Alert]:
        """Its alerts, as the shared job logic shapes them."""
        found = (json.loads(record.value) for record in records)
        return Counter((alert["customer"], alert["percent"], alert["used"]) for alert in found)

    def failed(self, records: Sequence[ConsumerRecord]) -> set[str]:
        """The elements it signalled."""
        return {json.loads(record.value)["element"] for record in records}


async def spawn(command: Sequence[str], trial: Trial, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Starts a process on the trial's cores, with its output in `worker.log` of the trial's folder."""
    trial.folder.mkdir(parents=True, exist_ok=True)
    with (trial.folder / "worker.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=trial.folder,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=partial(os.sched_setaffinity, 0, trial.cores),
        )


async def stop(process: asyncio.subprocess.Process, patience: float = 15.0) -> None:
    """Asks a process to end, and ends it when it does not."""
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()


FAUST_GUARANTEE = "at-least-once as documented; commits before its changelog is acknowledged, so a crash can lose state"
QUIX_GUARANTEE = "at-least-once; changelog and outputs flushed before the offsets of a checkpoint"


def peers(quix: Path) -> list[Peer]:
    """All contestants that are not ours; `quix` is the Python that has Quix Streams."""
    here = Path(sys.executable)
    return [
        Peer("faust_stock", FAUST_GUARANTEE, here, ("worker", "-l", "warn")),
        Peer("faust_tuned", FAUST_GUARANTEE, here, ("--loop", "uvloop", "worker", "-l", "error")),
        Peer("quix", QUIX_GUARANTEE, quix),
    ]
