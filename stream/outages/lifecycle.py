"""The life of one outage, from suspicion to its end. Pure: `step(policy, case, input) -> case`.

    suspected ──confirm──> confirmed ──clear──> monitoring ──hysteresis──> restored ──reopen_s──> closed
        │  └─blind──> unknown ─┘  ^ └────relapse────┘                          │
        ├──clear──> dismissed     └──confirm── suspected <──────relapse────────┘
        ^
    flapping ──clear──> closed

Inside planned work it is `planned` from the suspicion on, until the work ends (`workload.py`). Staff act at any time
(`staff.py`). Devices' own suspicions, and customers' replies, keep an outage open; KPIs and flapping support it, and
two independent sources that began together confirm it at once (`sources.py`); it ends with its devices, whatever KPIs
still say (`outlived.py`). A drop that all regions share is none (`demand.py`).
Invariant: an input that says nothing new gives back the same object; what is over stays over, unless staff say so.
Source: detection.md, "Lifecycle".
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages import cause, demand, mergers, staff, workload
from forewarn.stream.outages.case import OVER, Case, Sight
from forewarn.stream.outages.cause import Explained, gasped
from forewarn.stream.outages.demand import Demand
from forewarn.stream.outages.mergers import Absorbed, Adopted, Replaced
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.stream.outages.sources import STRONG, family, strong
from forewarn.stream.outages.staff import Acted
from forewarn.stream.outages.transitions import agreeing, confirmed, latest, suspected
from forewarn.stream.outages.workload import Released, Working
from forewarn.topics.events.outages import Evidence


class Suspected(Struct, frozen=True, gc=False):
    """Detect suspects it. Times in all inputs are epoch ms of event time.

    `agreed`: an independent source suspects something that this is a part of. `gasps`: of its devices, those that died
    with one. `onset`: when it began, 0: now. `flapped`: they fell and came back shortly before.
    """

    candidate: str
    time: int
    evidence: Evidence
    collectors: tuple[str, ...] = ()
    agreed: bool = False
    gasps: int = 0
    onset: int = 0
    flapped: bool = False


class Corroborated(Struct, frozen=True, gc=False):
    """An independent source suspects something that it is a part of."""

    evidence: Evidence
    time: int


class Confirmed(Struct, frozen=True, gc=False):
    """Detect confirms it. `blind`: why that is not enough. `independent`: a second source agrees."""

    candidate: str
    time: int
    blind: Sight | None = None
    independent: bool = False
    gasps: int = 0


class Cleared(Struct, frozen=True, gc=False):
    """Detect sees it over."""

    candidate: str
    time: int


class Said(Struct, frozen=True, gc=False):
    """Customers say that these elements are out."""

    elements: tuple[str, ...]
    time: int


class Elapsed(Struct, frozen=True, gc=False):
    """Detect's clock has come to `time`. `flapping`: what it is about comes and goes, so that nothing is restored."""

    time: int
    blind: Sight | None = None
    flapping: bool = False


Input = (
    Suspected
    | Corroborated
    | Confirmed
    | Cleared
    | Replaced
    | Absorbed
    | Adopted
    | Explained
    | Demand
    | Said
    | Elapsed
    | Working
    | Released
    | Acted
)


def step(policy: OutagePolicy, case: Case, what: Input) -> Case:
    """Folds one input into an outage."""
    window = int(policy.agree_s * 1000)
    match what:
        case Suspected():
            return _suspected(case, what, window)
        case Corroborated():
            return _corroborated(case, what, window)
        case Confirmed():
            return _confirmed(case, what)
        case Cleared():
            return _cleared(case, what)
        case Replaced() | Absorbed() | Adopted():
            return mergers.step(case, what, window)
        case Explained():
            return cause.step(case, what)
        case Said():
            said = tuple(sorted({*case.said, *what.elements}))
            return case if said == case.said else replace(case, said=said)
        case Elapsed():
            return _elapsed(policy, case, what)
        case Demand():
            return demand.step(case, what)
        case Working() | Released():
            return workload.step(case, what)
        case Acted():
            return staff.step(case, what)


