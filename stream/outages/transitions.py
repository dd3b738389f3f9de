"""The changes of state that several inputs share. Pure. Times are epoch ms of event time."""

from __future__ import annotations

from msgspec.structs import replace

from forewarn.stream.outages.case import Case
from forewarn.stream.outages.sources import family, independent
from forewarn.topics.events.outages import Evidence

#: Evidence kept per outage.
EVIDENCE = 20


def suspected(case: Case, time: int, *, flapping: bool = False) -> Case:
    """The outage as suspected, or as no more than a line that flaps."""
    return replace(case, state="flapping" if flapping else "suspected", since=time, restored=None)


def confirmed(case: Case, time: int) -> Case:
    """The outage as confirmed; it was first confirmed when it was. What is planned no longer explains it."""
    first = case.confirmed if case.confirmed is not None else time
    case = replace(case, cause=None) if case.cause == "planned" and not case.cause_given else case
    return replace(
        case,
        state="confirmed",
        since=time,
        confirmed=first,
        restored=None,
        maintenance_id=None,
        overrun=None,
        paged=False,
        blind_by=None,
    )


def merged(case: Case, into: str, time: int) -> Case:
    """The outage as a part of a larger one, whose its suspicions are now."""
    return replace(case, state="merged", since=time, merged_into=into, parent=into, candidates=())


def agreeing(case: Case, time: int, window: int, *, agreed: bool = False) -> Case:
    """Confirmed, blind or not, if an independent source that began within `window` (ms) agrees with the devices.

    What comes and goes takes its indicators along: they agree with nothing then.
    """
    if case.flapped:
        return case
    devices = any(family(name) == "device" for name in case.candidates)
    if case.state in ("suspected", "unknown") and (independent(case, window) or (agreed and devices)):
        return confirmed(replace(case, held=True), time)
    return case


def latest(case: Case, evidence: Evidence) -> tuple[Evidence, ...]:
    """The outage's evidence with one more."""
    return (*case.evidence, evidence)[-EVIDENCE:]
