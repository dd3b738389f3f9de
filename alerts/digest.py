"""Stage: does another message say this, too? Several for one customer within the group wait become one.

Of several thresholds of one bucket and cycle the highest is told. Of several outages that are told at one time the
first message names all places; the others are dropped, and told by themselves, a group wait later, only when they
outlast the one that was told.
"""

from __future__ import annotations

from forewarn.alerts.policy import ms
from forewarn.alerts.proposal import Defer, Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason

#: From this threshold on, running out is no forecast any more.
NEARLY_PERCENT = 80


def digest(rules: Rules, proposal: Proposal) -> Proposal | Drop | Defer:
    """Drops what is said by another message, `digested`; defers what outlasted it."""
    if proposal.kind == "usage":
        return _highest(proposal)
    if proposal.kind != "outage" or proposal.stage != "confirmed":
        return proposal
    if proposal.lead:
        return Drop(Reason.DIGESTED, {"with": proposal.lead})
    known = proposal.entry.message(proposal.stage, proposal.class_)
    if known is None or known.reason != Reason.DIGESTED:
        return proposal
    on = [e.incident for e in proposal.entries if e.incident != proposal.incident and e.kind == "outage"]
    leads = [e.incident for e in proposal.entries if e.incident in on and e.awaits_end]
    if leads:
        return Drop(Reason.DIGESTED, {"with": leads[0]})
    until = known.due or proposal.now + ms(rules.policy.group_wait_s)
    return Defer(Reason.DIGESTED, until) if until > proposal.now else proposal


def _highest(proposal: Proposal) -> Proposal | Drop:
    """Drops a threshold, or a share of a limit, when a higher one of the cycle is told, or waits.

    A forecast is dropped when a threshold says that the allowance is nearly used up.
    """
    if proposal.stage == "forecast":
        return _foreseen(proposal)
    percent = _percent(proposal.class_)
    said = [m for m in proposal.entry.messages if m.stage == proposal.stage and (m.owed or m.deferred)]
    top = max((_percent(message.class_) for message in said), default=0.0)
    return Drop(Reason.DIGESTED, {"with": top}) if top > percent > 0 else proposal


def _foreseen(proposal: Proposal) -> Proposal | Drop:
    said = [m for m in proposal.entry.messages if m.stage == "threshold" and (m.owed or m.deferred)]
    top = max((_percent(message.class_) for message in said), default=0.0)
    return Drop(Reason.DIGESTED, {"with": top}) if top >= NEARLY_PERCENT else proposal


def _percent(class_: str | None) -> float:
    """The percentage that a class names; 0 for a class that names none."""
    try:
        return float(class_ or 0)
    except ValueError:
        return 0.0
