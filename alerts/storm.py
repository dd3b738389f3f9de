"""Stage: do so many have to be told that all at once would drown the channels?

Where a channel has a rate, each customer waits for a slot of it (`pace.py`): vulnerable customers first, then
businesses, then all others. Usage notices wait for nobody. That only large moves of the time of restoration are told in
a storm is `materiality`'s.
"""

from __future__ import annotations

from forewarn.alerts.proposal import Defer, Proposal, Rules
from forewarn.alerts.reasons import Reason

#: Kinds that reach very many customers at one time.
BULK = frozenset({"outage", "maintenance"})


def storm(rules: Rules, proposal: Proposal) -> Proposal | Defer:
    """Defers what its channel has no room for to the slot that it is given; critical messages pass."""
    if proposal.kind not in BULK:
        return proposal
    known = proposal.entry.message(proposal.stage, proposal.class_)
    if known is not None and known.reason == Reason.STORM and known.due:
        return proposal if known.due <= proposal.now else Defer(Reason.STORM, known.due)
    slot = proposal.slots.get(proposal.channel or "", 0)
    if slot <= proposal.now or proposal.critical:
        return proposal
    return Defer(Reason.STORM, slot, {"channel": proposal.channel, "drain_s": (slot - proposal.now) / 1000})
