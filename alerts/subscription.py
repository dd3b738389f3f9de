"""Stage: does the customer want this, and on which channels?

The customer's order of channels, else the deployment's, without those that were refused. Which of them it is to be is
the next stage's to say (`channel.py`).
"""

from __future__ import annotations

import msgspec

from forewarn.alerts.customers import Customer
from forewarn.alerts.policy import AlertPolicy
from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason


def subscription(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Names the channels that may be used, in order of preference, or drops: `opted_out`, `no_consent`.

    What follows `confirmed` prefers its channel. Only a refused channel stops an end that is owed: switching the
    alert off in between does not leave a told customer without the end of the story.
    """
    person = proposal.person
    assert person is not None  # `affected` stands before
    if proposal.asked_for:  # the answer to a text goes back the way it came, be it the last one
        return msgspec.structs.replace(proposal, channels=("sms",) if person.address("sms") is not None else ())
    critical = is_critical(rules.policy, proposal.kind, person)
    told = proposal.entry.message("confirmed") if proposal.stage != "confirmed" else None
    owed = proposal.ends and (told is not None or proposal.kind != "outage")
    chosen = person.subscription(proposal.kind)
    if chosen is not None and not chosen.enabled and not critical and not owed:
        return Drop(Reason.OPTED_OUT)
    order: list[str] = [*(chosen.channels if chosen is not None else ())] or [*rules.policy.default_channels]
    if critical:
        order += rules.policy.default_channels
    if told is not None:
        order = [told.channel, *order]
    wanted = dict.fromkeys(channel for channel in order if channel)
    reaching = [channel for channel in wanted if person.address(channel) is not None]
    allowed = [c for c in reaching if critical or _allowed(rules.policy, proposal.kind, person, c)]
    if reaching and not allowed:
        return Drop(Reason.NO_CONSENT if proposal.kind in rules.policy.consent_kinds else Reason.OPTED_OUT)
    return msgspec.structs.replace(proposal, channels=tuple(allowed), critical=critical)


def is_critical(policy: AlertPolicy, kind: str, person: Customer) -> bool:
    """Whether the customer cannot switch this kind off."""
    return kind in policy.critical_kinds or (person.vulnerable and kind in policy.critical_for_vulnerable)


def _allowed(policy: AlertPolicy, kind: str, person: Customer, channel: str) -> bool:
    """Service notices pass unless refused; offers and surveys only with a consent."""
    if kind in policy.consent_kinds:
        return person.consented((kind, "marketing"), channel) is True
    return person.consented((kind, "service"), channel) is not False
