"""Stage: may this deployment send yet? `shadow` sends nothing, `allow-list` only to listed customers, `live` to all.

It stands last, so that the ledger shows what would have been sent. The marketing gate asks the same: what it approves
is sent by others.
"""

from __future__ import annotations

from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Drop, Mode, Proposal, Rules
from forewarn.alerts.reasons import Reason


def rollout(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Drops with `shadow` or `not_on_allow_list`."""
    reason = withheld(rules.mode, rules.policy, proposal.customer)
    return Drop(reason) if reason is not None else proposal


def withheld(mode: Mode, policy: AlertPolicy, customer: str) -> Reason | None:
    """Why this deployment sends nothing to the customer yet; None when it does."""
    if mode == "shadow":
        return Reason.SHADOW
    return Reason.NOT_ON_ALLOW_LIST if mode == "allow-list" and customer not in policy.allow_list else None
