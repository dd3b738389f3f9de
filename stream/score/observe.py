"""From one pair of truth and output to its observations about outages: found or missed, how soon, named how, told whom.

Truth, Output ─> episodes ─> match ─┬─> Sought  (every real outage of the promised class)
                                    ├─> FalseAlarm (every confirmed episode that answers nothing)
                                    ├─> Hush    (everything that must stay silent)
                                    └─> Kept    (the first estimate of each outage that was found)
"""

from __future__ import annotations

from collections.abc import Sequence

from forewarn.stream.score.episodes import Episode, episodes
from forewarn.stream.score.matching import EARLY_MS, HALF, Matching, Unfounded, about, coverage, match, overlap, touches
from forewarn.stream.score.output import Output
from forewarn.stream.score.promises import Forecast, Kept, history
from forewarn.stream.score.sample import FalseAlarm, Hint, Hush, Sample, Sought
from forewarn.stream.score.truth import Fault, Kind, Truth
from forewarn.stream.score.usage import thresholds, warnings
from forewarn.topics.instants import to_ms

#: A device counts as silent after this many of its intervals (detection.md A).
SILENT_INTERVALS = 3
#: Devices from which on the alarms of an outage are a flood in which the parent has to be found.
FLOOD = 10
#: A region is not quiet during a real outage and for this long (ms) after: a relapse within it reopens the outage.
RELAPSE_MS = 1_800_000
DAY_MS = 86_400_000
#: What no customer may hear of as an outage.
HUSHED: frozenset[Kind] = frozenset({"silent", "degraded", "planned"})

#: What one detector alone can see: figures that creep, and customers who say that they are still without service.
DETECTORS: dict[Kind, str] = {"degraded": "degradation", "still_out": "replies"}


def observe(truth: Truth, output: Output) -> Sample:
    """All observations of one pair."""
    said = episodes(output)
    matching = match(truth, said)
    facing = [fault for fault in truth.faults if fault.sought]
    seed = truth.world.seed
    return Sample(
        pairs=1,
        region_days=quiet_days(truth),
        sought=tuple(_sought(truth, matching, said, fault) for fault in facing),
        false=tuple(_false(truth, false) for false in matching.false),
        hush=_hush(truth, matching),
        hints=tuple(_hint(truth, said, fault) for fault in truth.faults if fault.kind in DETECTORS),
        kept=tuple(kept for fault in facing if (kept := _kept(facing, matching, fault)) is not None),
        thresholds=thresholds(seed, truth.reached, output),
        warned=warnings(truth, output),
    )


def quiet_days(truth: Truth) -> float:
    """Region-days without a real outage."""
    world, quiet = truth.world, 0
    for region in world.regions:
        at = world.start
        for start, end in sorted(
            (fault.start, fault.end + RELAPSE_MS)
            for fault in truth.faults
            if fault.kind not in HUSHED and region in fault.regions
        ):
            quiet += max(0, start - at)
            at = max(at, end)
        quiet += max(0, world.end - at)
    return quiet / DAY_MS


def _sought(truth: Truth, matching: Matching, said: Sequence[Episode], fault: Fault) -> Sought:
    answer = matching.answers.get(fault.id)
    found = answer is not None and answer.confirmed is not None
    voices = _voices(matching, fault, answer)
    told = [customers for episode in said if touches(fault, episode) for customers in [episode.told] if customers]
    heard = {customer: min(each[customer] for each in told if customer in each) for each in told for customer in each}
    return Sought(
        seed=truth.world.seed,
        fault=fault.id,
        what=fault.what,
        region=", ".join(fault.regions),
        element=fault.element,
        start=fault.start,
        end=fault.end,
        devices=len(fault.devices),
        share=fault.share,
        silence_s=SILENT_INTERVALS * (fault.interval_s or truth.world.interval_s),
        found=found,
        suspected_s=_after(fault, [episode.suspected for episode in voices]),
        confirmed_s=_after(fault, [e.confirmed for e in voices if e.confirmed is not None]) if found else None,
        told_s=_after(fault, list(heard.values())),
        named=answer.element if answer is not None and found else None,
        right=found and answer is not None and answer.element in fault.names,
        parent=len(fault.devices) >= FLOOD,
        swallowed=not found and _swallower(truth, matching, fault) is not None,
        affected=len(fault.customers),
        told=len(fault.customers & heard.keys()),
        twice=sum(1 for customer in heard if sum(customer in each for each in told) > 1),
        astray=len(heard.keys() - fault.customers) if fault.customers else 0,
        restored_late_s=(answer.over - fault.end) / 1000 if found and answer and answer.over is not None else None,
        story=_story(truth, matching, said, fault),
    )


