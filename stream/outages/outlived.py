"""What KPIs and the like still say long after the devices of their outage are back: a suspicion of its own. Pure.

    devices  ──┐              ┌─────────────────────────
               └──────────────┘ outage over
    sessions ──┐                          ┌─────────────
               └──────────────────────────┘
                              ├─ agree_s ─┤             in time: part of that outage, nothing more is said
                              ├───────────┼──> else a new outage, suspected, that no device backs

Invariant: the outage that is over stays so; the new one is no planned work, and no demand.
"""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.case import Case, outage_id
from forewarn.stream.outages.lifecycle import Suspected
from forewarn.stream.outages.mergers import Replaced
from forewarn.stream.outages.sources import family
from forewarn.stream.outages.suspicions import Suspicions
from forewarn.topics.events.outages import Evidence


class Outlived:
    """Opens outages for what has outlived its own."""

    def __init__(self, suspicions: Suspicions) -> None:
        self.suspicions = suspicions
        self.docket = suspicions.docket

    def settle(self, unit: Unit, time: int) -> None:
        """Looks through the outages that are over, at `time` (epoch ms of event time)."""
        for outage in sorted(self.docket.outlived):
            case = self.docket.cases[outage]
            if case.outlived is not None and time - case.outlived > self.suspicions.window:
                for name in case.candidates:
                    self._part(unit, case, name, time)

    def _part(self, unit: Unit, case: Case, name: str, time: int) -> None:
        new = self._home(case, name, time)
        demanded = family(name) == "kpi" and self.suspicions.drops.explaining(new.region) is not None
        if demanded or self.suspicions.works.explaining(new, time) is not None:
            return
        ledger = self.suspicions.ledger
        ledger.step(unit, self.docket.cases[case.outage_id], Replaced((name,), time))
        said = [each for each in case.evidence if each.detector == family(name)]
        evidence = said[-1] if said else Evidence(family(name), 0, 0, 0)
        ledger.step(unit, new, Suspected(name, time, evidence, onset=_onset(case, name)))

    def _home(self, case: Case, name: str, time: int) -> Case:
        """The outage that is open about the same place, or a new one."""
        place = name.partition("/")[2]
        word, _, element = place.partition("/")
        if open_ := [other for other in self.docket.about(place) if other.state == "suspected"]:
            return open_[0]
        known = self.suspicions.topology.elements.get(element) if word == "element" else None
        onset = _onset(case, name)
        own = outage_id(element, onset)
        return Case(
            outage_id=own if own not in self.docket.cases else outage_id(element, time),
            region=element if word == "region" else known.region if known is not None else case.region,
            element=element,
            whole_region=word == "region",
            started=onset,
            state="suspected",
            since=time,
            detected=time,
        )


def _onset(case: Case, name: str) -> int:
    return case.onsets.get(name, case.started)
