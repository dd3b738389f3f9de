"""When service will be back: the estimate of an open outage, when it is issued anew, when it is overdue. Pure.

    confirmed ─> issued        earliest passed, or likely/latest moved ─> issued anew
    ├────────────┬──────────────────┬──────────────────────────────────────┬─────────────┬───> time
                 └ p10 ... p50 ... p90          a crew's word, promised for ┘  overdue    └ wait over: estimated again

A crew's word always wins until it passes. When a promise passes, whoever made it, the outage is overdue: that is a
revision of its own, and staff have `overdue_wait_s` for a new word before an estimate takes the promise's place.
Only outages that were confirmed and ended by themselves or by staff's word teach: planned work, what was dismissed,
merged or flapping does not. Length = onset to restoration, the hysteresis left out.

Invariant: an estimate lies after its issue and earliest <= likely <= latest; the same case and time give the same one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.etr_policy import MEDIANS_S, EtrPolicy
from forewarn.stream.outages.repair_times import UNKNOWN, Kind, RepairTimes
from forewarn.stream.outages.topology import Topology
from forewarn.topics.events.outages import Etr
from forewarn.topics.instants import to_ms, to_rfc3339

#: The quantiles that an estimate states.
EARLIEST, LIKELY, LATEST = 0.1, 0.5, 0.9
#: Kinds of elements that outages are told apart by: those of the inventory, lines of customers as one.
PLACES = {kind: kind for kind in ("core", "aggregation", "olt", "pon", "node", "cell")} | {"onu": "line", "cpe": "line"}
OTHER = "other"
#: What it is, when no more is known, that breaks where: a PON is passive, so that all there is of it is fibre; what a
#: cell's equipment is for is radio; what fails in the core is upstream of everybody.
PRESUMED = {
    ("unknown", "pon"): "fibre",
    ("unknown", "cell"): "radio",
    ("equipment", "cell"): "radio",
    ("unknown", "core"): "upstream",
    ("equipment", "core"): "upstream",
}
#: Steps that lie in the time that remains, at least.
FINENESS = 6


class Estimates:
    """Estimates for the outages of one deployment. Times are epoch ms of event time."""

    def __init__(self, policy: EtrPolicy, topology: Topology) -> None:
        self.policy = policy
        self.topology = topology
        self.times = RepairTimes(policy)

    def restore(self, table: Mapping[bytes, bytes]) -> None:
        """Rebuilds what was learned."""
        self.times.restore(table)

    def learn(self, unit: Unit, case: Case) -> None:
        """Takes an outage that has just been closed, if it can teach anything: customers' words do not say when."""
        if case.confirmed is None or case.restored is None or case.maintenance_id is not None:
            return
        if not any(evidence.detector == "replies" for evidence in case.evidence):
            lasted = (case.restored - case.started) / 1000
            self.times.teach(unit, self._kind(case), lasted, hidden=case.hidden)

    def judged(self, case: Case, time: int) -> Case:
        """The case as it is to be published at `time`; the same object if there is no news. Overdue is said once."""
        if case.state != "confirmed":
            return case
        time = max(time, case.since, instant(case.etr.issued) if case.etr is not None else 0)
        promised = instant(case.etr.latest) if case.etr is not None else None
        if promised is not None and promised <= time and case.overdue != promised:
            return replace(case, overdue=promised)
        if not self._wanting(case, time):
            return case
        hidden = case.hidden if case.etr is not None else self._kind(case).cause == UNKNOWN
        return replace(case, etr=self.estimate(case, time), hidden=hidden)

    def estimate(self, case: Case, time: int) -> Etr:
        """What is to be expected of an outage at `time`."""
        elapsed = (time - case.started) / 1000
        remaining = self.times.remaining_s(self._kind(case), elapsed, EARLIEST, LIKELY, LATEST)
        instants: list[int] = []
        for seconds in remaining:
            rounded = self._rounded(time, round(seconds * 1000))
            instants.append(max([rounded, *instants]))
        earliest, likely, latest = map(to_rfc3339, instants)
        return Etr(earliest, likely, latest, "model", to_rfc3339(time))

    def _wanting(self, case: Case, time: int) -> bool:
        """Whether there is a reason to issue an estimate now."""
        etr = case.etr
        if not self.policy.model:
            return False
        if etr is None:
            return True
        latest = instant(etr.latest)
        if latest <= time:
            return time - latest >= round(self.policy.overdue_wait_s * 1000)
        return etr.source == "model" and (time >= instant(etr.earliest) or self._moved(case, etr, time))

    def _moved(self, case: Case, etr: Etr, time: int) -> bool:
        """Whether the middle or the end of the interval moved by more than the policy's share of what remained."""
        now = self.estimate(case, time)
        pairs = ((instant(etr.likely), instant(now.likely)), (instant(etr.latest), instant(now.latest)))
        return any(abs(new - old) > self.policy.moved_share * abs(old - time) for old, new in pairs)

    def _kind(self, case: Case) -> Kind:
        """What the length of an outage may depend on, as far as it is known by now.

        Its size is what hangs on what has failed: at first not all of it is known to be down.
        """
        above = [] if case.whole_region else [self.topology.elements.get(n) for n in self.topology.above(case.element)]
        known = [element for element in above if element is not None]
        kind = known[0].kind if known and known[0] is above[0] else None
        place = "region" if case.whole_region else PLACES.get(kind or "", OTHER)
        longitude = next((element.longitude for element in known if element.longitude is not None), None)
        size = max(case.peak, case.devices_expected)
        return Kind(presumed(case, place), place, size, case.region, case.started, longitude)

    def _rounded(self, time: int, remaining: int) -> int:
        """The instant `remaining` ms from `time`, on the grid of the longest fitting step, and after `time`."""
        steps = sorted(round(step * 1000) for step in self.policy.steps_s)
        step = steps[max(0, bisect_right(steps, remaining // FINENESS) - 1)] if steps else 1
        return max((time + remaining + step // 2) // step, time // step + 1) * step


def presumed(case: Case, place: str) -> str:
    """The cause as far as it is known by now, or follows from where it broke; a crew's free words are none."""
    cause = case.cause if case.cause in MEDIANS_S else UNKNOWN
    return PRESUMED.get((cause or UNKNOWN, place), cause or UNKNOWN)


def instant(text: str) -> int:
    """Epoch ms of an estimate's instant."""
    return to_ms(datetime.fromisoformat(text))
