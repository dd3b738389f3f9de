"""Stage: `restored` goes to exactly those who were told `confirmed`, or for whom it is pending.

A pending `confirmed` that is still unsent when deliver meets `restored` ends there, with it, as `superseded`.
"""

from __future__ import annotations

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def pair(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops `restored` for whom `confirmed` is not owed; what was told in shadow was told to nobody."""
    if (proposal.kind, proposal.stage) != ("outage", "restored"):
        return proposal
    confirmed = proposal.entry.message("confirmed")
    if confirmed is None or not confirmed.owed:
        return Drop(Reason.NOT_TOLD)
    if confirmed.reason == Reason.SHADOW and rules.mode != "shadow":
        return Drop(Reason.NOT_TOLD)
    return proposal
