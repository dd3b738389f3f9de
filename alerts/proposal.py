"""A message that is considered for one customer, on its way through the stages of `pipeline.py`.

Each stage returns the proposal, perhaps with more filled in (`channel`, `to`, `rendered`), or a `Drop` with a reason.
Everything a stage judges by is in the proposal: stages read no state.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import inf
from typing import Any, Literal

from msgspec import Struct

from forewarn.alerts.caps import Spent
from forewarn.alerts.contexts import Context
from forewarn.alerts.customers import Customer
from forewarn.alerts.incidents import Incident
from forewarn.alerts.policy import CHANNELS, AlertPolicy
from forewarn.alerts.reasons import Reason
from forewarn.alerts.render import Rendered, Renderer
from forewarn.alerts.told import Entry
from forewarn.stream.regulator.pack import Pack
from forewarn.stream.usage.offer import Catalogue
from forewarn.topics.events.customers import Service

Mode = Literal["shadow", "allow-list", "live"]

#: (kind, stage) that say the end of something: they go to those who were told of it, whatever they chose since.
ENDS = frozenset({("outage", "restored"), ("maintenance", "completed"), ("maintenance", "cancelled")})


class Rules(Struct, frozen=True):
    """What is constant for all proposals of a partition: policy, its hash, the mode, the words, and the channels.

    `partitions`: how many there are, for what is shared among them; `share`: the customers of one outage that each
    tells without waiting for the sum over all. `packs`: the regulators' rules in force. `offers`: what is for sale.
    """

    policy: AlertPolicy
    hash: str
    mode: Mode
    renderer: Renderer
    channels: tuple[str, ...] = CHANNELS
    partitions: int = 1
    share: float = inf
    packs: tuple[Pack, ...] = ()
    offers: Catalogue = Catalogue()


class Proposal(Struct, frozen=True, kw_only=True):
    """One message for one customer at `now` (epoch ms).

    `entry` is what the customer was told of this incident, `entries` of all. For an outage or a work: `broken` are the
    customer's services on elements of its set, `working` those on elements of no confirmed outage, nor of the work.
    `out`: the kinds of service of which the customer has none that works. `bad_contacts`: channels whose address was
    found not to work. `channels`: those the customer wants, in order; `channel` None = not chosen. `asked_for`: it
    answers a text of the customer's. `spent`: what counts toward the caps. `promise` is the time (epoch ms) by which
    the message says service is back, 0 if it names none. `lead`: the outage whose message, just sent, tells of this
    one, too. `slots`: when (epoch ms) each channel that has a rate takes one more message.
    """

    kind: str
    stage: str
    incident: str
    customer: str
    now: int
    context: Context
    valid_until: int
    evidence: dict[str, Any]
    entry: Entry
    class_: str | None = None
    person: Customer | None = None
    entries: tuple[Entry, ...] = ()
    outage: Incident | None = None
    broken: tuple[Service, ...] = ()
    working: tuple[Service, ...] = ()
    out: frozenset[str] = frozenset()
    bad_contacts: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()
    spent: tuple[Spent, ...] = ()
    paused: bool = False
    critical: bool = False
    asked_for: bool = False
    promise: int = 0
    lead: str = ""
    slots: dict[str, int] = {}
    channel: str | None = None
    to: str = ""
    rendered: Rendered | None = None

    @property
    def ends(self) -> bool:
        """Whether it is the end of what the customer was told."""
        return (self.kind, self.stage) in ENDS

    @property
    def id(self) -> str:
        """The notification's id, as far as the channel is known."""
        return notification_id(self.kind, self.incident, self.customer, self.stage, self.class_, self.channel)


class Drop(Struct, frozen=True):
    """A stage's refusal, and what it rests on (the rule's own figures, for the ledger)."""

    reason: Reason
    evidence: dict[str, Any] = {}


class Defer(Struct, frozen=True):
    """A stage's wish to be asked again at `until` (epoch ms; 0: when its reason is gone, as an operator says)."""

    reason: Reason
    until: int = 0
    evidence: dict[str, Any] = {}


@lru_cache(maxsize=64)  # a message asks for its id once for each thing written about it
def notification_id(
    kind: str, incident: str, customer: str, stage: str, class_: str | None, channel: str | None
) -> str:
    """Hash of what makes a message unique: no clock, no attempt. 32 hex characters."""
    return digest(kind, incident, customer, stage, class_ or "", channel or "")


def digest(*parts: str) -> str:
    """32 hex characters that stand for these texts, in this order; each is hashed with its length."""
    return hashed(sized(*parts))


def sized(*parts: str) -> bytes:
    """What `digest` hashes of these texts."""
    return b"".join([b"%d:%s" % (len(raw), raw) for raw in map(str.encode, parts)])


def hashed(sized_parts: bytes) -> str:
    """The digest of texts that are `sized` already."""
    return hashlib.blake2b(sized_parts, digest_size=16).hexdigest()
