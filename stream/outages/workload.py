"""What planned work does to an outage's life. Pure: `step(case, input) -> case`. (detection.md J)

    ├──────── window ────────┤── overrun_s ──┤
    planned ─────────────────> late ─────────> confirmed (suspected, if detect was not sure)
       └── work cancelled, or moved away ────> the same, at once

Invariant: an outage that was confirmed is never made planned work again.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import Case
from forewarn.stream.outages.transitions import confirmed, suspected


class Working(Struct, frozen=True, gc=False):
    """Planned work explains it. `late`: since when (epoch ms) the work has outlasted its window, None: it has not."""

    maintenance_id: str
    time: int
    late: int | None = None


class Released(Struct, frozen=True, gc=False):
    """No planned work explains it any more. `blind`: nothing can be seen of its devices."""

    time: int
    blind: bool = False


def step(case: Case, what: Working | Released) -> Case:
    """Folds what the plans say of an outage."""
    if isinstance(what, Released):
        return _released(case, what) if case.state == "planned" else case
    if case.state == "planned" or (case.state in ("suspected", "unknown") and case.confirmed is None):
        since = case.since if case.state == "planned" else what.time
        after = replace(
            case,
            state="planned",
            since=since,
            maintenance_id=what.maintenance_id,
            overrun=what.late,
            cause=case.cause or "planned",
            sighted=None,
        )
        return case if after == case else after
    return case


def _released(case: Case, what: Released) -> Case:
    case = replace(case, maintenance_id=None, overrun=None, cause=None if case.cause == "planned" else case.cause)
    if case.held and what.blind:
        return replace(case, state="unknown", since=what.time, sighted=None)
    return confirmed(case, what.time) if case.held else suspected(case, what.time)
