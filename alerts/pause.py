"""Stage: has an operator paused sending of this kind?"""

from __future__ import annotations

from forewarn.alerts.proposal import Defer, Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def pause(rules: Rules, proposal: Proposal) -> Proposal | Defer | Drop:
    """Defers until sending resumes; an answer is of no use then, and is dropped."""
    if not proposal.paused:
        return proposal
    return Drop(Reason.PAUSED) if proposal.asked_for else Defer(Reason.PAUSED)
