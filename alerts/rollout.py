"""Stage: may this deployment send yet? `shadow` sends nothing, `allow-list` only to listed customers, `live` to all.

It stands last, so that the ledger shows what would have been sent.
"""

from __future__ import annotations

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def rollout(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops with `shadow` or `not_on_allow_list`."""
    if rules.mode == "shadow":
        return Drop(Reason.SHADOW)
    if rules.mode == "allow-list" and proposal.customer not in rules.policy.allow_list:
        return Drop(Reason.NOT_ON_ALLOW_LIST)
    return proposal
