"""Which episode answers which fault: by time and by topology, one to one, scored by event and never point-adjusted.

    truth      ├──────── outage at olt-3 ────────┤
    said       ·   ├─── olt-3 ───────────────────────┤     the answer
               ·      ├─ onu-7 ─┤                          a second one about the same: counts as false
            ├┤ ·                                           before it began: cannot be about it
               within EARLY ──┘ └── judged no later than LATE after its end

Invariant: a fault has at most one answer, an episode answers at most one fault, or several of one cause; an episode
that was merged into another one, or nested under it, is a part of that and neither answers nor counts by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from forewarn.stream.score.episodes import Episode
from forewarn.stream.score.truth import Fault, Kind, Truth

#: A suspicion may be this much (ms) older than the fault: chance had made one, and the fault was recognised under it.
#: It may not be confirmed before the fault; clocks differ by so much.
EARLY_SUSPECTED_MS, EARLY_MS = 1_800_000, 60_000
#: Confirmed this much (ms) after the fault's end is too late to be an answer.
LATE_MS = 60_000
#: The part of the fault's devices that an answer on another element covers, and the part of its own that are theirs.
HALF = 0.5
#: The reason that is given for a false episode, where it is not simply what it was about.
REASONS: dict[Kind, str] = {"outage": "piece", "minor": "piece", "still_out": "piece", "planned": "planned"}


class Unfounded(Struct, frozen=True):
    """A confirmed episode that answers nothing. `reason` is a word, `fault` what it was about, if anything."""

    episode: Episode
    reason: str
    fault: Fault | None


class Matching(Struct, frozen=True):
    """Who answers whom.

    `answers`: fault id -> episode. `parts`: outage id -> the episodes merged into it or nested under it. `ignored`:
    confirmed episodes about what is real but not asked for: outages outside of the promised class, and the like.
    """

    answers: Mapping[str, Episode]
    false: tuple[Unfounded, ...]
    ignored: tuple[Episode, ...]
    parts: Mapping[str, tuple[Episode, ...]]


def overlap(fault: Fault, episode: Episode) -> int:
    """Milliseconds that both went on."""
    return min(fault.end, episode.ended) - max(fault.start, min(episode.onset, episode.suspected))


def coverage(fault: Fault, episode: Episode) -> tuple[float, float]:
    """Which part of the fault's serving elements the episode names, and which part of those it names are the fault's.

    An output without lists of elements is judged by the number of devices down, in the same region.
    """
    sought = fault.serving or fault.devices
    if episode.elements:
        both = len(sought & episode.elements)
        return both / max(1, len(sought)), len((fault.kin or sought) & episode.elements) / len(episode.elements)
    if episode.region in fault.regions and sought and episode.devices_down:
        return min(1.0, episode.devices_down / len(sought)), min(1.0, len(fault.devices) / episode.devices_down)
    return 0.0, 0.0


def about(fault: Fault, episode: Episode) -> bool:
    """Whether the episode can be an answer to the fault: at its time, and on its element or on most of its devices."""
    judged = episode.suspected if episode.confirmed is None else episode.confirmed
    timely = (
        episode.suspected >= fault.start - EARLY_SUSPECTED_MS
        and fault.start - EARLY_MS <= judged <= fault.end + LATE_MS
        and overlap(fault, episode) > 0
    )
    if not timely or (fault.regions and episode.region not in fault.regions):
        return False
    if episode.element in fault.names:
        return True
    covered, pure = coverage(fault, episode)
    return covered >= HALF and pure >= HALF


def match(truth: Truth, said: Sequence[Episode]) -> Matching:
    """Matches all episodes of one output with all faults of one truth."""
    roots, parts = _roots(said)
    real = [fault for fault in truth.faults if fault.kind in ("outage", "minor", "still_out")]
    answers = _assign([fault for fault in real if fault.sought], roots)
    taken = {id(episode) for episode in answers.values()}
    false: list[Unfounded] = []
    ignored: list[Episode] = []
    for episode in roots:
        if id(episode) in taken or episode.confirmed is None:
            continue
        fault = next((fault for fault in real if about(fault, episode)), None)
        if (fault is not None and not fault.sought) or _overran(truth, episode) or _later(real, episode):
            ignored.append(episode)
        else:
            false.append(_false(truth, episode, fault))
    return Matching(answers, tuple(false), tuple(ignored), parts)


def _overran(truth: Truth, episode: Episode) -> bool:
    """Whether it is about planned work that outlasted its window, and confirmed only then."""
    return any(
        fault.kind == "planned"
        and fault.end <= (episode.confirmed or 0) <= fault.end + fault.overrun + LATE_MS
        and touches(fault, episode)
        and _explains(fault, episode)[1]
        for fault in truth.faults
    )


def _later(real: Sequence[Fault], episode: Episode) -> bool:
    """Whether it is about devices of a real outage that fell long after the others: that is news of its own."""
    return any(episode.elements and episode.elements <= fault.later and overlap(fault, episode) > 0 for fault in real)


def _roots(said: Sequence[Episode]) -> tuple[list[Episode], dict[str, tuple[Episode, ...]]]:
    """The episodes that stand for themselves, and for each outage what was merged into it, however indirectly."""
    into = {episode.outage_id: episode.into for episode in said if episode.into is not None}
    ids = {episode.outage_id for episode in said}
    parts: dict[str, list[Episode]] = {}
    roots: list[Episode] = []
    for episode in said:
        target, seen = episode.into, {episode.outage_id}
        while target in into and target not in seen:
            seen.add(target)
            target = into[target]
        if target is not None and target in ids and target not in seen:
            parts.setdefault(target, []).append(episode)
        else:
            roots.append(episode)
    return roots, {name: tuple(episodes) for name, episodes in parts.items()}


def _assign(faults: Sequence[Fault], roots: Sequence[Episode]) -> dict[str, Episode]:
    """One to one, the best pairs first: confirmed ones, same element, most devices in common, longest together."""
    pairs = sorted(
        (
            (_quality(fault, episode), index, fault.id, episode)
            for fault in faults
            for index, episode in enumerate(roots)
            if about(fault, episode)
        ),
        key=lambda pair: (tuple(-part for part in pair[0]), pair[1], pair[2]),
    )
    answers: dict[str, Episode] = {}
    groups = {fault.id: fault.group or fault.id for fault in faults}
    taken: dict[int, str] = {}
    for _, index, fault_id, episode in pairs:
        if fault_id not in answers and taken.get(index, groups[fault_id]) == groups[fault_id]:
            answers[fault_id] = episode
            taken[index] = groups[fault_id]
    return answers


def _quality(fault: Fault, episode: Episode) -> tuple[float, ...]:
    covered, pure = coverage(fault, episode)
    same = episode.element in fault.names
    return (episode.confirmed is not None, covered * pure, same, overlap(fault, episode))


def _false(truth: Truth, episode: Episode, real: Fault | None) -> Unfounded:
    """Why an episode is false: a second answer to an outage, a piece of one, what must stay silent, or nothing."""
    if real is not None:
        return Unfounded(episode, "second", real)
    touched = [fault for fault in truth.faults if touches(fault, episode)]
    fault = max(touched, key=lambda fault: (_explains(fault, episode), overlap(fault, episode)), default=None)
    if fault is None:
        return Unfounded(episode, "nothing", None)
    return Unfounded(episode, REASONS.get(fault.kind, fault.what), fault)


def _explains(fault: Fault, episode: Episode) -> tuple[bool, bool, bool, bool, float]:
    """How well a fault explains what an episode names: most of it, or, without devices of its own, any of it."""
    pure = coverage(fault, episode)[1] if fault.devices else 0.0
    own = episode.element in fault.names or pure >= HALF
    return (own and bool(fault.devices), own, not fault.devices, fault.kind in REASONS, pure)


def touches(fault: Fault, episode: Episode) -> bool:
    """Whether the two have to do with each other: at one time, with an element, a device or a region in common."""
    if overlap(fault, episode) <= -LATE_MS:
        return False
    if fault.what == "clock_skew":  # lasts all day: it is about its one device, if about anything
        return fault.element == episode.element
    if fault.element == episode.element or fault.devices & episode.elements:
        return True
    # A collector or a holiday has no devices of its own: whatever was said in its regions at that time.
    return not fault.devices and (not fault.regions or episode.region in fault.regions)
