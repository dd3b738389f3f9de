"""Stage: what follows goes to those who were told of it, its end to exactly those.

An outage's `restored` goes to whom `confirmed` was told or is pending; a new time of restoration waits for that.
Of planned work `moved` and `cancelled` go to whom it was announced, `completed` to whom it was told that it began or
overran. A pending message that is still unsent when deliver meets the end of its story ends there, with it, as
`superseded`.
"""

from __future__ import annotations

from forewarn.alerts import work_stages
from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import Message, Status
from forewarn.alerts.turns import reopening, turn_of

#: Stages of planned work that only follow.
FOLLOWING = frozenset({"moved", "cancelled", "completed"})


def pair(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops what follows for whom nothing is owed; what was told in shadow was told to nobody."""
    if proposal.kind == "maintenance" and proposal.stage in FOLLOWING:
        told = work_stages.ended(proposal.stage, proposal.entry)
        return proposal if any(_counts(rules, message) for message in told) else Drop(Reason.NOT_TOLD)
    if proposal.kind != "outage" or proposal.stage == "confirmed":
        return proposal
    confirmed = proposal.entry.message("confirmed", reopening(turn_of(proposal.class_)))
    if confirmed is None or not _counts(rules, confirmed):
        return Drop(Reason.NOT_TOLD)
    if confirmed.reason == Reason.SHADOW:
        return proposal
    return proposal if proposal.stage == "restored" or confirmed.status == Status.TOLD else Drop(Reason.NOT_TOLD)


def _counts(rules: Rules, message: Message) -> bool:
    return message.owed and (message.reason != Reason.SHADOW or rules.mode == "shadow")
