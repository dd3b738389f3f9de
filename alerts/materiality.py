"""Stage: does the news matter? A new time of restoration is told when it moves by enough, and not for each estimate."""

from __future__ import annotations

from forewarn.alerts.promises import last, news
from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def materiality(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops `re_estimated` whose time is close to what the customer was told last."""
    told, outage = last(proposal.entry), proposal.outage
    if proposal.stage != "re_estimated" or outage is None or told is None:
        return proposal
    if news(rules.policy, outage, told.promise, proposal.now):
        return proposal
    return Drop(Reason.IMMATERIAL)
