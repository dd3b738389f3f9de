"""Messages to customers: marketing requests, notifications, their log, receipts, and the ledger of decisions."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from forewarn.topics.instants import Instant


class MarketingRequest(Struct, frozen=True, omit_defaults=True):
    """A campaign asks to contact a customer (`marketing.requests`, key = customer)."""

    request_id: str
    time: Instant
    campaign: str
    channel: str
    priority: int | float = 0
    expires: Instant | None = None
    content: Any = None
    customer: str | None = None


class MarketingAnswer(Struct, frozen=True, omit_defaults=True):
    """The gate's answer (`marketing.approved`, `marketing.held`): the request's own fields travel with it."""

    request_id: str
    time: str
    campaign: str
    channel: str
    decided: str
    reason: str
    final: bool
    priority: int | float = 0
    expires: str | None = None
    content: Any = None
    customer: str | None = None
    review_at: str | None = None
    valid_until: str | None = None


class Notification(Struct, frozen=True, omit_defaults=True, rename={"class_": "class"}):
    """One rendered message, to be sent now (`notifications`, key = customer). Instants are RFC 3339 text."""

    notification_id: str
    time: str
    kind: str
    stage: str
    incident: str
    channel: str
    to: str
    locale: str
    text: str
    valid_until: str
    critical: bool
    class_: str | None = None
    subject: str | None = None
    html: str | None = None


class NotificationLog(Struct, frozen=True, omit_defaults=True):
    """One attempt or outcome (`notifications.log`, key = customer).

    `retry_at` stands with `failed` only, and means that this attempt failed but another follows; without it `failed` is
    the end. `bad_contact` stands with `failed`: it is the address that does not work; nothing should be sent there.
    """

    notification_id: str
    time: Instant
    channel: str
    outcome: Literal["attempt", "sent", "delivered", "failed", "bounced", "expired", "ambiguous", "superseded"]
    attempt: int
    provider_id: str | None = None
    error: str | None = None
    retry_at: Instant | None = None
    bad_contact: bool = False


class Receipt(Struct, frozen=True, omit_defaults=True):
    """A delivery receipt from a provider (`delivery.receipts`, key = customer)."""

    notification_id: str
    time: Instant
    channel: str
    status: Literal["delivered", "failed", "bounced", "complained", "expired"]
    provider_id: str | None = None
    error: str | None = None


class Decision(Struct, frozen=True, omit_defaults=True):
    """Why something was, or was not, sent (`decisions`, key = customer)."""

    decision_id: str
    time: str
    subject: Literal["notification", "marketing"]
    subject_id: str
    kind: str
    outcome: Literal["sent", "deferred", "dropped", "held", "approved"]
    reason: str
    policy: str
    stage: str | None = None
    incident: str | None = None
    channel: str | None = None
    rule: str | None = None
    evidence: Any = None


class CustomerAnswer(Struct, frozen=True, omit_defaults=True):
    """What a customer answered to what they were asked (`customers.answers`, key = customer).

    It reads like the row of a decision: `subject_id` is the message that asked, or the reply where nobody asked. None
    holds the text.
    """

    answer_id: str
    time: str
    subject: Literal["notification"]
    subject_id: str
    kind: str
    stage: str
    outcome: Literal["answered"]
    reason: str
    policy: str
    incident: str | None = None
    channel: str | None = None
    rule: str | None = None
    evidence: Any = None


class Standing(Struct, frozen=True, omit_defaults=True):
    """What may be said to a customer now (`customers.standing`, key = customer, compacted)."""

    customer: str
    as_of: str
    outages: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    held_until: str | None = None
    last_decision: str | None = None


class Control(Struct, frozen=True, omit_defaults=True):
    """Internal: pause or resume sending (`control`, key = kind or `*`, compacted), to every customer partition."""

    kind: str
    paused: bool
    time: int
    author: str


class Progress(Struct, frozen=True, omit_defaults=True):
    """Internal: how far a customer partition is (`progress`, key = `<role>/<partition>`, compacted).

    `behind`: an outage has changed, and rows of `customers.standing` do not all say so yet. `paused`: kinds of which an
    operator has stopped the sending, `*` for all.
    """

    role: str
    partition: int
    tick: int
    event_time: int
    behind: bool = False
    paused: tuple[str, ...] = ()


class Handed(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="handed"):
    """Internal: a message was handed over, and receipts are to come for these ids (`delivery.inbound`).

    `time` is when, `until` how long they are waited for (epoch ms).
    """

    notification_id: str
    customer: str
    channel: str
    provider_ids: tuple[str, ...]
    time: int
    until: int


class Returned(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="returned"):
    """Internal: a provider's receipt for one of its ids (`delivery.inbound`); `time` in epoch ms."""

    provider_id: str
    time: int
    status: Literal["delivered", "failed", "bounced", "expired"]
    error: str | None = None


class Said(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="said"):
    """Internal: what somebody wrote back (`delivery.inbound`); `time` in epoch ms."""

    id: str
    time: int
    channel: str
    text: str


class Forgotten(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="forgotten"):
    """Internal: a customer was deleted (`delivery.inbound`, key = the customer, and the digest of their number).

    `time` is epoch ms.
    """

    customer: str
    time: int


Inbound = Handed | Returned | Said | Forgotten