def _voices(matching: Matching, fault: Fault, answer: Episode | None) -> list[Episode]:
    """The answer, and what was merged into it and is about the fault, too: the first of them told operators."""
    if answer is None:
        return []
    parts = matching.parts.get(answer.outage_id, ())
    return [answer, *(part for part in parts if part.suspected >= fault.start - EARLY_MS and touches(fault, part))]


def _after(fault: Fault, times: Sequence[int]) -> float | None:
    return (min(times) - fault.start) / 1000 if times else None


def _swallower(truth: Truth, matching: Matching, fault: Fault) -> Fault | None:
    """Another fault, whose answer names most of this one's devices though they are not its own."""
    for other in truth.faults:
        answer = matching.answers.get(other.id)
        if answer is None or other.id == fault.id or overlap(fault, answer) <= 0:
            continue
        own = fault.group is not None and fault.group == other.group
        own = own or len(fault.devices & other.devices) >= HALF * len(fault.devices)
        if not own and coverage(fault, answer)[0] >= HALF and answer.elements:
            return other
    return None


def _story(truth: Truth, matching: Matching, said: Sequence[Episode], fault: Fault) -> str:
    """What was said about a fault: its answer, or what came nearest and why that is none."""
    answer = matching.answers.get(fault.id)
    if answer is not None:
        late = "" if answer.confirmed is not None else "never confirmed: "
        return f"{late}{answer.element}: {answer.life()}; {answer.evidence}"
    swallower = _swallower(truth, matching, fault)
    if swallower is not None:
        return f"announced as a part of {swallower.id} at {swallower.element}"
    near = [episode for episode in said if touches(fault, episode)]
    if not near:
        return "nothing was said"
    nearest = max(near, key=lambda one: (about(fault, one), coverage(fault, one)[0], overlap(fault, one)))
    covered, pure = coverage(fault, nearest)
    return (
        f"nearest: {nearest.element} ({covered:.0%} of its elements, {pure:.0%} of what it names): "
        f"{nearest.life()}; {nearest.evidence}"
    )


def _false(truth: Truth, false: Unfounded) -> FalseAlarm:
    episode = false.episode
    return FalseAlarm(
        seed=truth.world.seed,
        outage_id=episode.outage_id,
        region=episode.region,
        element=episode.element,
        at=episode.suspected,
        reason=false.reason,
        fault=false.fault.id if false.fault is not None else None,
        devices=episode.devices_down,
        told=len(episode.told),
        quiet=false.reason not in ("second", "piece"),
        story=f"{episode.life()}; {episode.evidence}",
    )


def _hush(truth: Truth, matching: Matching) -> tuple[Hush, ...]:
    """Everything that must stay silent, and how many customers heard of an outage because of it."""
    told: dict[str, set[str]] = {}
    for false in matching.false:
        if false.fault is not None and false.fault.kind in HUSHED:
            told.setdefault(false.fault.id, set()).update(false.episode.told)
    return tuple(
        Hush(
            seed=truth.world.seed,
            id=fault.id,
            what=fault.what or fault.kind,
            at=fault.start,
            told=len(told.get(fault.id, ())),
        )
        for fault in truth.faults
        if fault.kind in HUSHED
    )


def _hint(truth: Truth, said: Sequence[Episode], fault: Fault) -> Hint:
    """How soon the detector that is made for it spoke of it, in its region."""
    detector = DETECTORS[fault.kind]
    spoke = [
        revision.at
        for episode in said
        if episode.region in fault.regions
        for revision in episode.revisions
        if fault.start <= revision.at <= fault.end and any(e.detector == detector for e in revision.evidence)
    ]
    after = (min(spoke) - fault.start) / 1000 if spoke else None
    return Hint(seed=truth.world.seed, id=fault.id, what=fault.what, at=fault.start, after_s=after)


def _kept(faults: Sequence[Fault], matching: Matching, fault: Fault) -> Kept | None:
    """The first estimate by the model of an outage that was found, in seconds from its start."""
    answer = matching.answers.get(fault.id)
    if answer is None or answer.promised is None or answer.promised.etr is None:
        return None
    etr = answer.promised.etr
    issued = to_ms(etr.issued)
    low, middle, high = ((to_ms(instant) - fault.start) / 1000 for instant in (etr.earliest, etr.likely, etr.latest))
    earlier = [(other.end - other.start) / 1000 for other in faults if other.end <= issued]
    return Kept(
        said=Forecast(low, middle, high),
        restored=(fault.end - fault.start) / 1000,
        history=history(earlier, (issued - fault.start) / 1000),
    )
