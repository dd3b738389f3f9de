"""Stage: by which of the channels that the customer wants does the message get through now?

    wanted channels, in order ──> has words here, reaches the customer, has not failed ──> works now ──> the first
                                                                                      └─> none does: the first anyway

A message about a broken line must not be sent over it: with the mobile service out, a text waits until it is back and
e-mail arrives over the fixed line; with the fixed line out it is the other way round. What carries a channel:

    channel   works unless
    ───────   ─────────────────────────────────────────────────────────────────────────────────────────────
    sms       every mobile service of the customer is out
    email     every fixed service is out (a mailbox is read at home; who has mobile service gets the text)
    push      every mobile service is out, and no fixed one works (it needs the phone, and any data)
    inapp     as push
    webhook   never: it goes from server to server

An address that is known to be bad is left out; of a critical message it is the last resort. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from forewarn.alerts.proposal import Drop, Proposal, Rules
from forewarn.alerts.reasons import Reason

#: Why a channel that the customer wants was passed over, as the decision's evidence says it.
FAILED, BAD_CONTACT, OUT, NOT_HERE = "failed", "bad_contact", "out", "not_here"


def channel(rules: Rules, proposal: Proposal) -> Proposal | Drop:
    """Chooses channel and address, or drops: `no_contact`, `bad_contact`. Channels passed over become evidence."""
    assert proposal.person is not None  # `affected` stands before
    kinds = frozenset(service.kind for service in proposal.person.services) if proposal.out else frozenset[str]()
    hindrances = {name: _hindrance(rules, proposal, name, kinds) for name in proposal.channels}
    usable = [name for name, hindrance in hindrances.items() if hindrance in (None, OUT)]
    last_resorts = [name for name, hindrance in hindrances.items() if hindrance == BAD_CONTACT]
    if not usable and not (proposal.critical and last_resorts):
        return Drop(Reason.BAD_CONTACT if last_resorts else Reason.NO_CONTACT)
    chosen = min(usable, key=lambda name: hindrances[name] is not None) if usable else last_resorts[0]
    return msgspec.structs.replace(
        proposal,
        channel=chosen,
        to=proposal.person.address(chosen) or "",
        evidence=proposal.evidence | _passed_over(hindrances, chosen),
    )


def works(name: str, services: frozenset[str], out: frozenset[str]) -> bool:
    """Whether a channel gets through, by the kinds of service that a customer has, and those that are out."""
    mobile, fixed = "mobile" in out, "fixed" in out
    if name == "sms":
        return not mobile
    if name == "email":
        return not fixed
    if name in ("push", "inapp"):
        return not mobile or ("fixed" in services and not fixed)
    return True


def _hindrance(rules: Rules, proposal: Proposal, name: str, kinds: frozenset[str]) -> str | None:
    """What stands against a channel; None when nothing does. `kinds`: of service that the customer has."""
    if name not in rules.channels or not rules.renderer.supports(proposal.kind, proposal.stage, name):
        return NOT_HERE
    if name in proposal.entry.failed_channels(proposal.stage, proposal.class_):
        return FAILED
    if name in proposal.bad_contacts:
        return BAD_CONTACT
    return None if works(name, kinds, proposal.out) else OUT


def _passed_over(hindrances: Mapping[str, str | None], chosen: str) -> dict[str, dict[str, str]]:
    """The evidence of a choice: what stood against other channels that the customer wants."""
    if not any(hindrances.values()):
        return {}
    passed = {name: reason for name, reason in hindrances.items() if reason is not None and name != chosen}
    first = list(hindrances)[: list(hindrances).index(chosen)]
    passed = {name: reason for name, reason in passed.items() if reason != NOT_HERE or name in first}
    return {"passed_over": passed} if passed else {}
