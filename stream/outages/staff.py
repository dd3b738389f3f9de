"""What staff may do to an outage (`network.field`, the console). Pure: `step(case, action) -> case`.

    declare, confirm ──> confirmed, from any state but closed and merged
    dismiss ──> dismissed      resolve ──> restored at its time, without hysteresis      merge ──> merged
    etr, cause, comment, mute, text, approve ──> a revision of the same state

Invariant: an action's id is remembered, so that a repeated action changes nothing; a cause that staff gave stays.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import OPEN, OVER, Case
from forewarn.stream.outages.transitions import confirmed, merged
from forewarn.topics.events.network import FieldActionName
from forewarn.topics.events.outages import Etr

#: Actions remembered per outage.
REMEMBERED = 50
#: States that a `declare` or `confirm` makes an outage of.
OPENED = frozenset({"suspected", "unknown", "planned", "flapping", "monitoring", "restored", "dismissed"})


class Acted(Struct, frozen=True, gc=False):
    """Staff acted, at `time` (epoch ms). `etr` is ready to be shown."""

    id: str
    time: int
    author: str
    action: FieldActionName
    etr: Etr | None = None
    cause: str | None = None
    into: str | None = None
    text: str | None = None


def step(case: Case, what: Acted) -> Case:
    """Folds one action."""
    if what.id in case.actions:
        return case
    return _done(
        replace(
            case,
            actions=(*case.actions, what.id)[-REMEMBERED:],
            author=what.author,
            comment=what.text if what.action != "text" and what.text is not None else case.comment,
            cause=what.cause or case.cause,
            cause_given=case.cause_given or what.cause is not None,
            etr=what.etr or case.etr,
        ),
        what,
    )


def _done(case: Case, what: Acted) -> Case:
    match what.action:
        case "declare" | "confirm":
            return _opened(case, what.time)
        case "dismiss":
            return replace(case, state="dismissed", since=what.time) if case.state in OPEN else case
        case "resolve":
            ends = case.state in OPEN
            return replace(case, state="restored", since=what.time, restored=what.time) if ends else case
        case "merge":
            return merged(case, what.into, what.time) if what.into and case.state not in OVER else case
        case "mute":
            return replace(case, muted=True)
        case "text":
            return replace(case, text=what.text)
        case "approve":
            return replace(case, hold=False, approved=True)
        case "etr" | "cause" | "comment" | "filed":
            return case


def _opened(case: Case, time: int) -> Case:
    if case.state not in OPENED:
        return case
    again = case.state == "restored" and case.confirmed is not None
    return confirmed(replace(case, reopened=case.reopened + again), time)
