"""What answers the roles' requests in a replay: nothing is sent, and every message counts as delivered at once."""

from __future__ import annotations

from collections.abc import Mapping

from forewarn.alerts.channels.null import NullChannel
from forewarn.alerts.channels.protocol import Reply, Send
from forewarn.stream.replay.station import Answer

_channel = NullChannel("null")


def _delivered(request: Send, now: int) -> Reply:
    return Reply(request.message.notification_id, request.attempt, _channel.answer(request.message))


def null_answers() -> Mapping[str, Answer]:
    """Role -> what answers its effects. Only deliver has any."""
    return {"deliver": _delivered}
