"""The channel protocol: a finished message goes in, one of four answers comes out.

A channel is one file with one class. It knows its provider and nothing of incidents, retries or tables; the fold of
`alerts/delivery.py` decides what an answer means. Every channel passes one contract suite
(`tests/integration/test_channel_contract.py`). Invariant: a channel answers, it does not raise, whatever its provider
does; what it raises is a bug. Reasons hold no address and no text of a provider, which may quote one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from msgspec import Struct

from forewarn.topics.events.messages import Inbound


class Message(Struct, frozen=True):
    """One notification, ready to be handed over. Instants are epoch ms; `to` is in the channel's own form."""

    notification_id: str
    time: int
    kind: str
    stage: str
    channel: str
    to: str
    locale: str
    subject: str | None
    text: str
    html: str | None
    valid_until: int
    customer: str = ""
    incident: str = ""


class Delivered(Struct, frozen=True, tag=True):
    """The provider has taken the message. `confirmed`: it is known to be with the customer already."""

    provider_id: str | None = None
    confirmed: bool = False


class Retry(Struct, frozen=True, tag=True):
    """The message was certainly not taken; it may be later, not before `after_s` if given.

    `provider`: the provider is in trouble, not this message, so others would fare no better now.
    """

    reason: str
    after_s: float | None = None
    provider: bool = False


class Rejected(Struct, frozen=True, tag=True):
    """The message will never be taken. `bad_contact`: nor will any other to this address."""

    reason: str
    bad_contact: bool = False


class Ambiguous(Struct, frozen=True, tag=True):
    """The message was handed over and no answer came: it may or may not have been taken. `provider` as in `Retry`."""

    reason: str
    provider: bool = True


Answer = Delivered | Retry | Rejected | Ambiguous


class Send(Struct, frozen=True):
    """Effect of role deliver: hand this message over. `attempt` counts from 1."""

    message: Message
    attempt: int


class Reply(Struct, frozen=True):
    """What came of a `Send`."""

    notification_id: str
    attempt: int
    answer: Answer


#: Takes what a provider brings: the digest of the number it concerns, and the event. It returns when the event is safe
#: and raises when it is not.
Inbox = Callable[[str, Inbound], Awaitable[None]]


class Channel(Protocol):
    """A way to reach a customer."""

    @property
    def name(self) -> str:
        """The channel's word in `notifications`: `email`, `sms`, …"""

    async def send(self, message: Message) -> Answer:
        """Hands one message over, within the channel's own time-out. Safe to call concurrently."""

    async def close(self) -> None:
        """Lets go of connections."""


@runtime_checkable
class Listening(Protocol):
    """A channel whose provider brings receipts and replies by itself."""

    def listen(self, inbox: Inbox) -> None:
        """Hands in what the provider brings, from now on; the provider is told that it was taken when it is safe."""
