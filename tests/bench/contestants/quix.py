"""Quix Streams, tuned: typed decode of the needed fields only, one integer as a value, RocksDB state with a changelog.

Guarantee: at-least-once (its default): changelog and outputs are flushed, then RocksDB is written and offsets are
committed, once a checkpoint. Run by the bench as a process of its own, in a virtual environment of its own.
"""

import gc
import os
from datetime import datetime
from typing import Any

import msgspec
from quixstreams import Application  # type: ignore[import-not-found]  # in an environment of its own
from quixstreams.state.rocksdb import RocksDBOptions  # type: ignore[import-not-found]

from tests.bench.contestants import peer_jobs

#: Everything that is not the library's default.
CONFIGURATION: dict[str, Any] = {
    "commit_interval": 1.0,
    "consumer_extra_config": {"fetch.message.max.bytes": 4 << 20, "queued.min.messages": 100_000, "check.crcs": False},
    "producer_extra_config": {
        "linger.ms": 50,
        "batch.size": 900_000,
        "batch.num.messages": 50_000,
        "queue.buffering.max.messages": 1_000_000,
    },
    "loglevel": "WARNING",
}
GC_THRESHOLD = (100_000, 50, 50)

E = os.environ
ALLOWANCE = int(E["ALLOWANCE"])


class Usage(msgspec.Struct, gc=False):
    """The one field of a usage record that job (a) needs."""

    amount: int


class Beat(msgspec.Struct, gc=False):
    """The fields of a heartbeat that job (b) needs."""

    element: str
    time: datetime
    parent: str
    status: str


decode_usage = msgspec.json.Decoder(Usage).decode
decode_beat = msgspec.json.Decoder(Beat).decode


def usage(value: bytes, key: bytes, _timestamp: int, _headers: object, state: Any) -> dict[str, Any] | None:
    """Adds a record to its customer's total; an alert, or None."""
    total, percent = peer_jobs.add_usage(state.get("t", 0), decode_usage(value).amount, ALLOWANCE)
    state.set("t", total)
    return {"customer": key.decode(), "percent": percent, "used": total >> 2} if percent else None


def liveness(value: bytes, _key: bytes, _timestamp: int, _headers: object, state: Any) -> list[dict[str, str]]:
    """Notes a device's last beat and counts it in its region's window; the failed elements, mostly none."""
    beat = decode_beat(value)
    now = int(beat.time.timestamp() * 1000)
    state.set(beat.element, now)
    region = state.get("r") or peer_jobs.new_region()
    region, failed = peer_jobs.add_beat(region, now, int(beat.parent[-2:]), beat.status != "up")
    state.set("r", region)
    return [{"element": f"{beat.parent[:-2]}{index:02d}"} for index in failed]


app = Application(
    broker_address=E["BOOTSTRAP"],
    consumer_group=E["GROUP"],
    auto_offset_reset="earliest",
    state_dir=E["STATE_DIR"],
    rocksdb_options=RocksDBOptions(dumps=msgspec.json.encode, loads=msgspec.json.decode),
    **CONFIGURATION,
)
frame = app.dataframe(app.topic(E["INPUT"], key_deserializer="bytes", value_deserializer="bytes"))
if E["JOB"] == "usage":
    frame = frame.apply(usage, stateful=True, metadata=True)
    frame = frame.filter(lambda alert: alert is not None)
else:
    frame = frame.apply(liveness, stateful=True, metadata=True, expand=True)
frame.to_topic(app.topic(E["OUTPUT"], key_serializer="bytes", value_serializer="json"))

if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    app.run()
