"""Stage: is it night for the customer? What is not critical waits for the morning.

    22:00          23:10 confirmed        03:40 restored        07:00
    ──┬──────────────┬──────────────────────┬─────────────────────┬──>
      └─ quiet ──── waits ─────────────── told neither ───────────┘

In the customer's own zone and by their own hours, else the deployment's. Nothing is skipped: what waited is judged
anew when the hours end, and dropped there when it is stale; an end that is owed is told then.
"""

from __future__ import annotations

from forewarn.alerts.curfew import curfew
from forewarn.alerts.local_hours import ends, zone_of
from forewarn.alerts.proposal import Defer, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.topics.instants import to_rfc3339


def quiet_hours(rules: Rules, proposal: Proposal) -> Proposal | Defer:
    """Defers to the end of the customer's quiet hours, or of a regulator's; critical messages pass."""
    person = proposal.person
    assert person is not None  # `affected` stands before
    hours = person.quiet_hours or rules.policy.quiet_hours
    if (hours is None and not rules.packs) or proposal.critical or proposal.asked_for:
        return proposal
    zone = zone_of(person.time_zone, rules.policy.default_time_zone)
    until = curfew(rules.packs, proposal.kind, proposal.channel or "", zone, proposal.now)
    end = ends(hours, zone, proposal.now) if hours is not None else 0
    if until > end:
        return Defer(Reason.SOLICITATION_HOURS, until=until, evidence={"until": to_rfc3339(until)})
    if hours is None or not end:
        return proposal
    evidence = {"quiet_hours": f"{hours.start}-{hours.end}", "until": to_rfc3339(end)}
    return Defer(Reason.QUIET_HOURS, until=end, evidence=evidence)
