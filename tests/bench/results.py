"""The results of one run of the bench, as its JSON holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field, structs

from tests.bench.fan_out import FanOut
from tests.bench.growth import Growth
from tests.bench.latency import Latency
from tests.bench.measure import Run
from tests.bench.recovery import Recovery
from tests.bench.state_size import Kind

#: What a run finds in one piece, job by job.
JOBS = ("fan_out", "latency", "recovery", "growth")


class Contestants(Struct, frozen=True):
    """What a contestant promises and how it was configured."""

    guarantee: str
    configuration: dict[str, Any]


class Results(Struct):
    """Everything measured, with the machine it was measured on.

    Throughput runs by job and deliveries by channel, in the order they were made.
    """

    when: str
    size: str
    machine: dict[str, str]
    contestants: dict[str, Contestants]
    throughput: dict[str, list[Run]] = field(default_factory=dict)
    delivery: dict[str, list[Run]] = field(default_factory=dict)
    fan_out: list[FanOut] = field(default_factory=list)
    latency: list[Latency] = field(default_factory=list)
    recovery: list[Recovery] = field(default_factory=list)
    growth: list[Growth] = field(default_factory=list)
    state: dict[str, dict[str, Kind]] = field(default_factory=dict)
    state_records: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def save(results: Results, path: Path) -> None:
    """Writes the results as indented JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")


def differences(known: Results, machine: dict[str, str]) -> list[str]:
    """What is another on this machine than on that of known results: their figures do not belong on one page."""
    return sorted(name for name, value in machine.items() if known.machine.get(name, value) != value)


def add(known: Results, found: Results) -> Results:
    """What was known, with what was found put in the place of the same jobs."""
    newer: dict[str, Any] = {name: value for name in JOBS if (value := getattr(found, name))}
    for name in ("throughput", "delivery", "state", "state_records"):
        newer[name] = getattr(known, name) | getattr(found, name)
    newer["failures"] = known.failures + found.failures
    return structs.replace(known, **newer, contestants=known.contestants | found.contestants)


def load(path: Path) -> Results:
    """Reads what `save` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Results)
