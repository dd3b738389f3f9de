"""The truth of a simulated world, as JSON lines: what was broken, when, for whom, and what must stay silent.

| `kind` | what it says |
|---|---|
| `world` | seed, sizes, start, end, the regions and their devices |
| `outage` | a real one: element, cause, times, the silent devices, the serving elements among them, their customers |
| `silent` | `reason` blip, flapping, noise, collector_loss, clock_skew: no customer may hear of an outage from it |
| `planned` | announced work: its customers hear of maintenance, not of an outage; `overrun_s`: how late it ended |
| `usage` | a threshold reached: customer, bucket, percent, the cycle, the record that did it |

The first four are written before the first record of the world, `usage` as it happens. Only `forewarn score` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import orjson

from forewarn.stream.simulate.campaigns import affected
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.incidents import Incident, Plan
from forewarn.stream.simulate.meter import Crossing
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import Size
from forewarn.topics.instants import to_rfc3339

Served = Mapping[str, tuple[Customer, ...]]


def planned(
    seed: int, size: Size, network: Network, plan: Plan, served: Served, span: tuple[int, int]
) -> Iterator[bytes]:
    """The lines that are known before anything happens; `span` is start and end in epoch ms."""
    yield _line(
        {
            "kind": "world",
            "seed": seed,
            "start": to_rfc3339(span[0]),
            "end": to_rfc3339(span[1]),
            "interval_s": size.interval_s,
            "customers": size.customers,
            "regions": {
                region: sum(element.beats for element in network.in_region(region)) for region in network.regions
            },
        }
    )
    for incident in plan.incidents:
        yield _line(_incident(network, incident, served))
    for loss in plan.losses:
        yield _line(
            {
                "kind": "silent",
                "reason": "collector_loss",
                "id": loss.id,
                "collector": loss.collector,
                "start": to_rfc3339(loss.start),
                "end": to_rfc3339(loss.end),
                "sent_afterwards": loss.kept,
            }
        )
    for element, skew in plan.skews.items():
        yield _line({"kind": "silent", "reason": "clock_skew", "element": element, "ahead_s": skew / 1000})


def reached(crossings: Iterable[Crossing]) -> Iterator[bytes]:
    """The lines of thresholds that were reached."""
    for crossing in crossings:
        yield _line(
            {
                "kind": "usage",
                "customer": crossing.customer,
                "bucket": crossing.bucket,
                "percent": crossing.percent,
                "time": to_rfc3339(crossing.time),
                "record_id": crossing.record_id,
                "cycle_start": to_rfc3339(crossing.cycle_start),
                "notify": crossing.told,
            }
        )


def _incident(network: Network, incident: Incident, served: Served) -> dict[str, object]:
    head: dict[str, object] = {
        "id": incident.id,
        "region": incident.region,
        "element": incident.element,
        "start": to_rfc3339(incident.start),
        "end": to_rfc3339(incident.end),
        "devices": incident.silent,
    }
    if incident.kind == "maintenance":
        customers = affected(incident, served)
        return {"kind": "planned", **head, "overrun_s": incident.overrun / 1000, "customers": customers}
    if not incident.facing:
        return {"kind": "silent", "reason": incident.kind, **head}
    return {
        "kind": "outage",
        "what": incident.kind,
        "cause": incident.cause,
        **head,
        "share": round(network.share(incident.element, len(incident.silent)), 3),
        "share_of_region": round(len(incident.silent) / _beating(network, incident.region), 3),
        "serving": [element for element in incident.silent if network.by_id[element].serves],
        "customers": affected(incident, served),
    }


def _beating(network: Network, region: str) -> int:
    return sum(element.beats for element in network.in_region(region))


def _line(value: dict[str, object]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
