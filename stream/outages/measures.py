"""How an outage was handled, as numbers: the delays that detection.md sets targets for, and the time to restore. Pure.

    started ──> detected ──> confirmed ──> noticed ──────────> restored
       └ suspect ┘   │           │            │                    │
       └──── confirm ────────────┘            │                    │
       └──────────────── notice ──────────────┘                    │
       └────────────────────────── restore (its mean is the MTTR) ─┘

Delays count from the onset, the first beat that was missed: what a silent device is given as patience is part of them.
Invariant: a measure is told once it is known, and once restored for good, not before.
"""

from __future__ import annotations

from forewarn.stream.outages.case import Case
from forewarn.stream.outages.etr import instant
from forewarn.topics.events.outages import Measures


def measures(case: Case) -> Measures | None:
    """The measures that are known of an outage, in seconds; None while there are none."""
    over = case.state in ("restored", "closed") and case.confirmed is not None
    found = Measures(
        time_to_suspect_s=_since(case.started, case.detected),
        time_to_confirm_s=_since(case.started, case.confirmed),
        time_to_notice_s=_since(case.started, case.noticed),
        time_to_restore_s=_since(case.started, case.restored) if over else None,
        etr_error_s=_etr_error(case) if over else None,
    )
    return found if found != Measures() else None


def _since(started: int, at: int | None) -> float | None:
    return None if at is None else max(0.0, (at - started) / 1000)


def _etr_error(case: Case) -> float | None:
    """How much later than the last estimate said (its median) service was back; negative: earlier."""
    if case.etr is None or case.restored is None:
        return None
    return (case.restored - instant(case.etr.likely)) / 1000
