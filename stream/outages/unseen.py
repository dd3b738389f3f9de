"""Regions of which a part cannot be seen: an outage in state `unknown`, led from what detect reports of them. Pure.

    region north, 50 of 100 devices behind c-2
    c-2 silent ──> unknown ──page_s──> page the operator ──confirm──> confirmed, customers are told
                      └── seen again, or known to be down: then the suspicions of detect lead ──> dismissed

Invariant: a region has at most one such outage under way; no customer hears of it unless an operator confirms it.
Source: detection.md H.
"""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit
from forewarn.stream.outages.blindness import Blindness, Report
from forewarn.stream.outages.case import Case, outage_id, unseen_name
from forewarn.stream.outages.ledger import Ledger
from forewarn.stream.outages.lifecycle import Cleared, Suspected
from forewarn.stream.outages.policy import OutagePolicy
from forewarn.topics.events.outages import Evidence


class UnseenRegions:
    """Opens, follows and ends the outages of what is unseen."""

    def __init__(self, policy: OutagePolicy, ledger: Ledger, blindness: Blindness) -> None:
        self.policy = policy
        self.ledger = ledger
        self.blindness = blindness

    def tick(self, unit: Unit) -> None:
        """Compares every region's report with what is led of it."""
        for region in sorted(self.blindness.regions):
            report = self.blindness.regions[region]
            outage = self.ledger.docket.behind.get(_candidate(region))
            if outage is not None:
                self._follow(unit, self.ledger.docket.cases[outage], report)
            elif report.row.veiled >= min(self.policy.devices_min, max(1, report.row.expected)):
                silent = tuple(name for name in report.row.collectors if self.blindness.silent(name))
                if silent:
                    self._begin(unit, report, silent)

    def _begin(self, unit: Unit, report: Report, silent: tuple[str, ...]) -> None:
        row = report.row
        case = Case(
            outage_id=outage_id(unseen_name(row.name), row.onset),
            region=row.name,
            element=row.name,
            whole_region=True,
            started=row.onset,
            state="unknown",
            since=report.clock,
            detected=report.clock,
            unseen=row.veiled,
            comment=f"not heard: collector {', '.join(silent)}",
        )
        evidence = Evidence("liveness", row.veiled, self.policy.devices_min, self.blindness.silence / 1000)
        self.ledger.step(unit, case, Suspected(_candidate(row.name), report.clock, evidence, silent))

    def _follow(self, unit: Unit, case: Case, report: Report) -> None:
        """Ends it when hardly anything is left unseen of the most that ever was."""
        if report.row.veiled > case.unseen:
            self.ledger.grown(unit, case, report.row.veiled)
        elif report.row.veiled <= self.policy.clear_share * case.unseen:
            self.ledger.step(unit, case, Cleared(_candidate(case.region), report.clock))


def _candidate(region: str) -> str:
    return f":{unseen_name(region)}"
