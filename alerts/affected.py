"""Stage: is the customer affected at all?

A customer is, whose service is on an element that is broken or worked on and has no other working access (dual homing).
"""

from __future__ import annotations

from forewarn.alerts.customers import another_access
from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason

#: Kinds about something that reaches customers over their elements.
REACHING = frozenset({"outage", "maintenance"})
#: The stage that is told of an outage when it is over, to who says that it is not.
AFTERWARDS = "still_out"


def affected(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Passes known customers; news of what is not over, only with a broken service that nothing else carries."""
    if proposal.person is None:
        return Drop(Reason.UNKNOWN_CUSTOMER)
    if proposal.kind not in REACHING or proposal.ends or proposal.stage == AFTERWARDS:
        return proposal
    if not proposal.broken:
        return Drop(Reason.NOT_AFFECTED)
    if all(any(another_access(down, up) for up in proposal.working) for down in proposal.broken):
        return Drop(Reason.SERVED_OTHERWISE)
    return proposal
