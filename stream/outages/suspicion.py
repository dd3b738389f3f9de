"""One suspicion of detect: from the surprise, through its confirmation, until it is over. Pure.

    raised ──90 s──> still down >= 80 %? ── yes ──> CONFIRM ── at most 20 % of the peak down ──> CLEAR
       │                    └── no ──> raised again while it still surprises, else CLEAR
       ├── an alarm of it or of a parent, or a second detector ──> CONFIRM at once
       └── nearly all back before ──> CLEAR
    What fell and came back shortly before waits for longer (`flap_confirm`), and no alarm confirms it sooner.

Source: detection.md A, "CONFIRMED when, 90 s later, >= 80 % of the devices that raised it are still down, or two
independent sources agree, or a parent element's alarm arrives".
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from forewarn.stream.outages.groups import Node
from forewarn.stream.outages.liveness import Finding
from forewarn.stream.outages.policy import OutagePolicy


class Suspicion(Struct, frozen=True, array_like=True, gc=False):
    """One open suspicion. Times are epoch ms of event time.

    `k` devices, down since buckets `first` to `last`, raised it; `peak` is the most that were down at once.
    `detector` is what raised it: with `alarm` no device need be down, and `k` counts leaves with alarms.
    `ended`: it is over since then, and lingers for a beat so that the last ones to return raise no other.
    `flapped`: the group fell and came back shortly before, so that it may well do so again.
    """

    region: str
    element: str
    whole_region: bool
    onset: int
    detector: str
    value: float
    threshold: float
    window: int
    raised: int
    first: int
    last: int
    k: int
    peak: int
    confirmed: bool = False
    ended: int = 0
    flapped: bool = False


class Look(Struct, frozen=True, gc=False):
    """What a suspicion's group looks like at `clock`.

    `down`: devices down since bucket `first`; `still`: those of them that raised it; `surprises`: whether they would
    raise it now; `alarmed`: an open alarm on the element or above it, or on many of its leaves; `contradicted`: the
    element alone is silent, or has alarms alone, and most of what hangs on it is heard.
    """

    clock: int
    bucket: int
    down: int
    still: int
    surprises: bool
    alarmed: bool
    contradicted: bool = False


class Verdict(StrEnum):
    """Why a suspicion changed, or did not."""

    WAIT = "wait"
    STILL_DOWN = "still_down"
    TWO_SOURCES = "two_sources"
    RAISED_AGAIN = "raised_again"
    BACK = "back"
    NOT_HELD = "not_held"
    ALARM_CLEARED = "alarm_cleared"


CONFIRMS = frozenset({Verdict.STILL_DOWN, Verdict.TWO_SOURCES})
CLEARS = frozenset({Verdict.BACK, Verdict.NOT_HELD, Verdict.ALARM_CLEARED})


def step(policy: OutagePolicy, state: Suspicion, look: Look) -> tuple[Suspicion, Verdict]:
    """Folds one look. The verdict says what correlate is told; after one of `CLEARS` the suspicion is over."""
    state = state if look.down <= state.peak else replace(state, peak=look.down)
    if state.peak == 0:
        return state, Verdict.WAIT if look.alarmed else Verdict.ALARM_CLEARED
    few = state.detector == "sparse" and state.peak < policy.sparse_devices
    if look.down <= (policy.sparse_clear_share if few else policy.clear_share) * state.peak:
        waits = state.detector == "alarm" and look.alarmed and not state.confirmed
        return (replace(state, peak=0), Verdict.WAIT) if waits else (state, Verdict.BACK)
    if state.confirmed:
        return state, Verdict.WAIT
    if look.alarmed and look.surprises and not state.flapped:
        return replace(state, confirmed=True), Verdict.TWO_SOURCES
    if look.clock < state.raised + _patience(policy, state, look):
        return state, Verdict.WAIT
    if look.contradicted:
        return state, Verdict.WAIT
    # What comes back device by device is no longer as far down as it was, though those that fell first are.
    returns = state.flapped and look.down < policy.confirm_share * state.peak
    if state.k and look.still >= policy.confirm_share * state.k and not returns:
        return replace(state, confirmed=True), Verdict.STILL_DOWN
    if not look.surprises:
        return state, Verdict.WAIT if look.alarmed else Verdict.NOT_HELD
    peak = look.down if returns else state.peak
    return replace(state, raised=look.clock, last=look.bucket, k=look.down, peak=peak), Verdict.RAISED_AGAIN


def _patience(policy: OutagePolicy, state: Suspicion, look: Look) -> int:
    """How long (ms) a suspicion waits for its devices to return before it is confirmed."""
    alone = state.k == 1 and look.down < policy.devices_min
    times = max(policy.lone_confirm if alone else 1.0, policy.flap_confirm if state.flapped else 1.0)
    return int(policy.confirm_s * 1000 * times)


def from_finding(
    policy: OutagePolicy, finding: Finding, clock: int, width: int, detector: str = "liveness"
) -> Suspicion:
    """The suspicion that a finding raises; its onset is still to be told."""
    node = finding.node
    return Suspicion(
        region=node.region,
        element=node.element,
        whole_region=node.root is None,
        onset=0,
        detector=detector,
        value=finding.p_value,
        threshold=policy.surprise,
        window=finding.window,
        raised=clock,
        first=finding.first,
        last=clock // width,
        k=finding.k,
        peak=finding.k,
    )


def single(
    node: Node,
    detector: str,
    window: int,
    clock: int,
    first: int,
    last: int,
    *,
    devices: int,
    value: float = 1.0,
    threshold: float = 1.0,
) -> Suspicion:
    """The suspicion of a group that `devices` devices raised; 0 for an alarm, which needs none."""
    return Suspicion(
        region=node.region,
        element=node.element,
        whole_region=node.root is None,
        onset=0,
        detector=detector,
        value=value,
        threshold=threshold,
        window=window,
        raised=clock,
        first=first,
        last=last,
        k=devices,
        peak=devices,
    )


def begun(state: Suspicion, onset: int, *, flapped: bool = False) -> Suspicion:
    """The suspicion with its onset, and whether its group fell and came back shortly before."""
    return replace(state, onset=onset, flapped=flapped)
