"""Stage: does the customer want this, and by which channel?

The customer's order of channels, else the deployment's; the first one that exists here, reaches the customer, has words
for this message, was not refused, and has not failed for this message before.
"""

from __future__ import annotations

import msgspec

from forewarn.alerts.customers import Customer
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason
from forewarn.alerts.told import reopening, turn_of


def subscription(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Chooses channel and address, or drops: `opted_out`, `no_consent`, `no_contact`.

    What follows `confirmed` prefers its channel. Only a refused channel stops a `restored` that is owed: switching the
    alert off in between does not leave a told customer without the end of the story.
    """
    person = proposal.person
    assert person is not None  # `affected` stands before
    critical = is_critical(rules.policy, proposal.kind, person)
    again = reopening(turn_of(proposal.class_))
    told = proposal.entry.message("confirmed", again) if proposal.stage != "confirmed" else None
    owed = told is not None and proposal.stage == "restored"
    chosen = person.subscription(proposal.kind)
    if chosen is not None and not chosen.enabled and not critical and not owed:
        return Drop(Reason.OPTED_OUT)
    order: list[str] = [*(chosen.channels if chosen is not None else ())] or [*rules.policy.default_channels]
    if critical:
        order += rules.policy.default_channels
    if told is not None:
        order = [told.channel, *order]
    reachable = [channel for channel in order if _reaches(rules, proposal, person, channel)]
    if not reachable:
        return Drop(Reason.NO_CONTACT)
    for channel in reachable:
        if critical or _allowed(rules.policy, proposal.kind, person, channel):
            to = person.address(channel) or ""
            return msgspec.structs.replace(proposal, channel=channel, to=to, critical=critical)
    return Drop(Reason.NO_CONSENT if proposal.kind in rules.policy.consent_kinds else Reason.OPTED_OUT)


def is_critical(policy: AlertPolicy, kind: str, person: Customer) -> bool:
    """Whether the customer cannot switch this kind off."""
    return kind in policy.critical_kinds or (person.vulnerable and kind in policy.critical_for_vulnerable)


def _reaches(rules: Rules, proposal: Proposal, person: Customer, channel: str) -> bool:
    return (
        channel in rules.policy.channels
        and person.address(channel) is not None
        and channel not in proposal.entry.failed_channels(proposal.stage, proposal.class_)
        and rules.renderer.supports(proposal.kind, proposal.stage, channel)
    )


def _allowed(policy: AlertPolicy, kind: str, person: Customer, channel: str) -> bool:
    """Service notices pass unless refused; offers and surveys only with a consent."""
    if kind in policy.consent_kinds:
        return person.consented((kind, "marketing"), channel) is True
    return person.consented((kind, "service"), channel) is not False
