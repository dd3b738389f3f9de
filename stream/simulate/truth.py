"""The truth of a simulated world, as JSON lines: what was broken, when, for whom, and what must stay silent.

| `kind` | what it says |
|---|---|
| `world` | seed, sizes, start, end, the regions and their devices, the scenario's name if it is one |
| `outage` | a real one: element, cause, times, the silent devices, the serving elements among them, their customers |
| `silent` | no customer may hear of an outage from it; `reason` is blip, flapping, noise, collector_loss, clock_skew, |
|          | late_beats, replayed_beats, demand, false_alarm |
| `degraded` | figures creep below `element`, nothing falls silent: suspected at most, no customer hears of an outage |
| `planned` | announced work: its customers hear of maintenance, not of an outage; `overrun_s`: how late it ended |
| `still_out` | `incident` is over, but these `devices` beat without service until `end`: `customers` say so |
| `bill` | a bill: its amount, what is usual for the customer, and whether it is a shock |
| `usage` | a threshold reached: customer, bucket, percent, the cycle, the record that did it |
| `exhausted` | an allowance used up for the first time in a cycle: what a forecast is measured by |

An `outage` also says: `share` of the beating devices below the element, `share_of_region` of those of its region (with
`shares`: of every region it reaches), `duration_s`, how often its devices beat (`interval_s`), `alike`: other
elements, or regions, that name the same devices as well as `element` does, `group`: outages of one cause
share it, `later`: devices that fall silent only later, and when, `batteries` that ran empty, and the `alarms` of the
flood, if any. `end` is when it was mended: the truth of
an ETR. A `planned` one says what became of it: `outcome` completed, overrun, moved (`moved_from`) or cancelled.

All but the last two are written before the first record of the world, those as they happen. Only `forewarn score`
reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson

from forewarn.stream.simulate.bills import Bill
from forewarn.stream.simulate.campaigns import affected
from forewarn.stream.simulate.customers import Customer
from forewarn.stream.simulate.incidents import Incident, Plan
from forewarn.stream.simulate.meter import Crossing
from forewarn.stream.simulate.network import Network
from forewarn.stream.simulate.size import Size
from forewarn.topics.instants import to_rfc3339

Served = Mapping[str, tuple[Customer, ...]]
#: Two elements name the same devices when this part of all that either has below it is silent below both.
ALIKE = 0.8
#: What falls silent so long after the beginning is listed with its own time.
LATER_MS = 120_000


def planned(
    seed: int,
    size: Size,
    network: Network,
    plan: Plan,
    served: Served,
    span: tuple[int, int],
    bills: Sequence[Bill] = (),
    scenario: str | None = None,
) -> Iterator[bytes]:
    """The lines that are known before anything happens; `span` is start and end in epoch ms."""
    world = {
        "kind": "world",
        "seed": seed,
        "start": to_rfc3339(span[0]),
        "end": to_rfc3339(span[1]),
        "interval_s": size.interval_s,
        "customers": size.customers,
        "regions": {region: _beating(network, region) for region in network.regions},
    }
    yield _line(world if scenario is None else world | {"scenario": scenario})
    for incident in plan.incidents:
        yield _line(_incident(network, size, incident, served))
    for found in (_collectors(plan), _figures(network, plan), _lingering(plan, served)):
        for one in found:
            yield _line(one)
    for element, skew in plan.skews.items():
        yield _line({"kind": "silent", "reason": "clock_skew", "element": element, "ahead_s": skew / 1000})
    yield from _bills(bills)


def reached(crossings: Iterable[Crossing]) -> Iterator[bytes]:
    """The lines of thresholds that were reached."""
    for crossing in crossings:
        head = {
            "customer": crossing.customer,
            "bucket": crossing.bucket,
            "time": to_rfc3339(crossing.time),
            "record_id": crossing.record_id,
            "cycle_start": to_rfc3339(crossing.cycle_start),
        }
        if crossing.percent:
            told = {"percent": crossing.percent, "notify": crossing.told}
            yield _line({"kind": "usage", **head, **told})
        if crossing.exhausted:
            yield _line({"kind": "exhausted", **head, "cycle_end": to_rfc3339(crossing.cycle_end)})


def _bills(bills: Iterable[Bill]) -> Iterator[bytes]:
    for bill in bills:
        if bill.usual is not None:
            head: dict[str, object] = {"kind": "bill", "customer": bill.customer, "bill_id": bill.bill_id}
            sums: dict[str, object] = {"amount": bill.amount / 100, "usual": bill.usual / 100, "shock": bill.shock}
            yield _line({**head, "time": to_rfc3339(bill.at), **sums})


def _span(start: int, end: int) -> dict[str, object]:
    return {"start": to_rfc3339(start), "end": to_rfc3339(end)}


def _collectors(plan: Plan) -> Iterator[dict[str, object]]:
    """What collectors do to beats."""

    def head(reason: str, identity: str, collector: str, start: int, end: int) -> dict[str, object]:
        what = {"kind": "silent", "reason": reason, "id": identity, "collector": collector}
        return what | _span(start, end)

    for loss in plan.losses:
        said = head("collector_loss", loss.id, loss.collector, loss.start, loss.end)
        yield said | {"sent_afterwards": loss.kept}
    for delay in plan.delays:
        said = head("late_beats", delay.id, delay.collector, delay.start, delay.end)
        yield said | {"late_s": delay.late / 1000}
    for repeat in plan.repeats:
        said = head("replayed_beats", repeat.id, repeat.collector, repeat.start, repeat.end)
        yield said | {"at": to_rfc3339(repeat.at)}


def _figures(network: Network, plan: Plan) -> Iterator[dict[str, object]]:
    """What performance figures and alarms say without an outage."""
    for demand in plan.demands:
        what = {"kind": "silent", "reason": "demand", "id": demand.id, "regions": network.regions, "left": demand.left}
        yield what | _span(demand.start, demand.end)
    for one in plan.phantoms:
        head = {"kind": "silent", "reason": "false_alarm", "id": one.id, "region": one.region, "element": one.element}
        yield head | _span(one.start, one.end)
    for worse in plan.degradations:
        head = {"kind": "degraded", "id": worse.id, "region": worse.region, "element": worse.element}
        full = {"full": to_rfc3339(worse.full), "loss_ratio": worse.loss, "session_failures": worse.failures}
        yield head | _span(worse.start, worse.end) | full


def _lingering(plan: Plan, served: Served) -> Iterator[dict[str, object]]:
    for one in plan.lingering:
        head = {"kind": "still_out", "id": one.id, "incident": one.incident, "region": one.region}
        who = {"element": one.element, "devices": one.devices, "customers": _customers(one.devices, served)}
        yield head | _span(one.start, one.end) | who


def _customers(elements: Iterable[str], served: Served) -> tuple[str, ...]:
    return tuple(sorted({c.customer for element in elements for c in served.get(element, ())}))


def _incident(network: Network, size: Size, incident: Incident, served: Served) -> dict[str, object]:
    head: dict[str, object] = {
        "id": incident.id,
        "region": incident.region,
        "element": incident.element,
        "start": to_rfc3339(incident.start),
        "end": to_rfc3339(incident.end),
        "devices": incident.silent,
    }
    if incident.kind == "maintenance":
        return {"kind": "planned", **head, **_work(network, incident, served)}
    if not incident.facing:
        return {"kind": "silent", "reason": incident.kind, **head}
    shares = _shares(network, incident)
    return {
        "kind": "outage",
        "what": incident.kind,
        "cause": incident.cause,
        **head,
        "share": round(min(1.0, network.share(incident.element, len(incident.silent))), 3),
        "share_of_region": shares.get(incident.region, 0.0),
        "shares": shares,
        "duration_s": (incident.end - incident.start) / 1000,
        "interval_s": size.interval_s,
        "serving": [element for element in incident.silent if network.by_id[element].serves],
        "customers": affected(incident, served),
        "alike": _alike(network, incident),
        "later": _later(incident),
        "batteries": {one.element: to_rfc3339(one.empty) for one in incident.batteries if one.empty is not None},
        **({"group": incident.group} if incident.group else {}),
        **({"alarms": incident.flood * len(incident.silent)} if incident.flood else {}),
    }


def _later(incident: Incident) -> dict[str, str]:
    """Devices that fall silent only later, and when."""
    return {d.element: to_rfc3339(d.start) for d in incident.downs if d.start - incident.start > LATER_MS}


def _work(network: Network, incident: Incident, served: Served) -> dict[str, object]:
    work = incident.work
    outcome = "overrun" if incident.overrun else "completed"
    more: dict[str, object] = {}
    if work is not None and work.first is not None:
        outcome, more = "moved", {"moved_from": [to_rfc3339(at) for at in work.first]}
    if work is not None and work.cancelled:
        outcome = "cancelled"
    customers = _customers(network.cut_off(incident.element), served)
    return {"overrun_s": incident.overrun / 1000, "customers": customers, "outcome": outcome, **more}


def _shares(network: Network, incident: Incident) -> dict[str, float]:
    """Region -> the part of its beating devices that fall silent."""
    counts: dict[str, int] = {}
    for name in incident.silent:
        region = network.by_id[name].region
        counts[region] = counts.get(region, 0) + 1
    return {region: round(count / _beating(network, region), 3) for region, count in counts.items()}


def _alike(network: Network, incident: Incident) -> list[str]:
    """Elements, power areas and regions that name (nearly) the same devices."""
    silent = set(incident.silent)
    element = network.by_id[incident.element]
    sources = [element.powered_by, network.by_id[element.powered_by].powered_by] if element.powered_by else []
    near = dict.fromkeys([*network.above(element.element), *network.cut_off(element.element)[1:]])
    found = {name: network.beating(name) for name in near if name in network.children}
    found |= {name: network.powered(name) for name in (*sources, f"{element.region}-grid") if name}
    found[element.region] = tuple(e.element for e in network.in_region(element.region))
    return [name for name, below in found.items() if _same(network, silent, below)]


def _same(network: Network, silent: set[str], below: Iterable[str]) -> bool:
    beating = {name for name in below if network.by_id[name].beats}
    return len(beating & silent) >= ALIKE * len(beating | silent) > 0


def _beating(network: Network, region: str) -> int:
    return sum(element.beats for element in network.in_region(region))


def _line(value: dict[str, object]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
