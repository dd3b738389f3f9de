"""Stage: silence about what a greater message explains, and about what an operator muted."""

from __future__ import annotations

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def inhibit(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops news of a muted outage, of planned work, and of a child whose parent the customer was told of.

    A `restored` that is owed is never inhibited.
    """
    outage = proposal.outage
    if outage is None or proposal.stage == "restored":
        return proposal
    if outage.muted:
        return Drop(Reason.MUTED)
    if outage.maintenance_id is not None:
        return Drop(Reason.PLANNED_WORK)
    told = any(entry.incident == outage.parent and entry.awaits_end for entry in proposal.entries)
    return Drop(Reason.PARENT_TOLD) if told else proposal
