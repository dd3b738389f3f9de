"""Stage: what follows `confirmed` goes to those who were told of the outage, its end to exactly those.

`restored` goes to whom `confirmed` was told or is pending; a new time of restoration waits until it was told.

A pending `confirmed` that is still unsent when deliver meets `restored` ends there, with it, as `superseded`.
"""

from __future__ import annotations

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import Status, reopening, turn_of


def pair(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops what follows for whom `confirmed` is not owed; what was told in shadow was told to nobody."""
    if proposal.kind != "outage" or proposal.stage == "confirmed":
        return proposal
    confirmed = proposal.entry.message("confirmed", reopening(turn_of(proposal.class_)))
    if confirmed is None or not confirmed.owed:
        return Drop(Reason.NOT_TOLD)
    if confirmed.reason == Reason.SHADOW:
        return proposal if rules.mode == "shadow" else Drop(Reason.NOT_TOLD)
    return proposal if proposal.stage == "restored" or confirmed.status == Status.TOLD else Drop(Reason.NOT_TOLD)
