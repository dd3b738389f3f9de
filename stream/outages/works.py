"""What planned work explains: outages inside its subtree, and one above it that reaches no further. Pure.

agg-1 ─┬─ olt-1 (work) ─ 25 devices down      olt-1, or agg-1 named for its children: planned
       ├─ olt-2 (work) ─ 30 devices down
       └─ olt-3        ─ 20 devices up        a device down here: a real outage of agg-1
"""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Blindness
from forewarn.stream.outages.case import Case
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.maintenance import Plans, Work
from forewarn.stream.outages.topology import Topology
from forewarn.stream.outages.workload import Released, Working


class Works:
    """Judges outages by the plans."""

    def __init__(self, topology: Topology, ledger: Ledger, plans: Plans, blindness: Blindness) -> None:
        self.topology = topology
        self.ledger = ledger
        self.plans = plans
        self.blindness = blindness

    def judge(self, unit: Unit, case: Case, time: int) -> None:
        """Makes an outage planned, late or real, as the plans say at `time` (epoch ms of event time)."""
        if case.state == "planned":
            work = self.explaining(case, time)
            what = Working(work.maintenance_id, time, work.late) if work else None
            self.ledger.step(unit, case, what or Released(time, self.blindness.blind(case.collectors, case.region)))
        elif case.state in ("suspected", "unknown") and case.confirmed is None and self.plans.plans:
            work = self.explaining(case, time)
            if work is not None and work.late is None:
                self.ledger.step(unit, case, Working(work.maintenance_id, time))

    def explaining(self, case: Case, time: int) -> Work | None:
        """The planned work that explains an outage at `time`."""
        names = [case.region] if case.whole_region else [*self.topology.above(case.element), case.region]
        work = self.plans.explaining(names, case.started, time, known=case.maintenance_id)
        return work or self._below(case, time)

    def _below(self, case: Case, time: int) -> Work | None:
        """The work below the outage's element, if all that is down is part of it."""
        if not case.whole_region and not self.topology.children.get(case.element):
            return None
        worked = self.plans.under_way(case.started, time)
        if not worked:
            return None
        names = [name for place in worked for name in (f"element/{place}", f"region/{place}")]
        inside = set(self.topology.scope(names))
        dark = [name for name in self.ledger.reach(case).elements if name != case.element]
        if not dark or not inside.issuperset(dark):
            return None
        return self.plans.explaining(worked, case.started, time, known=case.maintenance_id)
