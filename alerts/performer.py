"""The performer: role deliver's hands. It takes a `Send` to its channel and brings the `Reply` back.

Invariant: it is called only for attempts that are committed, and makes each exactly once; whether to try again is the
fold's to decide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from forewarn.alerts.channels.protocol import Answer, Channel, Inbox, Listening, Message, Rejected, Reply, Send
from forewarn.stream.engine import crash

#: Told of each attempt: the message, the answer, seconds it took.
Observer = Callable[[Message, Answer, float], None]


class Performer:
    """Performs the effects of role deliver by the channels of this deployment."""

    def __init__(self, channels: Iterable[Channel], observe: Observer = lambda message, answer, seconds: None) -> None:
        self.channels = {channel.name: channel for channel in channels}
        self.observe = observe

    async def perform(self, request: Send) -> Reply:
        """Hands one message over and waits for the answer. A message for a channel that is not set up is rejected."""
        crash.point("deliver.attempt")
        started = time.monotonic()
        message = request.message
        channel = self.channels.get(message.channel)
        answer = await channel.send(message) if channel is not None else Rejected("no such channel is set up")
        self.observe(message, answer, time.monotonic() - started)
        crash.point("deliver.sent")
        return Reply(message.notification_id, request.attempt, answer)

    def listen(self, inbox: Inbox) -> None:
        """From now on what providers bring is handed in."""
        for channel in self.channels.values():
            if isinstance(channel, Listening):
                channel.listen(inbox)

    async def close(self) -> None:
        """Closes all channels."""
        for channel in self.channels.values():
            await channel.close()
