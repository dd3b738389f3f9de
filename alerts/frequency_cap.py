"""Stage: has the customer been told enough for now? Of rolling windows by kind, channel and in all, the tightest wins.

What is urgent passes, and counts all the same (unless the policy says otherwise): critical messages, the kinds that the
policy exempts, and the end of what was told. What is held back waits until there is room, and is judged anew then.
"""

from __future__ import annotations

from forewarn.alerts.caps import full
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Defer, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.topics.instants import to_rfc3339


def frequency_cap(rules: Rules, proposal: Proposal) -> Proposal | Defer:
    """Defers to the instant at which every cap has room for the message."""
    if exempt(rules.policy, proposal) or not rules.policy.caps:
        return proposal
    found = full(rules.policy.caps, proposal.spent, proposal.kind, proposal.channel or "", proposal.now)
    if found is None:
        return proposal
    cap = found.cap
    evidence = {"cap": cap.name, "count": found.count, "limit": cap.limit, "window_s": cap.window_s}
    return Defer(Reason.FREQUENCY_CAP, until=found.until, evidence=evidence | {"until": to_rfc3339(found.until)})


def exempt(policy: AlertPolicy, proposal: Proposal) -> bool:
    """Whether the message passes whatever was sent before."""
    if proposal.asked_for:
        return True
    return proposal.critical or proposal.kind in policy.uncapped_kinds or proposal.ends


def counts(policy: AlertPolicy, proposal: Proposal) -> bool:
    """Whether the message takes a place in the caps."""
    return policy.uncapped_count or not exempt(policy, proposal)
