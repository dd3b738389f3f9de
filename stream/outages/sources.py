"""Which suspicions of detect are independent of each other, and which of them keep an outage open. Pure.

    liveness, sparse, alarm ──> one suspicion on a device or what holds it ── keeps an outage open
    kpi, degradation, flapping ──> suspicions of their own beside it ──────── support it, confirm it at most together

Invariant: a candidate's name says what it is about, whose it is, and how much it counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from forewarn.stream.outages.case import Case

#: Detectors that suspect a node beside, and independently of, the suspicion of its devices.
OWN = frozenset({"kpi", "degradation", "flapping", "replies"})
#: Detectors whose word alone keeps an outage open; the others' only supports it.
STRONG = frozenset({"device", "replies"})

Family = Literal["device", "kpi", "degradation", "flapping", "replies"]


def candidate(partition: int, detector: str, name: str) -> str:
    """The name of a suspicion of one region partition on a node: two partitions may both suspect what they share."""
    return f"{partition}:{detector}/{name}" if detector in OWN else f"{partition}:{name}"


def family(name: str) -> Family:
    """The detectors that a candidate comes from: those of devices are not independent of each other."""
    match name.partition(":")[2].split("/", 1)[0]:
        case "kpi":
            return "kpi"
        case "degradation":
            return "degradation"
        case "flapping":
            return "flapping"
        case "replies":
            return "replies"
        case _:
            return "device"


def strong(candidates: Iterable[str]) -> bool:
    """Whether one of the candidates keeps an outage open by itself."""
    return any(family(name) in STRONG for name in candidates)


def independent(case: Case, window: int) -> bool:
    """Whether two independent sources agree: the devices' own silence, and what the KPIs say (detection.md A, B).

    They speak of one thing when they began within `window` (ms) of each other.
    """
    return any(
        family(name) == "kpi" and began_with(case, case.onsets.get(name, case.started), window)
        for name in case.candidates
    )


def began_with(case: Case, onset: int, window: int) -> bool:
    """Whether a suspicion of the outage's devices began within `window` (ms) of `onset` (epoch ms)."""
    return any(
        family(name) == "device" and abs(case.onsets.get(name, case.started) - onset) <= window
        for name in case.candidates
    )


def leads(case: Case) -> bool:
    """Whether an outage is more than what KPIs, degradation or flapping suspect."""
    return strong(case.candidates) or case.confirmed is not None or case.declared