def _suspected(case: Case, what: Suspected, window: int) -> Case:
    if what.candidate in case.candidates:
        return case
    by_staff = case.state in OVER and (case.author is not None or case.state != "dismissed")
    case = replace(
        case,
        candidates=(*case.candidates, what.candidate),
        collectors=tuple(sorted({*case.collectors, *what.collectors})),
        evidence=case.evidence if by_staff or what.evidence in case.evidence else latest(case, what.evidence),
        gasps=gasped(case.gasps, {what.candidate: what.gasps}),
        onsets={name: case.onsets[name] for name in case.candidates if name in case.onsets}
        | {what.candidate: what.onset or what.time},
    )
    kind = family(what.candidate)
    if kind == "device" and case.flapped != what.flapped:
        case = replace(case, flapped=what.flapped)
    if kind in STRONG and case.state == "monitoring":
        case = replace(case, state="confirmed", since=what.time, restored=None)
    elif kind in STRONG and case.state == "restored":
        case = suspected(replace(case, reopened=case.reopened + 1), what.time)
    elif case.state == "dismissed" and not by_staff:
        case = suspected(case, what.time, flapping=kind == "flapping")
    elif case.state == "flapping" and kind != "flapping":
        case = suspected(case, what.time)
    return agreeing(case, what.time, window, agreed=what.agreed)


def _corroborated(case: Case, what: Corroborated, window: int) -> Case:
    after = agreeing(case, what.time, window, agreed=True)
    return case if after is case else replace(after, evidence=latest(after, what.evidence))


def _confirmed(case: Case, what: Confirmed) -> Case:
    if what.candidate not in case.candidates:
        return case
    if (gasps := gasped(case.gasps, {what.candidate: what.gasps})) != case.gasps:
        case = replace(case, gasps=gasps)
    if case.state == "planned":
        return case if case.held else replace(case, held=True)
    if case.state not in ("suspected", "unknown"):
        return case
    if what.blind and not what.independent:
        if case.state == "unknown":
            return case
        return replace(case, state="unknown", since=what.time, sighted=None, blind_by=what.blind)
    return confirmed(replace(case, held=True), what.time)


def _cleared(case: Case, what: Cleared) -> Case:
    if what.candidate not in case.candidates:
        return case
    left = tuple(name for name in case.candidates if name != what.candidate)
    case = replace(case, candidates=left)
    if strong(left):
        return case
    over = family(what.candidate) in STRONG
    if case.state == "suspected" and case.confirmed is None and {family(name) for name in left} == {"flapping"}:
        return suspected(case, what.time, flapping=True)
    if left and not over:
        return case
    after = _ended(case, what)
    return replace(after, outlived=what.time) if left and after is not case else after


def _ended(case: Case, what: Cleared) -> Case:
    """The outage after the last suspicion of its devices, or of all that there was; KPIs do not hold it open."""
    if case.confirmed is not None and case.state in ("confirmed", "suspected", "unknown"):
        return replace(case, state="monitoring", since=what.time, restored=what.time)
    if case.state in ("planned", "flapping"):
        return replace(case, state="closed", since=what.time, restored=what.time)
    if case.state in ("suspected", "unknown"):
        return replace(case, state="dismissed", since=what.time)
    return case


def _elapsed(policy: OutagePolicy, case: Case, what: Elapsed) -> Case:
    age = what.time - case.since
    frozen = policy.blind_exit_s * 1000 if what.blind is not None else 0
    if case.state == "monitoring" and age >= policy.hysteresis_s * 1000 + frozen and not what.flapping:
        return replace(case, state="restored", since=what.time)
    if case.state == "restored" and age >= policy.reopen_s * 1000:
        return replace(case, state="closed", since=what.time)
    return _unknown(policy, case, what) if case.state == "unknown" else case


def _unknown(policy: OutagePolicy, case: Case, what: Elapsed) -> Case:
    """Pages the operator in time, and leaves blindness: at once after a lag, else after `blind_exit_s` in sight.

    What is unseen of a region is left to detect, which sees its devices again one by one.
    """
    if not case.paged and what.time - case.since >= policy.page_s * 1000:
        case = replace(case, paged=True)
    if case.unseen or what.blind is not None:
        return case if case.sighted is None else replace(case, sighted=None)
    if case.blind_by != "lag" and case.sighted is None:
        return replace(case, sighted=what.time)
    seen = case.blind_by == "lag" or what.time - (case.sighted or 0) >= policy.blind_exit_s * 1000
    return confirmed(replace(case, held=True), what.time) if seen else case
