"""The life of one outage, from suspicion to its end. Pure: `step(policy, case, input) -> case`.

    suspected ──confirm──> confirmed ──clear──> monitoring ──hysteresis──> restored ──reopen_s──> closed
        │  └─blind──> unknown ─┘  ^ └────relapse────┘                          │
        └──clear──> dismissed     └──confirm── suspected <──────relapse────────┘

Inside planned work it is `planned` from the suspicion on. Staff may confirm, dismiss, resolve and merge it at any time.
Invariant: an input that says nothing new gives back the same object; what is over stays over, unless staff say so.
Source: detection.md, "Lifecycle".
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import OPEN, OVER, Case
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.events.network import FieldActionName
from forewarn.topics.events.outages import Etr, Evidence

#: Actions remembered per outage, so that a repeated one changes nothing.
REMEMBERED = 50
#: Evidence kept per outage.
EVIDENCE = 20


class Suspected(Struct, frozen=True, gc=False):
    """Detect suspects it. Times in all inputs are epoch ms of event time."""

    candidate: str
    time: int
    evidence: Evidence
    collectors: tuple[str, ...] = ()
    maintenance_id: str | None = None


class Confirmed(Struct, frozen=True, gc=False):
    """Detect confirms it. `blind`: every collector of its devices is silent. `independent`: a second source agrees."""

    candidate: str
    time: int
    blind: bool = False
    independent: bool = False


class Cleared(Struct, frozen=True, gc=False):
    """Detect sees it over."""

    candidate: str
    time: int


class Absorbed(Struct, frozen=True, gc=False):
    """A larger outage explains it."""

    into: str
    time: int


class Elapsed(Struct, frozen=True, gc=False):
    """Detect's clock has come to `time`."""

    time: int
    blind: bool = False


class Acted(Struct, frozen=True, gc=False):
    """Staff acted. `etr` is ready to be shown."""

    id: str
    time: int
    author: str
    action: FieldActionName
    etr: Etr | None = None
    cause: str | None = None
    into: str | None = None
    text: str | None = None


Input = Suspected | Confirmed | Cleared | Absorbed | Elapsed | Acted


def step(policy: OutagePolicy, case: Case, what: Input) -> Case:
    """Folds one input into an outage."""
    match what:
        case Suspected():
            return _suspected(case, what)
        case Confirmed():
            return _confirmed(case, what)
        case Cleared():
            return _cleared(case, what)
        case Absorbed():
            return case if case.state in OVER else _merged(case, what.into, what.time)
        case Elapsed():
            return _elapsed(policy, case, what)
        case Acted():
            return _acted(case, what)


def _suspected(case: Case, what: Suspected) -> Case:
    if what.candidate in case.candidates:
        return case
    by_staff = case.state in OVER and (case.author is not None or case.state != "dismissed")
    case = replace(
        case,
        candidates=(*case.candidates, what.candidate),
        collectors=tuple(sorted({*case.collectors, *what.collectors})),
        evidence=case.evidence if by_staff else (*case.evidence, what.evidence)[-EVIDENCE:],
    )
    if case.state == "monitoring":
        return replace(case, state="confirmed", since=what.time, restored=None)
    if case.state in ("restored", "dismissed") and not by_staff:
        return replace(case, state="suspected", since=what.time, restored=None)
    return case


def _confirmed(case: Case, what: Confirmed) -> Case:
    if what.candidate not in case.candidates or case.state not in ("suspected", "unknown"):
        return case
    if what.blind and not what.independent:
        return case if case.state == "unknown" else replace(case, state="unknown", since=what.time, sighted=None)
    return _open(case, what.time)


def _open(case: Case, time: int) -> Case:
    confirmed = case.confirmed if case.confirmed is not None else time
    return replace(case, state="confirmed", since=time, confirmed=confirmed, restored=None)


def _cleared(case: Case, what: Cleared) -> Case:
    if what.candidate not in case.candidates:
        return case
    left = tuple(name for name in case.candidates if name != what.candidate)
    case = replace(case, candidates=left)
    if left:
        return case
    if case.state == "planned":
        return replace(case, state="closed", since=what.time, restored=what.time)
    if case.state == "confirmed" or (case.state in ("suspected", "unknown") and case.confirmed is not None):
        return replace(case, state="monitoring", since=what.time, restored=what.time)
    if case.state in ("suspected", "unknown"):
        return replace(case, state="dismissed", since=what.time)
    return case


def _elapsed(policy: OutagePolicy, case: Case, what: Elapsed) -> Case:
    age = what.time - case.since
    if case.state == "monitoring" and age >= policy.hysteresis_s * 1000:
        return replace(case, state="restored", since=what.time)
    if case.state == "restored" and age >= policy.reopen_s * 1000:
        return replace(case, state="closed", since=what.time)
    if case.state != "unknown":
        return case
    if what.blind or case.sighted is None:
        sighted = None if what.blind else what.time
        return case if sighted == case.sighted else replace(case, sighted=sighted)
    return _open(case, what.time) if what.time - case.sighted >= policy.blind_exit_s * 1000 else case


def _acted(case: Case, what: Acted) -> Case:
    if what.id in case.actions:
        return case
    comment = what.text if what.action != "text" and what.text is not None else case.comment
    case = replace(
        case,
        actions=(*case.actions, what.id)[-REMEMBERED:],
        author=what.author,
        comment=comment,
        cause=what.cause or case.cause,
    )
    match what.action:
        case "declare" | "confirm":
            opens = case.state in ("suspected", "unknown", "planned", "dismissed")
            return _open(case, what.time) if opens else case
        case "dismiss":
            return replace(case, state="dismissed", since=what.time) if case.state in OPEN else case
        case "resolve":
            ends = case.state in OPEN
            return replace(case, state="restored", since=what.time, restored=what.time) if ends else case
        case "merge":
            return _merged(case, what.into, what.time) if what.into and case.state not in OVER else case
        case "etr":
            return replace(case, etr=what.etr or case.etr)
        case "mute":
            return replace(case, muted=True)
        case "text":
            return replace(case, text=what.text)
        case "approve":
            return replace(case, hold=False)
        case "cause" | "comment":
            return case


def _merged(case: Case, into: str, time: int) -> Case:
    return replace(case, state="merged", since=time, merged_into=into, candidates=())
