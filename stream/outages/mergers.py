"""What mergers do to an outage's life. Pure: `step(case, input) -> case`. (detection.md G)

    olt-1 confirmed ──Absorbed──> merged ── its suspicions ──Adopted──> agg-1, confirmed as its part was
    detect gives suspicions up for a new one ──Replaced──> they are behind it no longer

Invariant: what was merged is over, and no suspicion of it is lost.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.case import OVER, Case
from forewarn.stream.outages.cause import gasped
from forewarn.stream.outages.transitions import EVIDENCE, agreeing, confirmed, merged
from forewarn.topics.events.outages import Evidence


class Replaced(Struct, frozen=True, gc=False):
    """Detect has a new suspicion of it in the place of these."""

    candidates: tuple[str, ...]
    time: int


class Absorbed(Struct, frozen=True, gc=False):
    """A larger outage explains it."""

    into: str
    time: int


class Adopted(Struct, frozen=True, gc=False):
    """It explains a smaller outage, whose suspicions are its own from now on.

    `also`: what the smaller one was about, when that is no part of this one. `ends`, `onsets`: as in `Case`.
    """

    candidates: tuple[str, ...]
    time: int
    collectors: tuple[str, ...] = ()
    confirmed: bool = False
    also: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    gasps: dict[str, int] = {}
    ends: tuple[str, ...] = ()
    onsets: dict[str, int] = {}


def step(case: Case, what: Replaced | Absorbed | Adopted, window: int) -> Case:
    """Folds a merger; sources that began within `window` (ms) of each other may agree after it."""
    match what:
        case Replaced():
            left = tuple(name for name in case.candidates if name not in what.candidates)
            return case if left == case.candidates else replace(case, candidates=left)
        case Absorbed():
            return case if case.state in OVER else merged(case, what.into, what.time)
        case Adopted():
            return _adopted(case, what, window)


def _adopted(case: Case, what: Adopted, window: int) -> Case:
    candidates = tuple(dict.fromkeys((*case.candidates, *what.candidates)))
    after = replace(
        case,
        candidates=candidates,
        collectors=tuple(sorted({*case.collectors, *what.collectors})),
        also=tuple(dict.fromkeys((*case.also, *what.also))),
        held=case.held or what.confirmed,
        evidence=tuple(dict.fromkeys((*case.evidence, *what.evidence)))[:EVIDENCE],
        gasps=gasped(case.gasps, what.gasps),
        onsets={name: time for name, time in {**what.onsets, **case.onsets}.items() if name in candidates},
        ends=tuple(dict.fromkeys((*case.ends, *what.ends))),
    )
    if what.confirmed and after.state in ("suspected", "unknown"):
        return confirmed(after, what.time)
    return case if after == case else agreeing(after, what.time, window)
