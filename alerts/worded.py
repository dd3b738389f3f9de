"""Stage: the words, in the customer's language and local time."""

from __future__ import annotations

import msgspec

from forewarn.alerts.proposal import Drop, Proposal, Rules


def worded(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Renders the message for the channel that `subscription` chose."""
    person, channel = proposal.person, proposal.channel
    assert person is not None  # `affected` stands before
    assert channel is not None  # and so does `subscription`
    rendered = rules.renderer.render(
        kind=proposal.kind,
        stage=proposal.stage,
        channel=channel,
        locale=person.locale,
        time_zone=person.time_zone,
        context=proposal.context,
    )
    return msgspec.structs.replace(proposal, rendered=rendered)
