"""Demand: a drop that most regions have in common, while their devices are up, is a holiday and no outage. Pure.

    sessions   north ▁  south ▁  east ▁  west ▁  coast ▁  isles █      5 of 6 have dropped: 83 % > 80 %, 6 >= 5: demand
    devices    all up                                        inland: devices down, no part of the count

Source: detection.md B. Invariant: it ends suspicions of the volumes alone, never one that devices or staff raised.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import Case
from forewarn.stream.outages.kpi_policy import KpiPolicy
from forewarn.stream.outages.sources import family
from forewarn.topics.events.outages import Evidence


class Standing(Struct, frozen=True, array_like=True, gc=False):
    """How one region stands: its volumes have a baseline, most of them have dropped, it has lost devices."""

    judged: bool = False
    dropped: bool = False
    lost: bool = False


class Share(Struct, frozen=True, gc=False):
    """So many regions have dropped, of those that could have."""

    dropped: int
    judged: int


class Demand(Struct, frozen=True, gc=False):
    """Demand explains what the volumes of an outage's region say. `time` is epoch ms of event time."""

    share: Share
    threshold: float
    time: int


def shared(policy: KpiPolicy, standings: Iterable[Standing]) -> Share | None:
    """The share of the regions that have dropped, when that is demand; None when it is not."""
    part = [standing for standing in standings if standing.judged and not standing.lost]
    share = Share(sum(standing.dropped for standing in part), len(part))
    demand = share.judged >= policy.demand_regions and share.dropped > policy.demand_share * share.judged
    return share if demand else None


def step(case: Case, what: Demand) -> Case:
    """Dismisses a suspicion that volumes alone raised; the same object when there is more to it."""
    volumes = bool(case.candidates) and all(family(name) == "kpi" for name in case.candidates)
    if case.state != "suspected" or case.confirmed is not None or case.declared or not volumes:
        return case
    dropped, judged = what.share.dropped, what.share.judged
    return replace(
        case,
        state="dismissed",
        since=what.time,
        evidence=(*case.evidence, Evidence("kpi", dropped / judged, what.threshold, 0.0)),
        comment=case.comment or f"demand: {dropped} of {judged} regions have dropped alike, their devices are up",
    )
