"""faust-streaming as fast as its settings and its public interface allow, still one record at a time.

What helps: Cython stream loop, uvloop, typed decode of the needed fields only, one integer as a value, raw keys, large
fetches and batches, a linger, no monitor, no web server, a rarer garbage collection. Guarantee: at-least-once by
Faust's own word, as faust_stock. Run by the bench as a process of its own.
"""

import gc
import os
from datetime import datetime
from typing import Any

import faust
import msgspec

from tests.bench.contestants import peer_jobs

#: Everything that is not Faust's default. The worker also runs with `--loop uvloop -l error`.
CONFIGURATION: dict[str, Any] = {
    "topic_replication_factor": 1,
    "cython_optimizations": True,
    "broker_max_poll_records": 10_000,
    "broker_commit_interval": 1.0,
    "broker_commit_every": 1_000_000,
    "broker_check_crcs": False,
    "consumer_max_fetch_size": 4 << 20,
    "stream_buffer_maxsize": 32_768,
    "stream_wait_empty": False,
    "stream_publish_on_commit": False,
    "producer_linger": 0.1,
    "producer_max_batch_size": 900_000,
    "producer_max_request_size": 8 << 20,
    "topic_disable_leader": True,
    "web_enabled": False,
}
GC_THRESHOLD = (100_000, 50, 50)

E = os.environ
ALLOWANCE = int(E["ALLOWANCE"])
PARTITIONS = int(E["PARTITIONS"])

app = faust.App(
    E["GROUP"], broker="kafka://" + E["BOOTSTRAP"], datadir=E["STATE_DIR"], topic_partitions=PARTITIONS, **CONFIGURATION
)
source = app.topic(E["INPUT"], key_type=bytes, value_type=bytes, value_serializer="raw")
alerts = app.topic(E["OUTPUT"], key_type=bytes, value_type=bytes, value_serializer="raw")


class Usage(msgspec.Struct, gc=False):
    """The one field of a usage record that job (a) needs."""

    amount: int


class Beat(msgspec.Struct, gc=False):
    """The fields of a heartbeat that job (b) needs."""

    element: str
    time: datetime
    parent: str
    status: str


@app.task  # type: ignore[untyped-decorator]  # faust is untyped
async def settle() -> None:
    """The monitor is added when Faust boots, so it is removed from inside."""
    if app.monitor in app.sensors:
        app.sensors.remove(app.monitor)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)


if E["JOB"] == "usage":
    totals = app.Table("totals", partitions=PARTITIONS, key_type=bytes)
    decode_usage = msgspec.json.Decoder(Usage).decode

    @app.agent(source)
    async def usage(stream: Any) -> None:
        get, put = totals.get, totals.__setitem__
        async for customer, value in stream.items():
            state, percent = peer_jobs.add_usage(get(customer, 0), decode_usage(value).amount, ALLOWANCE)
            put(customer, state)
            if percent:
                alert = {"customer": customer.decode(), "percent": percent, "used": state >> 2}
                await alerts.send(key=customer, value=msgspec.json.encode(alert))

else:
    last_seen = app.Table("last_seen", partitions=PARTITIONS, key_type=str)
    regions = app.Table("regions", partitions=PARTITIONS, key_type=bytes)
    decode_beat = msgspec.json.Decoder(Beat).decode

    @app.agent(source)
    async def liveness(stream: Any) -> None:
        async for region, value in stream.items():
            beat = decode_beat(value)
            now = int(beat.time.timestamp() * 1000)
            last_seen[beat.element] = now
            state = regions.get(region) or peer_jobs.new_region()
            regions[region], failed = peer_jobs.add_beat(state, now, int(beat.parent[-2:]), beat.status != "up")
            for index in failed:
                await alerts.send(key=region, value=msgspec.json.encode({"element": f"{beat.parent[:-2]}{index:02d}"}))


if __name__ == "__main__":
    app.main()
