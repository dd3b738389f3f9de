"""The null channel: for replay and shadow runs. It takes everything, reaches nobody, and answers at once."""

from __future__ import annotations

from forewarn.alerts.channels.protocol import Answer, Delivered, Message


class NullChannel:
    """Answers `Delivered` for every message."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def send(self, message: Message) -> Answer:
        """Delivered, known to be with the customer, without a provider's id."""
        return self.answer(message)

    def answer(self, message: Message) -> Answer:
        """The same without a task, for a replay that drives time itself."""
        return Delivered(confirmed=True)

    async def close(self) -> None:
        """Nothing to let go of."""
