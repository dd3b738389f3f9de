"""faust-streaming as shipped: an agent, a table with its changelog, one record at a time, default settings.

Guarantee: at-least-once by Faust's own word; what it can lose is listed in docs/performance.md.
Run by the bench as a process of its own; topics and group come by the environment.
"""

import os
from datetime import datetime
from typing import Any

import faust

from tests.bench.contestants import peer_jobs

#: Everything that is not Faust's default, and why it must be set.
CONFIGURATION: dict[str, Any] = {
    "topic_replication_factor": 1,  # one broker
    "web_port": 16066,  # the default may be taken
}

E = os.environ
ALLOWANCE = int(E["ALLOWANCE"])
PARTITIONS = int(E["PARTITIONS"])

app = faust.App(
    E["GROUP"], broker="kafka://" + E["BOOTSTRAP"], datadir=E["STATE_DIR"], topic_partitions=PARTITIONS, **CONFIGURATION
)
source = app.topic(E["INPUT"], key_type=str)
alerts = app.topic(E["OUTPUT"], key_type=str)

if E["JOB"] == "usage":
    totals = app.Table("totals", default=int, partitions=PARTITIONS)

    @app.agent(source)
    async def usage(stream: Any) -> None:
        async for customer, record in stream.items():
            totals[customer], percent = peer_jobs.add_usage(totals[customer], record["amount"], ALLOWANCE)
            if percent:
                alert = {"customer": customer, "percent": percent, "used": totals[customer] >> 2}
                await alerts.send(key=customer, value=alert)

else:
    last_seen = app.Table("last_seen", default=int, partitions=PARTITIONS)
    regions = app.Table("regions", default=peer_jobs.new_region, partitions=PARTITIONS)

    @app.agent(source)
    async def liveness(stream: Any) -> None:
        async for region, beat in stream.items():
            now = int(datetime.fromisoformat(beat["time"]).timestamp() * 1000)
            last_seen[beat["element"]] = now
            parent = beat["parent"]
            regions[region], failed = peer_jobs.add_beat(regions[region], now, int(parent[-2:]), beat["status"] != "up")
            for index in failed:
                await alerts.send(key=region, value={"element": f"{parent[:-2]}{index:02d}"})


if __name__ == "__main__":
    app.main()
