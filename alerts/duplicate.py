"""Stage: was this stage of this incident told before?"""

from __future__ import annotations

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import Status


def duplicate(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops what was told or is pending, whatever the channel, and what time has overtaken.

    What was dropped, deferred or undeliverable before passes: it may have become possible.
    """
    message = proposal.entry.message(proposal.stage, proposal.class_)
    if message is None:
        return proposal
    if message.owed:
        return Drop(Reason.DUPLICATE)
    return Drop(Reason.EXPIRED) if message.status == Status.SUPERSEDED else proposal
