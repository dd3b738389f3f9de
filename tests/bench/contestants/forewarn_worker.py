"""Forewarn itself: `forewarn worker decide` and `forewarn worker detect`, as an operator would run them.

Nothing is left out for the bench: records are validated and de-duplicated, each alert goes through the decision
pipeline and becomes a notification and a row in `decisions`. Guarantee: state effectively once, outputs at least once
with equal bytes and ids; the changelog is acknowledged before outputs, outputs before offsets.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord

from tests.bench.contestant import Job, Trial, spawn, stop
from tests.bench.usage_input import Alert, profiles

ROLES: dict[Job, str] = {"usage": "decide", "liveness": "detect", "delivery": "deliver"}
OUTPUTS: dict[Job, str] = {
    "usage": "usage.alerts",
    "liveness": "outages.signals",
    "delivery": "notifications.log",
}
PROFILE_TOPIC = "customers.profiles"
#: What is not the product's default.
CONFIGURATION: dict[str, Any] = {"--partitions": "region=N,customer=N as the input's", "--replication": 1}


class Forewarn:
    """The product's own worker, one role a process."""

    name = "forewarn"
    guarantee = (
        "state effectively once; outputs at least once, repeats byte-identical; changelog, then outputs, then ack"
    )
    configuration = CONFIGURATION

    def __init__(self) -> None:
        beside = Path(sys.executable).with_name("forewarn")
        self._command = str(beside) if beside.exists() else shutil.which("forewarn") or "forewarn"

    async def prepare(self, trial: Trial) -> None:
        """Applies the topic catalog; for usage, loads the customers' profiles through a first worker."""
        (trial.folder / "data").mkdir(parents=True, exist_ok=True)
        await self._apply_topics(trial)
        await trial.cluster.stamp(self.output(trial), "LogAppendTime")
        if trial.job == "liveness":
            await trial.cluster.stamp(trial.input, "CreateTime")  # a feed read late, not a feed of late beats
        if trial.job == "usage" and trial.customers:
            await self._load_profiles(trial)

    async def _apply_topics(self, trial: Trial) -> None:
        counts = f"region={trial.partitions},customer={trial.partitions}"
        apply = await spawn(
            [self._command, "topics", "apply", "--partitions", counts, "--replication", "1"], trial, _settings(trial)
        )
        if await apply.wait() != 0:
            raise RuntimeError(f"forewarn topics apply failed; see {trial.folder}/worker.log")

    async def _load_profiles(self, trial: Trial) -> None:
        topic = trial.prefix + PROFILE_TOPIC
        total = await trial.cluster.preload(topic, profiles(trial.customers, trial.partitions), trial.partitions)
        worker = await self.start(trial)
        try:
            while await trial.cluster.committed(self.group(trial), topic) < total:
                if worker.returncode is not None:
                    raise RuntimeError(f"the worker ended while it read profiles; see {trial.folder}/worker.log")
                await asyncio.sleep(0.25)
        finally:
            await stop(worker)

    async def start(self, trial: Trial) -> asyncio.subprocess.Process:
        """Starts one worker of the job's role, on topics as they must be."""
        if trial.job == "liveness":
            await self._apply_topics(trial)
        return await spawn([self._command, "worker", ROLES[trial.job]], trial, _settings(trial))

    def group(self, trial: Trial) -> str:
        """The role's consumer group."""
        return f"{trial.prefix}forewarn-{ROLES[trial.job]}"

    def output(self, trial: Trial) -> str:
        """`usage.alerts`, the internal topic of outage signals, or the log of deliveries."""
        return trial.prefix + OUTPUTS[trial.job]

    def changelogs(self, trial: Trial) -> Sequence[str]:
        """The role's one changelog."""
        return (f"{trial.prefix}{self.changelog(trial.job)}",)

    @staticmethod
    def changelog(job: Job) -> str:
        """Name of a role's changelog, without prefix."""
        return f"forewarn-{ROLES[job]}-changelog"

    def alerts(self, records: Sequence[ConsumerRecord]) -> Counter[Alert]:
        """Threshold alerts; their `percent` is the level crossed."""
        found = ((record.key.decode(), json.loads(record.value)) for record in records)
        return Counter(
            (customer, int(alert["percent"]), int(alert["used"]))
            for customer, alert in found
            if alert["kind"] == "threshold"
        )

    def failed(self, records: Sequence[ConsumerRecord]) -> set[str]:
        """The elements it suspects."""
        signals = (json.loads(record.value) for record in records if record.value)
        return {signal["element"] for signal in signals if signal["kind"] in ("suspect", "confirm")}


def _settings(trial: Trial) -> dict[str, str]:
    return {
        "FOREWARN_BOOTSTRAP": trial.cluster.bootstrap,
        "FOREWARN_TOPIC_PREFIX": trial.prefix,
        "FOREWARN_METRICS_PORT": "0",
        "FOREWARN_DATA_DIR": str(trial.folder / "data"),
        **trial.settings,
    }
