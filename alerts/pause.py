"""Stage: has an operator paused sending of this kind?"""

from __future__ import annotations

from forewarn.alerts.proposal import Defer, Proposal, Rules
from forewarn.alerts.reasons import Reason


def pause(rules: Rules, proposal: Proposal) -> Proposal | Defer:
    """Defers until sending resumes."""
    return Defer(Reason.PAUSED) if proposal.paused else proposal
