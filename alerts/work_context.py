"""What a message about planned work says, and what the decision on it rested on. Pure."""

from __future__ import annotations

from forewarn.alerts.contexts import MaintenanceContext
from forewarn.alerts.works import Work
from forewarn.topics.instants import to_rfc3339


def work_context(work: Work, stage: str, now: int) -> MaintenanceContext:
    """What the templates may say at `now` (epoch ms)."""
    overrun = stage == "overrun" and work.promised
    previous = work.previous if stage == "moved" else None
    return MaintenanceContext(
        start=work.start,
        end=work.promised if overrun else work.end,
        place=work.region or "",
        reason=work.reason,
        previous_start=previous[0] if previous is not None else None,
        previous_end=previous[1] if previous is not None else None,
        expected=work.end if overrun and work.end > now else None,
        ended=work.ended if stage == "completed" else None,
    )


def work_evidence(work: Work) -> dict[str, object]:
    """What the decision rested on."""
    window = {"start": to_rfc3339(work.start), "end": to_rfc3339(work.end)}
    return {"work_revision": work.revision, "status": work.status, **window}
