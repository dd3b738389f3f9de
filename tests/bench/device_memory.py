"""What a device costs in memory, in detect: `python -m tests.bench.device_memory --devices 500000`.

    beats of job (b) ──> fold, install ──> resident memory ── what it was before ──> bytes a device, learned
    its table ──> changelog ──> Restorer ──> fold ──> beats read again ────────────> bytes a device, restored

Each of the two is a process of its own, so that nothing but the state is counted: memory that the one freed cannot hide
what the other needs. Below the sum stand the parts that can be counted object by object; the rest is what the
allocators keep, and all that is not a device's.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct, msgpack

from forewarn.stream.engine.core import Core
from forewarn.stream.engine.restorer import Restorer
from forewarn.stream.engine.role import Layout
from forewarn.stream.policy import Policy
from forewarn.stream.roles.detect import DetectFold
from forewarn.stream.roles.registry import role_of
from forewarn.topics import codecs
from tests.bench.heartbeat_input import DEVICES, ELEMENTS, HeartbeatInput

TOPIC = "network.heartbeats"
UNIT = 5_000
#: Rows of the changelog that are read at a time.
BATCH = 2_000
#: What CPython's allocator rounds small objects up to.
GRAIN = 16


class Wire(Struct, frozen=True, gc=False):
    """A record as the engine hands it to a fold, and to the restorer."""

    key: bytes
    value: bytes | None
    timestamp: int = 0
    offset: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


class Parts(Struct, frozen=True):
    """Bytes a device, by what holds them."""

    together: float
    of: dict[str, float]


def main() -> None:
    """Prints both."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.device_memory", description=__doc__)
    parser.add_argument("--devices", type=int, default=500_000, help="in one partition; rounded to whole regions")
    regions = max(1, parser.parse_args().devices // (ELEMENTS * DEVICES))
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        for name, measure in (("learned", learned), ("restored", restored)):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                parts = alone.submit(measure, regions, rows).result()
            print(f"{name:<10} {parts.together:6.1f} bytes a device ({regions * ELEMENTS * DEVICES:,} devices)")
            for part, size in parts.of.items():
                print(f"  {part:<24} {size:6.1f}")


def learned(regions: int, rows: Path) -> Parts:
    """Two rounds of beats of devices that nobody announced; leaves the table's rows in a file."""
    core, before = opened({}), _resident()
    beat(core, regions)
    parts = _parts(core, before)
    with rows.open("wb") as file:
        for key, value in core.table.items():
            packed = msgpack.encode((key, value))
            file.write(len(packed).to_bytes(4, "big") + packed)
    return parts


def restored(regions: int, rows: Path) -> Parts:
    """The same after a restart: from the rows, and a round of beats read again."""
    before = _resident()
    return _parts(restarted(_rows(rows), regions), before)


def beat(core: Core, regions: int) -> None:
    """Folds two rounds of beats."""
    for records in _records(regions, rounds=2):
        unit = core.begin(records[-1].timestamp)
        core.take(unit, TOPIC, records)
        core.seal(unit)
        core.install(unit)


def restarted(rows: Iterable[tuple[bytes, bytes]], regions: int) -> Core:
    """A core restored from the rows of a changelog, which has read a round of beats again."""
    restorer, left = Restorer(), iter(rows)
    while batch := [Wire(*row) for row in islice(left, BATCH)]:
        restorer.feed(batch)
    core = opened(restorer.table)
    for records in _records(regions, rounds=1):
        core.hear(TOPIC, records)
    return core


def opened(table: dict[bytes, bytes]) -> Core:
    """Detect's one partition, on this table."""
    core = Core(role_of("detect", Policy()).open(0, Layout(region=1, customer=1)), codecs.by_topic(), 0)
    core.table = table
    core.restore(0)
    return core


def _records(regions: int, *, rounds: int) -> Iterator[list[Wire]]:
    taken = islice(HeartbeatInput(regions).keyed(1), rounds * regions * ELEMENTS * DEVICES)
    while chunk := [Wire(key, value, at or 0) for _, key, value, at in islice(taken, UNIT)]:
        yield chunk


def _rows(file: Path) -> Iterator[tuple[bytes, bytes]]:
    with file.open("rb") as rows:
        while head := rows.read(4):
            yield msgpack.decode(rows.read(int.from_bytes(head)), type=tuple[bytes, bytes])


def _resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _parts(core: Core, before: int) -> Parts:
    together = _resident() - before
    fold = core.fold
    assert isinstance(fold, DetectFold)
    devices = fold.roster.devices
    own = list(devices.values())
    of = {
        "names": _sizes(devices),
        "device objects": _sizes(own),
        "last beats": _sizes(device.seen for device in own),
        "index of devices": sys.getsizeof(devices),
        "table: keys": _sizes(core.table),
        "table: values": _sizes(core.table.values()),
        "table: index": sys.getsizeof(core.table),
    }
    of["rest"] = together - sum(of.values())
    return Parts(together / len(own), {name: size / len(own) for name, size in of.items()})


def _sizes(objects: Iterable[object]) -> int:
    """Of each object once."""
    once = {id(one): sys.getsizeof(one) for one in objects}
    return sum(-(-size // GRAIN) * GRAIN for size in once.values())


if __name__ == "__main__":
    main()
