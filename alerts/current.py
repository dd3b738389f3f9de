"""Stage: is it still worth saying?"""

from __future__ import annotations

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def current(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops what is past its `valid_until`: a cycle that is over, a message that was deferred for too long."""
    return Drop(Reason.EXPIRED) if proposal.valid_until <= proposal.now else proposal
